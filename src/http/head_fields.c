/* Field lines: each is read once, checked byte by byte, and its name is looked up in fields.def. */
#include "http/bytes.h"
#include "http/head_parts.h"

struct known_field {
	const char *name;
	uint8_t n;
	bool hop;
};

static const struct known_field known_fields[HTTP_FIELD_COUNT] = {
#define FIELD(id, name, hop) [HTTP_FIELD_##id] = {name, sizeof(name) - 1, hop},
#include "http/fields.def"
#undef FIELD
};

enum { KNOWN_NAME_MAX = 31 };

/* The last row whose name has this length, or 0: of the rows with one length the last one wins here, and the others
 * stand right in front of it. */
#pragma GCC diagnostic push
#ifdef __clang__
#pragma GCC diagnostic ignored "-Winitializer-overrides"
#else
#pragma GCC diagnostic ignored "-Woverride-init"
#endif
static const uint8_t known_last[KNOWN_NAME_MAX + 1] = {
#define FIELD(id, name, hop) [sizeof(name) - 1] = HTTP_FIELD_##id,
#include "http/fields.def"
#undef FIELD
};
#pragma GCC diagnostic pop

/* Case does not matter: among the letters, digits and '-' of our names on one side and bytes that are no control
 * characters on the other, only the two cases of a letter differ in nothing but bit 5. */
static inline bool known_name_equal(const char *name, const char *known, size_t n)
{
	const uint64_t but_case = http_bytes_of(0xdf);
	if (n >= 8) {
		uint64_t differ = http_bytes_load(name + n - 8) ^ http_bytes_load(known + n - 8);
		for (size_t i = 0; i + 8 < n; i += 8)
			differ |= http_bytes_load(name + i) ^ http_bytes_load(known + i);
		return !(differ & but_case);
	}
	unsigned differ = 0;
	for (size_t i = 0; i < n; i++)
		differ |= (unsigned char)name[i] ^ (unsigned char)known[i];
	return !(differ & 0xdf);
}

enum http_field_id head_field_id(const char *name, size_t n)
{
	if (n > KNOWN_NAME_MAX)
		return HTTP_FIELD_OTHER;
	unsigned id = known_last[n];
	for (; id && known_fields[id].n == n; id--)
		if (known_name_equal(name, known_fields[id].name, n))
			return (enum http_field_id)id;
	return HTTP_FIELD_OTHER;
}

static inline enum http_error fields_add(
	struct http_fields *fields, struct head_index *index, enum http_field_id id, struct str name, struct str value)
{
	if (fields->count == fields->capacity)
		return HTTP_ERROR_TOO_MANY_FIELDS;
	uint64_t bit = UINT64_C(1) << id;
	if (index->seen & bit)
		index->repeated |= bit;
	else
		index->first[id] = fields->count;
	index->seen |= bit;
	fields->at[fields->count++] = (struct http_field){name, value, id, known_fields[id].hop};
	return HTTP_ERROR_NONE;
}

/* The first byte of [p, end) that is no token character. */
static const char *fields_token_end(const char *p, const char *end)
{
	while (p < end && http_byte_is_token(*p))
		p++;
	return p;
}

/* NAME ":" OWS VALUE OWS CR LF. A name that is known need not be checked byte by byte. */
static enum http_error fields_read_line(
	struct http_fields *fields, struct head_index *index, const char **at, const char *end)
{
	const char *name = *at, *p = http_find_name_end(name, end);
	size_t name_n = (size_t)(p - name);
	enum http_field_id id = p < end && *p == ':' ? head_field_id(name, name_n) : HTTP_FIELD_OTHER;
	if (!id) {
		p = fields_token_end(name, end);
		if (p == name || p == end || *p != ':') {
			*at = p;
			return http_byte_is_blank(*name) ? HTTP_ERROR_FOLDED : HTTP_ERROR_FIELD_NAME;
		}
	}
	p++;
	while (p < end && http_byte_is_blank(*p))
		p++;
	const char *value = p, *stop = http_find_value_end(p, end);
	if (stop + 1 >= end || stop[0] != '\r' || stop[1] != '\n') {
		*at = stop;
		return stop < end && (*stop == '\r' || *stop == '\n') ? HTTP_ERROR_LINE_END : HTTP_ERROR_FIELD_VALUE;
	}
	const char *value_end = stop;
	while (value_end > value && http_byte_is_blank(value_end[-1]))
		value_end--;
	enum http_error error =
		fields_add(fields, index, id, str_make(name, name_n), str_make(value, (size_t)(value_end - value)));
	if (!error)
		*at = stop + 2;
	return error;
}

enum http_error head_read_fields(struct http_fields *fields, struct head_index *index, const char **at, const char *end)
{
	index->seen = index->repeated = 0;
	fields->count = 0;
	while (*at < end && **at != '\r') {
		enum http_error error = fields_read_line(fields, index, at, end);
		if (error)
			return error;
	}
	if (end - *at < 2 || (*at)[1] != '\n')
		return HTTP_ERROR_LINE_END;
	*at += 2;
	return HTTP_ERROR_NONE;
}

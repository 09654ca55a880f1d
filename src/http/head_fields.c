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

static inline uint32_t known_load4(const char *p)
{
	uint32_t word;
	memcpy(&word, p, sizeof word);
	return word;
}

/* Case does not matter: among the letters, digits and '-' of our names on one side and bytes that are no control
 * characters on the other, only the two cases of a letter differ in nothing but bit 5. */
static inline bool known_name_equal(const char *name, const char *known, size_t n)
{
	uint64_t differ = 0;
	if (n >= 8) {
		differ = http_bytes_load(name + n - 8) ^ http_bytes_load(known + n - 8);
		for (size_t i = 0; i + 8 < n; i += 8)
			differ |= http_bytes_load(name + i) ^ http_bytes_load(known + i);
	} else if (n >= 4) {
		differ = known_load4(name) ^ known_load4(known);
		differ |= known_load4(name + n - 4) ^ known_load4(known + n - 4);
	} else {
		for (size_t i = 0; i < n; i++)
			differ |= (uint64_t)((unsigned char)name[i] ^ (unsigned char)known[i]);
	}
	return !(differ & http_bytes_of(0xdf));
}

static inline enum http_field_id fields_name_id(const char *name, size_t n)
{
	if (n > KNOWN_NAME_MAX)
		return HTTP_FIELD_OTHER;
	unsigned id = known_last[n];
	for (; id && known_fields[id].n == n; id--)
		if (known_name_equal(name, known_fields[id].name, n))
			return (enum http_field_id)id;
	return HTTP_FIELD_OTHER;
}

enum http_field_id head_field_id(const char *name, size_t n)
{
	return fields_name_id(name, n);
}

/* The first byte of [p, end) that is no token character. */
static const char *fields_token_end(const char *p, const char *end)
{
	while (p < end && http_byte_is_token(*p))
		p++;
	return p;
}

/* The same for a name of n bytes with a ':' behind it. */
static inline const char *fields_token_stop(const char *p, size_t n, const char *end, bool *underscores)
{
#ifdef __SSE2__
	if (n <= 16 && end - p >= 16 && http_bytes16_are_plain(p, n))
		return p + n;
#endif
	*underscores |= memchr(p, '_', n) != NULL;
	while (http_byte_is_token(*p))
		p++;
	return p;
}

/* NAME ":" OWS VALUE OWS CR LF. A name that is known need not be checked byte by byte. *at: the line, and then the next
 * one, or the fault. */
static inline enum http_error fields_read_line(
	struct http_field *field, const char **at, const char *end, bool *underscores)
{
	const char *name = *at, *p = http_find_name_end(name, end);
	bool whole = p < end && *p == ':';
	field->name = str_make(name, (size_t)(p - name));
	field->id = whole ? fields_name_id(name, field->name.n) : HTTP_FIELD_OTHER;
	if (!field->id) {
		const char *stop =
			whole ? fields_token_stop(name, field->name.n, end, underscores) : fields_token_end(name, p);
		if (!whole || stop != p || p == name) {
			*at = stop;
			return http_byte_is_blank(*name) ? HTTP_ERROR_FOLDED : HTTP_ERROR_FIELD_NAME;
		}
	}
	p++;
	if (p < end && *p == ' ')
		p++;
	while (p < end && http_byte_is_blank(*p))
		p++;
	const char *value = p, *stop = http_find_value_end(p, end);
	if (end - stop < 2 || stop[0] != '\r' || stop[1] != '\n') {
		*at = stop;
		return stop < end && (*stop == '\r' || *stop == '\n') ? HTTP_ERROR_LINE_END : HTTP_ERROR_FIELD_VALUE;
	}
	*at = stop + 2;
	while (stop > value && http_byte_is_blank(stop[-1]))
		stop--;
	field->value = str_make(value, (size_t)(stop - value));
	field->drop = known_fields[field->id].hop;
	return HTTP_ERROR_NONE;
}

enum http_error head_read_fields(struct http_fields *fields, struct head_index *index, const char **at, const char *end)
{
	const char *line = *at;
	struct http_field *field = fields->at, *last = field + fields->capacity;
	uint64_t seen = 0, repeated = 0;
	bool underscores = false;
	enum http_error error = HTTP_ERROR_NONE;
	for (; line < end && *line != '\r'; field++) {
		error = field == last ? HTTP_ERROR_TOO_MANY_FIELDS : fields_read_line(field, &line, end, &underscores);
		if (error)
			break;
		uint64_t bit = UINT64_C(1) << field->id;
		if (!(seen & bit))
			index->first[field->id] = (uint32_t)(field - fields->at);
		repeated |= seen & bit;
		seen |= bit;
	}
	fields->count = (uint32_t)(field - fields->at);
	index->seen = seen;
	index->repeated = repeated;
	index->underscores = underscores;
	if (!error && (end - line < 2 || line[1] != '\n'))
		error = HTTP_ERROR_LINE_END;
	*at = error ? line : line + 2;
	return error;
}

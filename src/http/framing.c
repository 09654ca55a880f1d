/* How long a body is: one decision for each message, made here (RFC 9112 6.1 to 6.3), without repairs. Two fields of a
 * kind, lists, other codings, both fields at once: refused, because somebody behind us may read them otherwise. */
#include "http/head_parts.h"

/* Far below what any counter of bytes may overflow at. */
static const uint64_t framing_length_max = UINT64_C(1) << 62;

bool head_is_chunked_twice(const struct http_fields *fields)
{
	unsigned count = 0;
	for (uint32_t i = 0; i < fields->count; i++) {
		struct str list = fields->at[i].value, coding;
		if (fields->at[i].id != HTTP_FIELD_TRANSFER_ENCODING)
			continue;
		if (!list.n)
			return false;
		while (str_next_element(&list, &coding))
			if (!str_equal_nocase(coding, str_of("chunked")) || ++count > 2)
				return false;
	}
	return count == 2;
}

enum http_error head_decide_framing(struct http_framing *framing, const struct http_fields *fields,
	const struct head_index *index, uint8_t minor, const char **at)
{
	*framing = (struct http_framing){.kind = HTTP_BODY_NONE};
	bool length = head_has(index, HTTP_FIELD_CONTENT_LENGTH);
	if (head_has(index, HTTP_FIELD_TRANSFER_ENCODING)) {
		const struct http_field *coding = head_first(fields, index, HTTP_FIELD_TRANSFER_ENCODING);
		*at = coding->value.p;
		if (length)
			return HTTP_ERROR_LENGTH_AND_CODING;
		if (minor == 0)
			return HTTP_ERROR_CODING_VERSION;
		if (head_has_repeated(index, HTTP_FIELD_TRANSFER_ENCODING) ||
			!str_equal_nocase(coding->value, str_of("chunked")))
			return HTTP_ERROR_TRANSFER_CODING;
		framing->kind = HTTP_BODY_CHUNKED;
		return HTTP_ERROR_NONE;
	}
	if (!length)
		return HTTP_ERROR_NONE;
	const struct http_field *field = head_first(fields, index, HTTP_FIELD_CONTENT_LENGTH);
	*at = field->value.p;
	if (head_has_repeated(index, HTTP_FIELD_CONTENT_LENGTH) ||
		!str_to_u64(field->value, framing_length_max, &framing->length))
		return HTTP_ERROR_CONTENT_LENGTH;
	framing->kind = HTTP_BODY_LENGTH;
	return HTTP_ERROR_NONE;
}

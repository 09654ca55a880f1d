/* The strict reader of a connection; see the header. */
#include "support/http_stream.h"

static void stream_begin_body(struct http_stream *s, struct http_framing framing)
{
	s->framing = framing.kind;
	s->left = framing.length;
	s->chunked = (struct http_chunked){0};
	s->body = framing.kind == HTTP_BODY_CHUNKED || framing.kind == HTTP_BODY_UNTIL_CLOSE ||
		  (framing.kind == HTTP_BODY_LENGTH && framing.length);
}

static bool stream_has_field(const struct http_fields *fields, const char *name, const char *value)
{
	const struct http_field *field = http_fields_find_name(fields, str_of(name));
	return field && str_equal(field->value, str_of(value));
}

static const char *stream_read_request(struct http_stream *s, size_t end)
{
	struct http_field fields[HTTP_STREAM_FIELDS];
	struct http_request request = {
		.connect_allowed = true, .fields = {.at = fields, .capacity = HTTP_STREAM_FIELDS}};
	size_t at;
	enum http_error error = http_parse_request(&request, s->head, end, &at);
	if (error)
		return http_error_word(error);
	if (request.minor != 1)
		return "a version that is not the proxy's";
	if (!stream_has_field(&request.fields, "X-Forwarded-For", "127.0.0.1"))
		return "the proxy's own field is missing";
	/* Whether it became a tunnel, only the exchange knows. */
	s->unknowable = request.upgrade || request.method == HTTP_METHOD_CONNECT;
	stream_begin_body(s, request.framing);
	return NULL;
}

static const char *stream_read_response(struct http_stream *s, size_t end)
{
	struct http_field fields[HTTP_STREAM_FIELDS];
	struct http_response response = {.fields = {.at = fields, .capacity = HTTP_STREAM_FIELDS}};
	size_t at;
	enum http_error error = http_parse_response(&response, HTTP_METHOD_GET, s->head, end, &at);
	if (error)
		return http_error_word(error);
	if (response.minor != 1)
		return "a version that is not the proxy's";
	s->unknowable = response.status == 101;
	stream_begin_body(s, response.framing);
	return NULL;
}

/* The held bytes end with an empty line. */
static const char *stream_read_head(struct http_stream *s)
{
	static const struct http_limits limits = {
		.line = HTTP_STREAM_HEAD, .head = HTTP_STREAM_HEAD, .fields = HTTP_STREAM_FIELDS};
	struct http_scan scan = {0};
	enum http_error error = HTTP_ERROR_NONE;
	size_t end;
	enum http_scan_result found = http_scan_head(&scan, s->is_request, s->head, s->held, &limits, &end, &error);
	if (found == HTTP_SCAN_BAD)
		return http_error_word(error);
	if (found == HTTP_SCAN_MORE || scan.skipped || end != s->held)
		return "empty lines in front of a head";
	s->held = 0;
	return s->is_request ? stream_read_request(s, end) : stream_read_response(s, end);
}

static const char *stream_take_body(struct http_stream *s, const char *data, size_t n, size_t *used)
{
	struct str segment;
	enum http_error error;
	*used = n;
	if (s->framing == HTTP_BODY_UNTIL_CLOSE)
		return NULL;
	if (s->framing == HTTP_BODY_LENGTH) {
		*used = s->left < n ? (size_t)s->left : n;
		s->left -= *used;
		s->body = s->left > 0;
		return NULL;
	}
	enum http_chunked_result result = http_chunked_read(&s->chunked, data, n, used, &segment, &error);
	s->body = result != HTTP_CHUNKED_END;
	return result == HTTP_CHUNKED_BAD ? http_error_word(error) : NULL;
}

const char *http_stream_take(struct http_stream *s, const char *data, size_t n)
{
	const char *wrong = NULL;
	while (n && !s->unknowable && !wrong) {
		size_t used = 1;
		if (s->body) {
			wrong = stream_take_body(s, data, n, &used);
		} else {
			/* Byte by byte is slow and right: what is behind a head is not the head's. */
			if (s->held == HTTP_STREAM_HEAD)
				return "an endless head";
			s->head[s->held++] = *data;
			if (s->held >= 4 && memcmp(s->head + s->held - 4, "\r\n\r\n", 4) == 0)
				wrong = stream_read_head(s);
		}
		data += used;
		n -= used;
	}
	return wrong;
}

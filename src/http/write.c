/* Writes heads from parsed messages. Room is reserved by the bound functions, so that writing itself never checks. */
#include "http/write.h"
#include "http/bytes.h"

enum {
	WRITE_DIGITS_MAX = 20,
	/* Everything that is not a view: versions, status, the names and line ends of Host, Content-Length or
	 * Transfer-Encoding, Connection with all its options, Upgrade. */
	WRITE_FIXED_MAX = 256
};

/* memcpy without a call: names and values are short. n may be 0. */
static inline char *write_bytes(char *at, const char *p, size_t n)
{
	if (n >= 16) {
		for (size_t i = 0; i + 16 < n; i += 16)
			memcpy(at + i, p + i, 16);
		memcpy(at + n - 16, p + n - 16, 16);
	} else if (n >= 8) {
		memcpy(at, p, 8);
		memcpy(at + n - 8, p + n - 8, 8);
	} else if (n >= 4) {
		memcpy(at, p, 4);
		memcpy(at + n - 4, p + n - 4, 4);
	} else {
		for (size_t i = 0; i < n; i++)
			at[i] = p[i];
	}
	return at + n;
}

static inline char *write_str(char *at, struct str s)
{
	return write_bytes(at, s.p, s.n);
}

static inline char *write_text(char *at, const char *text)
{
	size_t n = strlen(text);
	memcpy(at, text, n);
	return at + n;
}

static inline char *write_field(char *at, struct str name, struct str value)
{
	at = write_str(at, name);
	*at++ = ':';
	*at++ = ' ';
	at = write_str(at, value);
	*at++ = '\r';
	*at++ = '\n';
	return at;
}

char *http_write_field(char *at, const struct http_field *field)
{
	return write_field(at, field->name, field->value);
}

static char *write_u64(char *at, uint64_t value)
{
	char digits[WRITE_DIGITS_MAX];
	size_t n = 0;
	if (value < 10) {
		*at = (char)('0' + value);
		return at + 1;
	}
	do {
		digits[WRITE_DIGITS_MAX - ++n] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	memcpy(at, digits + WRITE_DIGITS_MAX - n, n);
	return at + n;
}

static size_t write_fields_bound(const struct http_fields *fields, const struct http_out *out)
{
	size_t n = WRITE_FIXED_MAX + out->upgrade_to.n;
	for (uint32_t i = 0; i < fields->count; i++)
		n += fields->at[i].name.n + fields->at[i].value.n + 4;
	for (size_t i = 0; i < out->add_count; i++)
		n += out->add[i].name.n + out->add[i].value.n + 4;
	return n;
}

static char *write_fields(char *at, const struct http_fields *fields, const struct http_out *out)
{
	for (uint32_t i = 0; i < fields->count; i++)
		if (!fields->at[i].drop)
			at = write_field(at, fields->at[i].name, fields->at[i].value);
	for (size_t i = 0; i < out->add_count; i++)
		at = write_field(at, out->add[i].name, out->add[i].value);
	return at;
}

static char *write_framing(char *at, const struct http_framing *framing)
{
	if (framing->kind == HTTP_BODY_CHUNKED)
		return write_text(at, "Transfer-Encoding: chunked\r\n");
	if (framing->kind != HTTP_BODY_LENGTH && !framing->announced)
		return at;
	at = write_u64(write_text(at, "Content-Length: "), framing->length);
	return write_text(at, "\r\n");
}

static char *write_connection(char *at, const struct http_out *out)
{
	if (out->close)
		at = write_text(at, "Connection: close\r\n");
	else if (out->keep_alive)
		at = write_text(at, "Connection: keep-alive\r\n");
	if (out->te_trailers && !out->upgrade_to.n)
		at = write_text(at, "TE: trailers\r\nConnection: TE\r\n");
	if (out->upgrade_to.n)
		at = write_field(write_text(at, "Connection: upgrade\r\n"), str_of("Upgrade"), out->upgrade_to);
	return at;
}

size_t http_request_head_bound(const struct http_request *request, const struct http_out *out)
{
	size_t target = out->target.n ? out->target.n : request->path.n + request->query.n + 1;
	return write_fields_bound(&request->fields, out) + request->method_text.n + target + out->host.n;
}

static char *write_target(char *at, const struct http_request *request, const struct http_out *out)
{
	if (out->target.n)
		return write_str(at, out->target);
	at = write_str(at, request->path);
	if (request->query.p) {
		*at++ = '?';
		at = write_str(at, request->query);
	}
	return at;
}

char *http_write_request_head(char *at, const struct http_request *request, const struct http_out *out)
{
	at = write_str(at, request->method_text);
	*at++ = ' ';
	at = write_target(at, request, out);
	at = write_str(write_text(at, " HTTP/1.1\r\nHost: "), out->host);
	at = write_text(at, "\r\n");
	at = write_fields(at, &request->fields, out);
	at = write_framing(at, &out->framing);
	at = write_connection(at, out);
	return write_text(at, "\r\n");
}

size_t http_response_head_bound(const struct http_response *response, const struct http_out *out)
{
	return write_fields_bound(&response->fields, out) + response->reason.n;
}

static bool write_framing_is_allowed(unsigned status)
{
	return status >= 200 && status != 204;
}

static char *write_status_line(char *at, unsigned status, struct str reason)
{
	at = write_u64(write_text(at, "HTTP/1.1 "), status);
	*at++ = ' ';
	at = write_str(at, reason);
	return write_text(at, "\r\n");
}

char *http_write_response_head(char *at, const struct http_response *response, const struct http_out *out)
{
	at = write_status_line(at, response->status, response->reason);
	at = write_fields(at, &response->fields, out);
	if (write_framing_is_allowed(response->status))
		at = write_framing(at, &out->framing);
	at = write_connection(at, out);
	return write_text(at, "\r\n");
}

static char *write_reply_body(char *at, unsigned status, struct str phrase, struct str reason)
{
	at = write_u64(at, status);
	*at++ = ' ';
	at = write_str(at, phrase);
	*at++ = '\n';
	if (reason.n) {
		at = write_str(at, reason);
		*at++ = '\n';
	}
	return at;
}

size_t http_write_reply(char *at, size_t room, unsigned status, const char *reason, struct str extra, bool head_only,
	bool close, bool keep_alive)
{
	struct str phrase = str_of(http_status_phrase(status)), why = str_of(reason);
	bool has_body = write_framing_is_allowed(status) && status != 304;
	struct http_out out = {.close = close, .keep_alive = keep_alive};
	size_t body = 3 + 1 + phrase.n + 1 + (why.n ? why.n + 1 : 0);
	if (room < WRITE_FIXED_MAX + phrase.n + extra.n + body)
		return 0;
	char *start = at;
	at = write_status_line(at, status, phrase);
	if (has_body) {
		out.framing = (struct http_framing){.kind = HTTP_BODY_LENGTH, .length = body};
		at = write_framing(write_text(at, "Content-Type: text/plain\r\n"), &out.framing);
	}
	at = write_connection(write_str(at, extra), &out);
	at = write_text(at, "\r\n");
	if (has_body && !head_only)
		at = write_reply_body(at, status, phrase, why);
	return (size_t)(at - start);
}

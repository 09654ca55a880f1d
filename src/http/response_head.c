/* Parses the head of a response in one pass over its bytes, and decides what the request's method and the status make
 * of its framing (RFC 9112 6.3). */
#include "http/bytes.h"
#include "http/head.h"
#include "http/head_parts.h"

/* VERSION SP 3DIGIT SP REASON CR LF. The blank in front of an empty reason may be missing, as with several servers: it
 * carries nothing, and it is written anew. */
static enum http_error response_read_line(struct http_response *response, const char **at, const char *end)
{
	const char *p = *at;
	if (end - p < 14 || !head_read_version(p, end, &response->minor) || p[8] != ' ')
		return HTTP_ERROR_STATUS_LINE;
	*at = p += 9;
	if (p[0] < '1' || p[0] > '5' || !http_byte_is_digit(p[1]) || !http_byte_is_digit(p[2]))
		return HTTP_ERROR_STATUS_LINE;
	response->status = (uint16_t)((p[0] - '0') * 100 + (p[1] - '0') * 10 + (p[2] - '0'));
	*at = p += 3;
	if (*p != ' ' && *p != '\r')
		return HTTP_ERROR_STATUS_LINE;
	if (*p == ' ')
		p++;
	const char *stop = http_find_value_end(p, end);
	response->reason = str_make(p, (size_t)(stop - p));
	*at = stop;
	if (end - stop < 2 || stop[0] != '\r' || stop[1] != '\n')
		return HTTP_ERROR_STATUS_LINE;
	*at = stop + 2;
	return HTTP_ERROR_NONE;
}

static bool response_has_body_fields(const struct head_index *index)
{
	return head_has(index, HTTP_FIELD_CONTENT_LENGTH) || head_has(index, HTTP_FIELD_TRANSFER_ENCODING);
}

/* Turns what the fields say into what this response means. Returns whether bytes that must not be there may follow,
 * so that the connection is not to be used again. */
static bool response_apply_status(struct http_framing *framing, unsigned status, enum http_method method)
{
	bool body = framing->kind == HTTP_BODY_CHUNKED || framing->length > 0;
	bool tunnel = method == HTTP_METHOD_CONNECT && status >= 200 && status < 300;
	if (status < 200 || status == 204 || tunnel) {
		*framing = (struct http_framing){.kind = HTTP_BODY_NONE};
		return body || tunnel;
	}
	if (status == 304 || method == HTTP_METHOD_HEAD) {
		framing->announced = framing->kind == HTTP_BODY_LENGTH;
		framing->kind = HTTP_BODY_NONE;
		return body;
	}
	if (framing->kind == HTTP_BODY_NONE)
		framing->kind = HTTP_BODY_UNTIL_CLOSE;
	return framing->kind == HTTP_BODY_UNTIL_CLOSE;
}

static enum http_error response_understand(
	struct http_response *response, enum http_method method, const struct head_index *index, const char **at)
{
	struct head_connection connection;
	enum http_error error = head_decide_framing(&response->framing, &response->fields, index, response->minor, at);
	response->excused = error == HTTP_ERROR_TRANSFER_CODING && response->lenient &&
			    head_is_chunked_twice(&response->fields);
	if (response->excused) {
		response->framing = (struct http_framing){.kind = HTTP_BODY_CHUNKED};
		error = HTTP_ERROR_NONE;
	}
	if (!error && response->status < 200 && response_has_body_fields(index))
		error = HTTP_ERROR_INTERIM_BODY;
	if (!error)
		error = head_read_connection(&connection, &response->fields, index, at);
	if (error)
		return error;
	bool last = response_apply_status(&response->framing, response->status, method);
	if (response->framing.kind == HTTP_BODY_CHUNKED)
		head_keep_trailer(&response->fields, index);
	response->upgrade_to = str_make(NULL, 0);
	if (response->status == 101) {
		if (connection.upgrade)
			response->upgrade_to = head_upgrade_value(&response->fields, index);
		if (!response->upgrade_to.n)
			return HTTP_ERROR_SWITCH;
		last = true;
	}
	response->binds = head_binds_connection(&response->fields, index,
		UINT64_C(1) << HTTP_FIELD_WWW_AUTHENTICATE | UINT64_C(1) << HTTP_FIELD_PROXY_AUTHENTICATE);
	response->keeps_s = head_keeps_s(&response->fields, index);
	response->keep_alive = !last && !connection.close && (response->minor || connection.keep_alive);
	return HTTP_ERROR_NONE;
}

/* *at: the start, and then the end of the head, or the fault. */
static enum http_error response_parse(
	struct http_response *response, enum http_method method, const char **at, const char *end)
{
	struct head_index index;
	const char *fault = *at;
	enum http_error error = response_read_line(response, at, end);
	if (!error)
		error = head_read_fields(&response->fields, &index, at, end);
	if (error)
		return error;
	error = response_understand(response, method, &index, &fault);
	if (error)
		*at = fault;
	return error;
}

enum http_error http_parse_response(
	struct http_response *response, enum http_method method, const char *head, size_t n, size_t *error_at)
{
	const char *at = head;
	enum http_error error = response_parse(response, method, &at, head + n);
	*error_at = (size_t)(at - head);
	return !error && at != head + n ? HTTP_ERROR_LINE_END : error;
}

size_t http_read_response(struct http_response *response, enum http_method method, const char *data, size_t n,
	const struct http_limits *limits)
{
	const char *at = data;
	size_t most = n < limits->head ? n : limits->head;
	if (response_parse(response, method, &at, data + most) || response->fields.count > limits->fields)
		return 0;
	return (size_t)(at - data);
}

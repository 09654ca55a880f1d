/* Parses the head of a request in one pass over its bytes: request line, field lines, then what the few fields that
 * matter here mean together. */
#include "http/bytes.h"
#include "http/head.h"
#include "http/head_parts.h"

struct method_row {
	const char *token;
	uint8_t n;
};

static const struct method_row method_rows[] = {
#define METHOD(id, token, idempotent) [HTTP_METHOD_##id] = {token, sizeof(token) - 1},
#include "http/methods.def"
#undef METHOD
};

static enum http_method request_method(const char *token, size_t n)
{
	for (unsigned i = 0; i < HTTP_METHOD_OTHER; i++)
		if (method_rows[i].n == n && memcmp(method_rows[i].token, token, n) == 0)
			return (enum http_method)i;
	return HTTP_METHOD_OTHER;
}

bool head_read_version(const char *at, const char *end, uint8_t *minor)
{
	if (end - at < 8 || memcmp(at, "HTTP/1.", 7) != 0 || !http_byte_is_digit(at[7]))
		return false;
	*minor = at[7] != '0';
	return true;
}

/* METHOD SP TARGET SP VERSION CR LF, each blank exactly one. */
static enum http_error request_read_line(struct http_request *request, const char **at, const char *end)
{
	const char *p = *at;
	while (p < end && http_byte_is_token(*p))
		p++;
	request->method_text = str_make(*at, (size_t)(p - *at));
	*at = p;
	if (p == end || *p != ' ' || !request->method_text.n)
		return HTTP_ERROR_METHOD;
	request->method = request_method(request->method_text.p, request->method_text.n);
	const char *target = p + 1;
	*at = p = http_find_target_end(target, end);
	if (p == end || *p != ' ' || p == target)
		return HTTP_ERROR_TARGET;
	request->target = str_make(target, (size_t)(p - target));
	*at = ++p;
	if (!head_read_version(p, end, &request->minor))
		return HTTP_ERROR_VERSION;
	*at = p += 8;
	if (end - p < 2 || p[0] != '\r' || p[1] != '\n')
		return HTTP_ERROR_VERSION;
	*at = p + 2;
	return HTTP_ERROR_NONE;
}

/* Scheme of an absolute-form target (any case, RFC 9110 4.2.3) and the port that it implies; 0 when it is not one. */
static size_t request_scheme(struct str target, struct str *default_port)
{
	struct str http = str_of("http://"), https = str_of("https://");
	if (target.n >= http.n && str_equal_nocase(str_make(target.p, http.n), http)) {
		*default_port = str_of("80");
		return http.n;
	}
	if (target.n >= https.n && str_equal_nocase(str_make(target.p, https.n), https)) {
		*default_port = str_of("443");
		return https.n;
	}
	return 0;
}

static void request_split_path(struct http_request *request, const char *p, size_t n)
{
	const char *mark = n ? memchr(p, '?', n) : NULL;
	request->path = str_make(p, mark ? (size_t)(mark - p) : n);
	request->query = mark ? str_make(mark + 1, n - request->path.n - 1) : str_make(NULL, 0);
}

struct request_absolute {
	bool present;
	struct str text; /* as it will be sent in Host */
	struct http_authority authority;
	struct str default_port;
};

static bool request_read_absolute(struct http_request *request, struct request_absolute *absolute)
{
	struct str target = request->target;
	size_t scheme = request_scheme(target, &absolute->default_port);
	if (!scheme)
		return false;
	const char *end = target.p + target.n, *p = target.p + scheme;
	while (p < end && *p != '/' && *p != '?')
		p++;
	absolute->present = true;
	absolute->text = str_make(target.p + scheme, (size_t)(p - target.p) - scheme);
	if (!http_read_authority(&absolute->authority, absolute->text))
		return false;
	request_split_path(request, p, (size_t)(end - p));
	/* RFC 9112 3.2.4: OPTIONS without a path asks about the server as a whole. */
	if (!request->path.n)
		request->path = str_of(request->method == HTTP_METHOD_OPTIONS && !request->query.p ? "*" : "/");
	return true;
}

/* Authority-form, always with a port (RFC 9110 9.3.6); Host must say the same. */
static enum http_error request_read_connect(struct http_request *request, struct request_absolute *absolute)
{
	if (!request->connect_allowed)
		return HTTP_ERROR_CONNECT;
	absolute->present = true;
	absolute->text = request->path = request->target;
	absolute->default_port = request->query = str_make(NULL, 0);
	bool good = http_read_authority(&absolute->authority, request->target) && absolute->authority.port.n;
	return good ? HTTP_ERROR_NONE : HTTP_ERROR_TARGET;
}

static enum http_error request_read_target(struct http_request *request, struct request_absolute *absolute)
{
	struct str target = request->target;
	absolute->present = false;
	if (request->method == HTTP_METHOD_CONNECT)
		return request_read_connect(request, absolute);
	if (target.p[0] == '/') {
		request_split_path(request, target.p, target.n);
		return HTTP_ERROR_NONE;
	}
	if (request->method == HTTP_METHOD_OPTIONS && str_equal(target, str_of("*"))) {
		request->path = target;
		request->query = str_make(NULL, 0);
		return HTTP_ERROR_NONE;
	}
	return request_read_absolute(request, absolute) ? HTTP_ERROR_NONE : HTTP_ERROR_TARGET;
}

static enum http_error request_decide_host(struct http_request *request, const struct head_index *index,
	const struct request_absolute *absolute, const char **at)
{
	struct http_authority authority;
	request->host = absolute->present ? absolute->text : str_make(NULL, 0);
	if (!head_has(index, HTTP_FIELD_HOST)) {
		*at = request->target.p;
		return request->minor ? HTTP_ERROR_HOST : HTTP_ERROR_NONE;
	}
	struct str value = head_first(&request->fields, index, HTTP_FIELD_HOST)->value;
	*at = value.p;
	if (head_has_repeated(index, HTTP_FIELD_HOST) || !http_read_authority(&authority, value))
		return HTTP_ERROR_HOST;
	if (!absolute->present)
		request->host = value;
	else if (!http_authority_equal(&authority, &absolute->authority, absolute->default_port))
		return HTTP_ERROR_HOST;
	return HTTP_ERROR_NONE;
}

/* HTTP/1.0 servers and caches disagree on bodies where nobody expects one; what follows a CONNECT is a tunnel's. */
static bool request_body_is_refused(const struct http_request *request)
{
	if (request->method == HTTP_METHOD_CONNECT)
		return request->framing.kind != HTTP_BODY_NONE;
	bool unexpected = request->method == HTTP_METHOD_GET || request->method == HTTP_METHOD_HEAD ||
			  request->method == HTTP_METHOD_DELETE;
	return unexpected && request->minor == 0 && request->framing.length > 0;
}

/* An expectation that nobody would answer, or may be told of, is not sent on: the client would wait for nothing, or
 * get an interim response that it does not know. Other expectations are for the server to refuse. */
static void request_read_expect(struct http_request *request, const struct head_index *index, bool has_body)
{
	request->expect_continue = false;
	if (!head_has(index, HTTP_FIELD_EXPECT) || head_has_repeated(index, HTTP_FIELD_EXPECT))
		return;
	struct http_field *expect = head_first(&request->fields, index, HTTP_FIELD_EXPECT);
	if (!str_equal_nocase(expect->value, str_of("100-continue")))
		return;
	if (!has_body || request->minor == 0)
		expect->drop = true;
	request->expect_continue = !expect->drop;
}

static enum http_error request_read_max_forwards(
	struct http_request *request, const struct head_index *index, const char **at)
{
	uint64_t left;
	request->forwards_left = -1;
	if (!head_has(index, HTTP_FIELD_MAX_FORWARDS) ||
		(request->method != HTTP_METHOD_OPTIONS && request->method != HTTP_METHOD_TRACE))
		return HTTP_ERROR_NONE;
	struct http_field *field = head_first(&request->fields, index, HTTP_FIELD_MAX_FORWARDS);
	*at = field->value.p;
	if (head_has_repeated(index, HTTP_FIELD_MAX_FORWARDS) || !str_to_u64(field->value, UINT32_MAX, &left))
		return HTTP_ERROR_MAX_FORWARDS;
	field->drop = true;
	request->forwards_left = (int64_t)left;
	return HTTP_ERROR_NONE;
}

static bool request_wants_trailers(const struct http_request *request, const struct head_index *index)
{
	struct str list, element;
	if (!head_has(index, HTTP_FIELD_TE))
		return false;
	for (uint32_t i = index->first[HTTP_FIELD_TE]; i < request->fields.count; i++) {
		list = request->fields.at[i].value;
		while (request->fields.at[i].id == HTTP_FIELD_TE && str_next_element(&list, &element))
			if (str_equal_nocase(element, str_of("trailers")))
				return true;
	}
	return false;
}

static enum http_error request_understand(struct http_request *request, const struct head_index *index,
	const struct request_absolute *absolute, const char **at)
{
	struct head_connection connection;
	enum http_error error = request_decide_host(request, index, absolute, at);
	if (!error)
		error = head_decide_framing(&request->framing, &request->fields, index, request->minor, at);
	if (!error && request_body_is_refused(request))
		error = HTTP_ERROR_BODY;
	if (!error)
		error = head_read_connection(&connection, &request->fields, index, at);
	if (!error)
		error = request_read_max_forwards(request, index, at);
	if (error)
		return error;
	bool has_body = request->framing.kind == HTTP_BODY_CHUNKED || request->framing.length > 0;
	request->keep_alive = !connection.close && (request->minor || connection.keep_alive);
	request->upgrade_to = str_make(NULL, 0);
	if (request->minor && connection.upgrade && !has_body && request->method != HTTP_METHOD_CONNECT)
		request->upgrade_to = head_upgrade_value(&request->fields, index);
	request->upgrade = request->upgrade_to.n > 0;
	request_read_expect(request, index, has_body);
	request->underscores = index->underscores;
	if (request->framing.kind == HTTP_BODY_CHUNKED)
		head_keep_trailer(&request->fields, index);
	request->te_trailers = request_wants_trailers(request, index);
	request->binds = head_binds_connection(&request->fields, index, UINT64_C(1) << HTTP_FIELD_AUTHORIZATION);
	return HTTP_ERROR_NONE;
}

/* *at: the start, and then the end of the head, or the fault. */
static enum http_error request_parse(struct http_request *request, const char **at, const char *end)
{
	struct head_index index;
	struct request_absolute absolute;
	enum http_error error = request_read_line(request, at, end);
	if (!error)
		error = head_read_fields(&request->fields, &index, at, end);
	if (error)
		return error;
	const char *fault = request->target.p;
	error = request_read_target(request, &absolute);
	if (!error)
		error = request_understand(request, &index, &absolute, &fault);
	if (error)
		*at = fault;
	return error;
}

enum http_error http_parse_request(struct http_request *request, const char *head, size_t n, size_t *error_at)
{
	const char *at = head;
	enum http_error error = request_parse(request, &at, head + n);
	*error_at = (size_t)(at - head);
	return !error && at != head + n ? HTTP_ERROR_LINE_END : error;
}

size_t http_read_request(struct http_request *request, const char *data, size_t n, const struct http_limits *limits)
{
	const char *at = data;
	size_t most = (size_t)limits->line + 2 + limits->head + 2;
	if (request_parse(request, &at, data + (n < most ? n : most)))
		return 0;
	/* METHOD SP TARGET SP VERSION */
	size_t line = request->method_text.n + 1 + request->target.n + 9, whole = (size_t)(at - data);
	bool fits =
		line <= limits->line && whole <= line + 2 + limits->head + 2 && request->fields.count <= limits->fields;
	return fits ? whole : 0;
}

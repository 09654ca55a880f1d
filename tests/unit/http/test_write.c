/* What goes out, to the byte. */
#include "http/head.h"
#include "http/write.h"

#include <criterion/criterion.h>

static const struct http_field write_added[] = {{.name = {"Via", 3}, .value = {"1.1 lbd", 7}, .drop = true}};

static void expect_request(const char *head, const struct http_out *out, const char *written)
{
	struct http_field room[16];
	struct http_request request = {.fields = {.at = room, .capacity = 16}};
	char sent[2048];
	size_t at;
	cr_assert_eq(http_parse_request(&request, head, strlen(head), &at), HTTP_ERROR_NONE, "%s", head);
	cr_assert_lt(http_request_head_bound(&request, out), sizeof sent);
	size_t n = (size_t)(http_write_request_head(sent, &request, out) - sent);
	cr_expect(str_equal(str_make(sent, n), str_of(written)), "%s\nbecame\n%.*s\nnot\n%s", head, (int)n, sent,
		written);
}

Test(write, request)
{
	struct http_out out = {.host = {"b:1", 3}, .add = write_added, .add_count = 1};
	expect_request("GET /x?y HTTP/1.0\r\nX: \t1\r\nKeep-Alive: 5\r\nhost: a\r\n\r\n", &out,
		"GET /x?y HTTP/1.1\r\nHost: b:1\r\nX: 1\r\nVia: 1.1 lbd\r\n\r\n");
	expect_request("GET http://a?y HTTP/1.1\r\nHost: a\r\n\r\n", &out,
		"GET /?y HTTP/1.1\r\nHost: b:1\r\nVia: 1.1 lbd\r\n\r\n");
	expect_request("OPTIONS http://a HTTP/1.1\r\nHost: a\r\n\r\n", &out,
		"OPTIONS * HTTP/1.1\r\nHost: b:1\r\nVia: 1.1 lbd\r\n\r\n");
	out.add_count = 0;
	out.target = str_of("/other");
	out.framing = (struct http_framing){.kind = HTTP_BODY_LENGTH, .length = 7};
	out.close = true;
	expect_request("mine /x?y HTTP/1.1\r\nHost: a\r\nConnection: X\r\nX: 1\r\nContent-Length: 007\r\n\r\n", &out,
		"mine /other HTTP/1.1\r\nHost: b:1\r\nContent-Length: 7\r\nConnection: close\r\n\r\n");
	out.framing.kind = HTTP_BODY_CHUNKED;
	out.close = false;
	out.upgrade_to = str_of("websocket");
	expect_request("POST /? HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nTransfer-Encoding: chunked\r\n\r\n", &out,
		"POST /other HTTP/1.1\r\nHost: b:1\r\nTransfer-Encoding: chunked\r\nConnection: upgrade\r\n"
		"Upgrade: websocket\r\n\r\n");
}

static void expect_response(enum http_method method, const char *head, struct http_out out, const char *written)
{
	struct http_field room[16];
	struct http_response response = {.fields = {.at = room, .capacity = 16}};
	char sent[2048];
	size_t at;
	cr_assert_eq(http_parse_response(&response, method, head, strlen(head), &at), HTTP_ERROR_NONE, "%s", head);
	if (!out.framing.kind && !out.framing.announced)
		out.framing = response.framing;
	cr_assert_lt(http_response_head_bound(&response, &out), sizeof sent);
	size_t n = (size_t)(http_write_response_head(sent, &response, &out) - sent);
	cr_expect(str_equal(str_make(sent, n), str_of(written)), "%s\nbecame\n%.*s\nnot\n%s", head, (int)n, sent,
		written);
}

Test(write, response)
{
	const struct http_out plain = {.close = false};
	expect_response(HTTP_METHOD_GET, "HTTP/1.0 200\r\nContent-Length: 05\r\nServer: x\r\n\r\n", plain,
		"HTTP/1.1 200 \r\nServer: x\r\nContent-Length: 5\r\n\r\n");
	expect_response(HTTP_METHOD_GET, "HTTP/1.1 200 OK\r\n\r\n", plain, "HTTP/1.1 200 OK\r\n\r\n");
	expect_response(HTTP_METHOD_GET, "HTTP/1.1 200 OK\r\n\r\n",
		(struct http_out){.framing = {.kind = HTTP_BODY_CHUNKED}, .keep_alive = true},
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n");
	expect_response(HTTP_METHOD_HEAD, "HTTP/1.1 200 OK\r\nContent-Length: 18446744\r\n\r\n", plain,
		"HTTP/1.1 200 OK\r\nContent-Length: 18446744\r\n\r\n");
	expect_response(HTTP_METHOD_GET, "HTTP/1.1 304 Not Modified\r\nContent-Length: 0\r\nETag: x\r\n\r\n", plain,
		"HTTP/1.1 304 Not Modified\r\nETag: x\r\nContent-Length: 0\r\n\r\n");
	expect_response(HTTP_METHOD_HEAD, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", plain,
		"HTTP/1.1 200 OK\r\n\r\n");
}

Test(write, no_framing_where_the_status_has_none)
{
	const struct http_out wrong = {.framing = {.kind = HTTP_BODY_LENGTH, .length = 5}};
	expect_response(HTTP_METHOD_GET, "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", wrong,
		"HTTP/1.1 204 No Content\r\n\r\n");
	expect_response(HTTP_METHOD_GET, "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", wrong,
		"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n");
	expect_response(HTTP_METHOD_GET,
		"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
		(struct http_out){.upgrade_to = {"websocket", 9}},
		"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n");
}

static void expect_reply(unsigned status, const char *reason, bool head_only, bool close, bool keep_alive,
	const char *extra, const char *written)
{
	char sent[1024];
	size_t n = http_write_reply(sent, sizeof sent, status, reason, str_of(extra), head_only, close, keep_alive);
	cr_expect(str_equal(str_make(sent, n), str_of(written)), "%.*s\nis not\n%s", (int)n, sent, written);
}

Test(write, reply)
{
	expect_reply(503, "no server", false, true, false, "",
		"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\nContent-Length: 34\r\nConnection: "
		"close\r\n"
		"\r\n503 Service Unavailable\nno server\n");
	expect_reply(404, "", true, false, true, "X: y\r\n",
		"HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: 14\r\nX: y\r\n"
		"Connection: keep-alive\r\n\r\n");
	expect_reply(204, "unseen", false, false, false, "X: y\r\n", "HTTP/1.1 204 No Content\r\nX: y\r\n\r\n");
	expect_reply(302, "", false, false, false, "Location: /x\r\n",
		"HTTP/1.1 302 Found\r\nContent-Type: text/plain\r\nContent-Length: 10\r\nLocation: /x\r\n\r\n302 "
		"Found\n");
}

Test(write, reply_that_does_not_fit_is_not_begun)
{
	char sent[1024];
	for (size_t room = 0; room < sizeof sent; room++) {
		size_t n = http_write_reply(
			sent, room, 503, "no server", str_of("Retry-After: 1\r\n"), false, true, false);
		cr_assert_leq(n, room);
	}
	cr_assert_eq(http_write_reply(sent, 64, 503, "no server", str_of(""), false, true, false), 0);
}

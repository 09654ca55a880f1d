#include "backend/probe_reply.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>

static const struct {
	const char *name, *bytes;
	enum http_method method;
	bool wants_body;
	enum probe_reply_result fed, ended; /* after all bytes; after the end, when more was wanted */
	unsigned status;
	const char *body;
} cases[] = {
	{"head only", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", HTTP_METHOD_GET, false, PROBE_REPLY_DONE, 0, 200,
		""},
	{"length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", HTTP_METHOD_GET, true, PROBE_REPLY_DONE, 0, 200,
		"hello"},
	{"length, cut off", "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello", HTTP_METHOD_GET, true,
		PROBE_REPLY_MORE, PROBE_REPLY_BAD, 200, "hello"},
	{"more than its length", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhello", HTTP_METHOD_GET, true,
		PROBE_REPLY_DONE, 0, 200, "he"},
	{"until close", "HTTP/1.0 503 No\r\n\r\nhello", HTTP_METHOD_GET, true, PROBE_REPLY_MORE, PROBE_REPLY_DONE, 503,
		"hello"},
	{"chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n",
		HTTP_METHOD_GET, true, PROBE_REPLY_DONE, 0, 200, "hello"},
	{"chunked, bad", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", HTTP_METHOD_GET, true,
		PROBE_REPLY_BAD, 0, 200, ""},
	{"HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", HTTP_METHOD_HEAD, true, PROBE_REPLY_DONE, 0, 200,
		""},
	{"interim", "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", HTTP_METHOD_GET, true,
		PROBE_REPLY_DONE, 0, 204, ""},
	{"no HTTP", "SSH-2.0-OpenSSH_9.2p1\r\n\r\n", HTTP_METHOD_GET, false, PROBE_REPLY_BAD, 0, 0, ""},
	{"nothing", "", HTTP_METHOD_GET, false, PROBE_REPLY_MORE, PROBE_REPLY_BAD, 0, ""},
	{"half a head", "HTTP/1.1 200 OK\r\nX: ", HTTP_METHOD_GET, false, PROBE_REPLY_MORE, PROBE_REPLY_BAD, 0, ""},
};

Test(probe_reply, cases_in_pieces_of_every_size)
{
	struct probe_reply *r = malloc(sizeof *r);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		size_t n = strlen(cases[i].bytes);
		for (size_t piece = 1; piece <= n + 1; piece++) {
			enum probe_reply_result result = PROBE_REPLY_MORE;
			probe_reply_init(r, cases[i].method, cases[i].wants_body);
			for (size_t at = 0; at < n && result == PROBE_REPLY_MORE; at += piece)
				result = probe_reply_feed(r, cases[i].bytes + at, piece < n - at ? piece : n - at);
			cr_assert(eq(int, (int)result, (int)cases[i].fed), "%s, %zu", cases[i].name, piece);
			if (result == PROBE_REPLY_MORE)
				cr_expect(eq(int, (int)probe_reply_end(r), (int)cases[i].ended), "%s", cases[i].name);
			cr_expect(
				eq(u32, r->head_done ? r->response.status : 0u, cases[i].status), "%s", cases[i].name);
			cr_expect(str_equal(str_make(r->body, r->body_n), str_of(cases[i].body)), "%s: %.*s",
				cases[i].name, (int)r->body_n, r->body);
			cr_expect(r->fault || result != PROBE_REPLY_BAD, "%s: no reason", cases[i].name);
		}
	}
	free(r);
}

Test(probe_reply, limits)
{
	struct probe_reply *r = malloc(sizeof *r);
	char line[2048];
	enum probe_reply_result result;
	memset(line, 'x', sizeof line);

	probe_reply_init(r, HTTP_METHOD_GET, true);
	result = probe_reply_feed(r, "HTTP/1.1 200 OK\r\nX: ", 20);
	for (int i = 0; i < 100 && result == PROBE_REPLY_MORE; i++)
		result = probe_reply_feed(r, line, sizeof line);
	cr_expect(eq(int, (int)result, (int)PROBE_REPLY_BAD));

	probe_reply_init(r, HTTP_METHOD_GET, true);
	result = probe_reply_feed(r, "HTTP/1.1 200 OK\r\n\r\n", 19);
	for (int i = 0; i < 100 && result == PROBE_REPLY_MORE; i++)
		result = probe_reply_feed(r, line, sizeof line);
	cr_expect(eq(int, (int)result, (int)PROBE_REPLY_DONE));
	cr_expect(eq(u32, r->body_n, (uint32_t)PROBE_BODY_MAX));
	free(r);
}

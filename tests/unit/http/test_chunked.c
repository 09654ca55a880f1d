/* Chunked bodies: the table of requirements, whole and in all cuts; limits; sizes as they are written. */
#include "base/text.h"
#include "http/chunked.h"

#include <criterion/criterion.h>
#include <stdlib.h>

struct chunked_case {
	const char *row;
	struct str input;
	const char *verdict, *data;
};

static const struct chunked_case chunked_cases[] = {
#define CASE(row, input, verdict, data) {row, {input, sizeof(input) - 1}, verdict, data},
#include "unit/http/chunked_cases.def"
#undef CASE
};

enum { CHUNKED_CASES = sizeof chunked_cases / sizeof *chunked_cases };

/* "VERDICT at POSITION: DATA"; the pieces are first, then size bytes each. */
static struct text chunked_describe(struct str input, size_t first, size_t size)
{
	struct http_chunked c = {0};
	struct text data = {0}, trailers = {0}, result = {0};
	enum http_chunked_result read = HTTP_CHUNKED_MORE;
	enum http_error error = HTTP_ERROR_NONE;
	size_t at = 0;
	for (size_t piece = first; at < input.n && read == HTTP_CHUNKED_MORE;
		piece = size) {
		size_t n = piece < input.n - at ? piece : input.n - at, done = 0, used;
		char *copy = malloc(n);
		struct str segment;
		memcpy(copy, input.p + at, n);
		do {
			read = http_chunked_read(&c, copy + done, n - done, &used, &segment, &error);
			cr_assert_leq(used, n - done);
			cr_assert_eq(read == HTTP_CHUNKED_DATA || read == HTTP_CHUNKED_TRAILERS, segment.n > 0);
			text_add(read == HTTP_CHUNKED_DATA ? &data : &trailers, segment);
			done += used;
		} while (read == HTTP_CHUNKED_DATA || read == HTTP_CHUNKED_TRAILERS);
		free(copy);
		at += done;
	}
	const char *verdict = read == HTTP_CHUNKED_MORE ? "more" : "end";
	text_format(&result, "%s at %zu: ", read == HTTP_CHUNKED_BAD ? http_error_word(error) : verdict, at);
	text_add(&result, text_str(&data));
	text_free(&data);
	text_free(&trailers);
	return result;
}

/* In all cuts, the trailer lines are those that were sent. */
Test(chunked, trailers_are_given_back)
{
	static const char body[] = "3\r\nabc\r\n0\r\nX: y\r\nEmpty:\r\nV:\t a b \t\r\n\r\nGET";
	for (size_t cut = 1; cut < sizeof body; cut++) {
		struct http_chunked c = {0};
		struct text lines = {0};
		struct str segment, rest;
		struct http_field field;
		enum http_error error;
		enum http_chunked_result read = HTTP_CHUNKED_MORE;
		for (size_t at = 0, used; read != HTTP_CHUNKED_END; at += used) {
			size_t end = at < cut ? cut : sizeof body - 1;
			read = http_chunked_read(&c, body + at, end - at, &used, &segment, &error);
			cr_assert_neq(read, HTTP_CHUNKED_BAD);
			if (read == HTTP_CHUNKED_TRAILERS)
				text_add(&lines, segment);
		}
		rest = text_str(&lines);
		static const char *const wanted[][2] = {{"X", "y"}, {"Empty", ""}, {"V", "a b"}};
		for (size_t i = 0; i < 3; i++) {
			cr_assert(http_next_trailer(&rest, &field), "cut at %zu", cut);
			cr_assert(str_equal(field.name, str_of(wanted[i][0])));
			cr_assert(str_equal(field.value, str_of(wanted[i][1])), "cut at %zu", cut);
		}
		cr_assert_not(http_next_trailer(&rest, &field));
		text_free(&lines);
	}
}

Test(chunked, which_trailers_are_safe)
{
	static const char *const safe[] = {"X-Sum", "grpc-status", "Server-Timing", "ETag", "Contents", "Ifx", "Hosts", "T"};
	static const char *const unsafe[] = {"Host", "HOST", "te", "Content-Length", "content_length", "Content-Digest",
		"If-Match", "Transfer-Encoding", "Transfer_Encoding", "Authorization", "Cookie", "Cookie2", "Set-Cookie",
		"Proxy-Authorization", "Connection", "X-Forwarded-For", "x_forwarded_host", "Forwarded", "Content-", "Trailer"};
	for (size_t i = 0; i < sizeof safe / sizeof *safe; i++)
		cr_expect(http_trailer_is_safe(str_of(safe[i])), "%s", safe[i]);
	for (size_t i = 0; i < sizeof unsafe / sizeof *unsafe; i++)
		cr_expect_not(http_trailer_is_safe(str_of(unsafe[i])), "%s", unsafe[i]);
}

Test(chunked, verdicts)
{
	for (size_t i = 0; i < CHUNKED_CASES; i++) {
		const struct chunked_case *c = &chunked_cases[i];
		struct text got = chunked_describe(c->input, c->input.n, 1);
		struct str colon = text_str(&got), data = str_of(c->data);
		bool same = str_starts_with(colon, str_of(c->verdict)) && colon.n >= data.n + 2 &&
			    memcmp(colon.p + colon.n - data.n - 2, ": ", 2) == 0 &&
			    (data.n == 0 || memcmp(colon.p + colon.n - data.n, data.p, data.n) == 0);
		cr_expect(same, "%s, input\n%.*s\nmust be %s with '%s', but is %.*s", c->row, (int)c->input.n,
			c->input.p, c->verdict, c->data, (int)got.n, got.data);
		text_free(&got);
	}
}

Test(chunked, cuts_do_not_matter)
{
	for (size_t i = 0; i < CHUNKED_CASES; i++) {
		const struct chunked_case *c = &chunked_cases[i];
		struct text whole = chunked_describe(c->input, c->input.n, 1);
		for (size_t first = 1; first < c->input.n; first++)
			for (size_t size = 1; size < 4096; size *= 8) {
				struct text cut = chunked_describe(c->input, first, size);
				cr_expect(str_equal(text_str(&whole), text_str(&cut)), "%s: %.*s, but %.*s at %zu, %zu",
					c->row, (int)whole.n, whole.data, (int)cut.n, cut.data, first, size);
				text_free(&cut);
			}
		text_free(&whole);
	}
}

Test(chunked, the_end_leaves_the_next_message)
{
	struct http_chunked c = {0};
	static const char bytes[] = "0\r\n\r\nGET /";
	struct str segment;
	enum http_error error;
	size_t used;
	cr_assert_eq(http_chunked_read(&c, bytes, sizeof bytes - 1, &used, &segment, &error), HTTP_CHUNKED_END);
	cr_assert_eq(used, 5);
}

static void chunked_expect(
	const char *row, const char *before, char filler, size_t count, const char *after, const char *verdict)
{
	struct text input = {0};
	text_add_c(&input, before);
	for (size_t i = 0; i < count; i++)
		text_add_char(&input, filler);
	text_add_c(&input, after);
	for (size_t size = 1; size <= input.n; size = size * 3 + 1) {
		struct text got = chunked_describe(text_str(&input), size, size);
		cr_expect(str_starts_with(text_str(&got), str_of(verdict)), "%s, %zu x '%c': %.*s", row, count, filler,
			(int)got.n, got.data);
		text_free(&got);
	}
	text_free(&input);
}

Test(chunked, size_line_limit)
{
	/* 5;a= and CR LF are 6 bytes. */
	chunked_expect("CH9", "5;a=", 'b', HTTP_CHUNK_LINE_MAX - 6, "\r\nhello\r\n0\r\n\r\n", "end");
	chunked_expect("CH9", "5;a=", 'b', HTTP_CHUNK_LINE_MAX - 5, "\r\nhello\r\n0\r\n\r\n", "bad_chunk at 1024");
	chunked_expect("CH9", "5;a=\"", 'b', 70000, "", "bad_chunk at 1024");
	chunked_expect("CH9", "0", '0', 70000, "", "bad_chunk at 16");
}

Test(chunked, trailers_limit)
{
	/* X: and two line ends are 6 bytes and a blank. */
	chunked_expect("CH14", "0\r\nX: ", 'y', HTTP_TRAILERS_MAX - 7, "\r\n\r\n", "end");
	chunked_expect("CH14", "0\r\nX: ", 'y', HTTP_TRAILERS_MAX - 6, "\r\n\r\n", "bad_trailer");
	chunked_expect("CH14", "0\r\nX: ", 'y', 100000, "", "bad_trailer");
}

Test(chunked, written_sizes_are_read_again)
{
	static const struct {
		uint64_t n;
		const char *text;
	} cases[] = {{1, "1\r\n"}, {15, "f\r\n"}, {16, "10\r\n"}, {255, "ff\r\n"}, {256, "100\r\n"},
		{0x12345678, "12345678\r\n"}, {UINT64_C(1) << 62, "4000000000000000\r\n"},
		{UINT64_MAX, "ffffffffffffffff\r\n"}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char out[HTTP_CHUNK_HEAD_ROOM];
		size_t n = http_chunk_head(out, cases[i].n);
		cr_expect(str_equal(str_make(out, n), str_of(cases[i].text)), "%s: %.*s", cases[i].text, (int)n, out);
	}
}

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
	struct text data = {0}, result = {0};
	enum http_chunked_result read = HTTP_CHUNKED_MORE;
	enum http_error error = HTTP_ERROR_NONE;
	size_t at = 0;
	for (size_t piece = first; at < input.n && (read == HTTP_CHUNKED_MORE || read == HTTP_CHUNKED_DATA);
		piece = size) {
		size_t n = piece < input.n - at ? piece : input.n - at, done = 0, used;
		char *copy = malloc(n);
		struct str segment;
		memcpy(copy, input.p + at, n);
		do {
			read = http_chunked_read(&c, copy + done, n - done, &used, &segment, &error);
			cr_assert_leq(used, n - done);
			cr_assert_eq(read == HTTP_CHUNKED_DATA, segment.n > 0);
			text_add(&data, segment);
			done += used;
		} while (read == HTTP_CHUNKED_DATA);
		free(copy);
		at += done;
	}
	const char *verdict = read == HTTP_CHUNKED_MORE ? "more" : "end";
	text_format(&result, "%s at %zu: ", read == HTTP_CHUNKED_BAD ? http_error_word(error) : verdict, at);
	text_add(&result, text_str(&data));
	text_free(&data);
	return result;
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

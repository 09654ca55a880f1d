/* Limits and early refusals of the search for the end of a head. */
#include "support/http_reading.h"

#include <criterion/criterion.h>

struct scan_case {
	const char *row, *before;
	size_t count; /* of the filler between before and after */
	const char *filler, *after, *verdict;
};

/* 482: the head is 500 bytes with "GET / HTTP/1.1", two line ends, and the field lines. */
static const struct http_limits scan_limits = {.line = 100, .head = 482, .fields = 20};

/* The fields' number is judged by the scan, the head's size first where both are exceeded. */
static const struct scan_case scan_cases[] = {
	{"RL24", "GET /", 100 - 14, "x", " HTTP/1.1\r\nHost: a\r\n\r\n", "head 0 to "},
	{"RL24", "GET /", 100 - 13, "x", " HTTP/1.1\r\nHost: a\r\n\r\n", "request_line_too_long at 102\n"},
	{"LL1", "GET /", 100000, "x", "", "request_line_too_long at 102\n"},
	{"LL1", "", 100000, "M", "", "request_line_too_long at 102\n"},
	{"LL1", "\r\n\r\n", 100000, "M", "", "request_line_too_long at 106\n"},
	{"LL1", "GET /\x01", 100000, "x", "", "bad_request_line at 5\n"},
	{"HD12", "GET / HTTP/1.1\r\nHost: a\r\n", 500 - 29, "x", ":\r\n\r\n", "head_too_large at 500\n"},
	{"HD12", "GET / HTTP/1.1\r\nHost: a\r\nX:", 500 - 31, "x", "\r\n\r\n", "head 0 to 500, 3 lines\n"},
	{"HD12", "GET / HTTP/1.1\r\nHost: a\r\nX:", 500 - 30, "x", "\r\n\r\n", "head_too_large at 500\n"},
	{"HD12", "\r\nGET / HTTP/1.1\r\nHost: a\r\nX:", 500 - 31, "x", "\r\n\r\n", "head 2 to 502, 3 lines\n"},
	{"HD12", "GET / HTTP/1.1\r\nHost: a\r\nX:", 100000, "x", "", "head_too_large at 500\n"},
	{"HD12", "GET /abcde HTTP/1.1\r\nHost: a\r\nX:", 500 - 31, "x", "\r\n\r\n", "head 0 to 505, 3 lines\n"},
	{"HD12", "GET /abcde HTTP/1.1\r\nHost: a\r\nX:", 500 - 30, "x", "\r\n\r\n", "head_too_large at 505\n"},
	{"HD12", "GET / HTTP/1.1\r\nHost: a\r\n", 19, "X:y\r\n", "\r\n", "head 0 to 122, 21 lines\n"},
	{"HD12", "GET / HTTP/1.1\r\nHost: a\r\n", 20, "X:y\r\n", "\r\n", "too_many_fields at 120\n"},
	{"LL1", "GET / HTTP/1.1\r\nHost: a\r\n", 100000, "X:\r\n", "", "too_many_fields at 101\n"},
	{"LL1", "GET / HTTP/1.1\r\nHost: a\r\n", 100000, " x\r\n", "", "too_many_fields at 101\n"},
	{"LL2", "", 100000, "\r\n", "", "bad_request_line at 8\n"},
	{"LL1", "", 100000, "\n", "", "bad_line_end at 0\n"},
};

static struct text scan_describe(const struct scan_case *c, uint8_t piece)
{
	struct text data = {0}, description = {0};
	struct http_reading reading;
	text_add_c(&data, c->before);
	for (size_t i = 0; i < c->count; i++)
		text_add_c(&data, c->filler);
	text_add_c(&data, c->after);
	struct http_input input = {.is_request = true,
		.data = text_str(&data),
		.limits = scan_limits,
		.pieces = &piece,
		.piece_count = piece > 0};
	http_reading_run(&reading, &input);
	http_reading_describe(&reading, &input, &description);
	http_reading_free(&reading);
	text_free(&data);
	return description;
}

Test(head_scan, limits)
{
	for (size_t i = 0; i < sizeof scan_cases / sizeof *scan_cases; i++)
		for (unsigned piece = 0; piece < 256; piece = piece * 3 + 1) {
			struct text got = scan_describe(&scan_cases[i], (uint8_t)piece);
			cr_expect(str_starts_with(text_str(&got), str_of(scan_cases[i].verdict)),
				"%s: '%s' and %zu times '%s' in pieces of %u must be %s but is %.*s", scan_cases[i].row,
				scan_cases[i].before, scan_cases[i].count, scan_cases[i].filler, piece,
				scan_cases[i].verdict, (int)got.n, got.data);
			text_free(&got);
		}
}

Test(head_scan, a_response_has_no_line_limit_of_its_own)
{
	struct text data = {0}, description = {0};
	struct http_reading reading;
	text_add_c(&data, "HTTP/1.1 200 ");
	for (int i = 0; i < 300; i++)
		text_add_char(&data, 'x');
	text_add_c(&data, "\r\n\r\n");
	struct http_input input = {.data = text_str(&data), .limits = scan_limits};
	http_reading_run(&reading, &input);
	http_reading_describe(&reading, &input, &description);
	cr_expect(str_starts_with(text_str(&description), str_of("head 0 to 317, 1 lines")), "%.*s", (int)description.n,
		description.data);
	http_reading_free(&reading);
	text_free(&data);
	text_free(&description);
}

/* Each call looks at the new bytes, and at most at one old one. */
Test(head_scan, resumes_where_it_stopped)
{
	static const char head[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
	struct http_scan scan = {0};
	size_t end;
	enum http_error error;
	for (size_t n = 1; n < sizeof head - 1; n++) {
		cr_assert_eq(http_scan_head(&scan, true, head, n, &scan_limits, &end, &error), HTTP_SCAN_MORE);
		cr_assert_geq(scan.at + 1, n);
		cr_assert_eq(scan.lines, (uint32_t)(n >= 16) + (n >= 25));
	}
	cr_assert_eq(
		http_scan_head(&scan, true, head, sizeof head - 1, &scan_limits, &end, &error), HTTP_SCAN_COMPLETE);
	cr_assert_eq(end, sizeof head - 1);
}

#include "wire/frame.h"

#include <criterion/criterion.h>
#include <string.h>

struct frame_text {
	char text[256];
	size_t len;
};

static void frame_take(void *arg, const char *bytes, size_t len)
{
	struct frame_text *out = arg;

	cr_assert_lt(out->len + len, sizeof out->text);
	memcpy(out->text + out->len, bytes, len);
	out->len += len;
}

static const struct {
	const char *in, *body, *rest;
	bool end;
} frame_cases[] = {
	{"\n> ", "\n", "", true}, /* silent success */
	{"admin\n\n> next", "admin\n\n", "next", true},
	{"short\n> ", "short\n", "", true}, /* without the empty line */
	{"Key: a > b\n\n> ", "Key: a > b\n\n", "", true},
	{"> not yet\n\n> ", "> not yet\n\n", "", true}, /* a body may begin so */
	{"a\n>b\n\n> ", "a\n>b\n\n", "", true},
	{"a\n>\n\n> ", "a\n>\n\n", "", true},
	{"a\n>>> b", "a\n>>> b", "", false},
	{"unfinished", "unfinished", "", false},
	{"", "", "", false},
};

Test(frame, cases_in_any_pieces)
{
	for (size_t piece = 1; piece < 8; piece++)
		for (size_t i = 0; i < sizeof frame_cases / sizeof *frame_cases; i++) {
			struct frame frame;
			struct frame_text out = {0};
			size_t len = strlen(frame_cases[i].in), at = 0;
			bool end = false;
			frame_begin(&frame, FRAME_PROMPT);
			while (at < len && !end)
				at += frame_feed(&frame, frame_cases[i].in + at, piece < len - at ? piece : len - at,
					frame_take, &out, &end);
			out.text[out.len] = '\0';
			cr_expect_eq(end, frame_cases[i].end, "case %zu in pieces of %zu", i, piece);
			cr_expect_str_eq(
				out.text, frame_cases[i].body, "case %zu in pieces of %zu: '%s'", i, piece, out.text);
			cr_expect_str_eq(frame_cases[i].in + at, frame_cases[i].rest, "case %zu", i);
		}
}

Test(frame, the_last_reply_has_no_end_but_the_streams)
{
	struct frame frame;
	struct frame_text out = {0};
	bool end;

	frame_begin(&frame, FRAME_TO_EOF);
	cr_expect_eq(frame_feed(&frame, "a\n\n> b\n> ", 9, frame_take, &out, &end), 9);
	cr_expect_not(end);
	cr_expect_eq(out.len, 9);
}

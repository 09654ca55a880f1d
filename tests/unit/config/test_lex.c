#include "config.h"

#include <criterion/criterion.h>

#include "config/lex.h"

/* A token as "kind:text@line", an error as its message. */
static void lex_write(const struct lex_token *t, struct text *out)
{
	switch (t->kind) {
	case LEX_END:
		text_format(out, "end@%u", t->line);
		break;
	case LEX_NAME:
		text_format(out, "%.*s@%u ", (int)t->raw.n, t->raw.p, t->line);
		break;
	case LEX_BOOL:
	case LEX_INT:
		text_format(out, "%s%lld@%u ", t->kind == LEX_BOOL ? "bool:" : "", (long long)t->integer, t->line);
		break;
	case LEX_FLOAT:
		text_format(out, "float@%u ", t->line);
		break;
	case LEX_TEXT:
	case LEX_INCLUDE:
		text_format(out, "%s<%.*s>@%u ", t->kind == LEX_INCLUDE ? "include" : "", (int)t->text.n,
			t->text.n ? t->text.data : "", t->line);
		break;
	case LEX_SIGN:
		text_format(out, "%c ", t->sign);
		break;
	case LEX_ERROR:
		text_format(out, "%u: %s", t->line, t->error);
		break;
	}
}

static void lex_expect(struct str bytes, const char *expected)
{
	struct lex lex;
	struct lex_token t = {0};
	struct text out = {0};
	lex_init(&lex, bytes);
	do {
		lex_next(&lex, &t);
		lex_write(&t, &out);
	} while (t.kind != LEX_END && t.kind != LEX_ERROR);
	text_add_char(&out, '\0');
	cr_expect_str_eq(out.data, expected, "of %.*s: %s", (int)bytes.n, bytes.p ? bytes.p : "", out.data);
	text_free(&out);
	text_free(&t.text);
}

Test(lex, tokens)
{
	static const struct {
		const char *bytes, *expected;
	} cases[] = {
		{"", "end@1"},
		{"\n\n", "end@3"},
		{"\xef\xbb\xbf"
		 "a",
			"a@1 end@1"},
		{"a=1;", "a@1 = 1@1 ; end@1"},
		{"a-b_C: { x = [ ], y = ( ) }", "a-b_C@1 : { x@1 = [ ] , y@1 = ( ) } end@1"},
		{"a = TRUE; b = falSe", "a@1 = bool:1@1 ; b@1 = bool:0@1 end@1"},
		{"# c\na // d\r\n/* e\n*/ b", "a@2 b@4 end@4"},
		{"#", "end@1"},
		{"0 -5 +7 1L 2LL 0xff 0X10L", "0@1 -5@1 7@1 1@1 2@1 255@1 16@1 end@1"},
		{"9223372036854775807 -9223372036854775808", "9223372036854775807@1 -9223372036854775808@1 end@1"},
		{"9223372036854775808", "1: 9223372036854775808 is too large for any option"},
		{"99999999999999999999999", "1: 99999999999999999999999 is too large for any option"},
		{"0xffffffffffffffff", "1: 0xffffffffffffffff is too large for any option"},
		{"010", "1: 010 has a leading zero; numbers are decimal, and a text is needed where octal is meant"},
		{"500ms", "1: malformed number 500ms; a text needs quotes, such as \"500ms\""},
		{"1LLL", "1: malformed number 1LLL; a text needs quotes, such as \"500ms\""},
		{"0x", "1: malformed number 0x"},
		{"-", "1: malformed number -"},
		{"1.5 .5 1. 1e5 -1.5E-3", "float@1 float@1 float@1 float@1 float@1 end@1"},
		{"1.2.3", "1: malformed number 1.2.3; a text needs quotes, such as \"500ms\""},
		{"\"a\" \"\"", "<a>@1 <>@1 end@1"},
		{"\"a\\n\\t\\\\\\\"\\x41\\.\"", "<a\n\t\\\"A\\.>@1 end@1"},
		{"\"a\nb\" c", "<a\nb>@1 c@2 end@2"},
		{"\"a\\x00\"", "1: a NUL byte in a text"},
		{"x = \"a\n\n", "x@1 = 1: the text that begins here has no end; close it with a quote"},
		{"\"\\", "1: the text that begins here has no end; close it with a quote"},
		{"\n/* a", "2: the comment that begins here has no end; close it with */"},
		{"  @include \"a b\"", "include<a b>@1 end@1"},
		{"@include x", "1: @include needs a path in quotes, such as @include \"servers.conf\""},
		{"@import", "1: unexpected character '@'"},
		{"a*", "a@1 1: unexpected character '*'"},
		{"a = \xff", "a@1 = 1: unexpected byte 0xff; a configuration is plain text"},
		{"a\x01", "a@1 1: unexpected byte 0x01; a configuration is plain text"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		lex_expect(str_of(cases[i].bytes), cases[i].expected);
}

Test(lex, nul_bytes_are_refused)
{
	lex_expect(str_make("a\n\0b", 4), "a@1 2: a NUL byte; a configuration is plain text");
	lex_expect(str_make("\"a\0\"", 4), "1: a NUL byte in a text");
	lex_expect(str_make("\"a\\\0\"", 5), "1: a NUL byte in a text");
	lex_expect(str_make("1\0", 2), "1@1 1: a NUL byte; a configuration is plain text");
}

Test(lex, a_text_is_bounded)
{
	static char text[70000];
	memset(text, 'x', sizeof(text));
	text[0] = '"';
	lex_expect(str_make(text, sizeof(text)),
		"1: the text that begins here is longer than 65536 bytes; is its closing quote missing?");
}

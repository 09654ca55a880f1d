#include "text/utf8.h"

#include <criterion/criterion.h>
#include <string.h>

struct utf8_case {
	const char *in;
	size_t len;
	const char *out;
};

Test(utf8, sanitize_neutralises_what_a_terminal_would_obey)
{
	static const struct utf8_case cases[] = {
		{"plain", 5, "plain"}, {"\033[31m", 5, "?[31m"}, {"a\0b", 3, "a?b"}, {"\r\n\t\177", 4, "????"},
		{"\302\233m", 3, "?m"},              /* C1 CSI */
		{"\377\376x", 3, "??x"},             /* no UTF-8 at all */
		{"\300\257", 2, "??"},               /* overlong '/' */
		{"\355\240\200", 3, "???"},          /* a surrogate */
		{"\364\220\200\200", 4, "????"},     /* beyond U+10FFFF */
		{"\342\202", 2, "??"},               /* cut */
		{"caf\303\251", 5, "caf\303\251"},   /* e acute */
		{"a\342\200\256b", 5, "ab"},         /* right-to-left override */
		{"a\342\200\213b", 5, "ab"},         /* zero width space */
		{"\346\274\242", 3, "\346\274\242"}, /* a wide character */
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char out[64];
		size_t n = utf8_sanitize(out, sizeof out, cases[i].in, cases[i].len);
		cr_expect_str_eq(out, cases[i].out, "case %zu", i);
		cr_expect_eq(n, strlen(cases[i].out), "case %zu", i);
	}
}

Test(utf8, sanitize_cuts_at_a_code_point)
{
	char out[4];

	cr_expect_eq(utf8_sanitize(out, sizeof out, "ab\303\251", 4), 2);
	cr_expect_str_eq(out, "ab");
	cr_expect_eq(utf8_sanitize(out, 0, "ab", 2), 0);
	cr_expect_eq(utf8_sanitize(out, 1, "ab", 2), 0);
	cr_expect_str_eq(out, "");
}

Test(utf8, width_knows_combining_and_wide)
{
	cr_expect_eq(utf8_width('a'), 1);
	cr_expect_eq(utf8_width(0x301), 0);
	cr_expect_eq(utf8_width(0x6F22), 2);
	cr_expect_eq(utf8_width(0x2588), 1);
	cr_expect_eq(utf8_columns("a\346\274\242e\314\201"), 4);
}

Test(utf8, encode_and_decode_agree)
{
	for (uint32_t cp = 1; cp <= 0x10FFFF; cp += 37) {
		char bytes[4];
		uint32_t back;
		if (cp >= 0xD800 && cp <= 0xDFFF)
			continue;
		size_t n = utf8_encode(cp, bytes);
		cr_assert_eq(utf8_decode(bytes, n, &back), n, "U+%04X", cp);
		cr_assert_eq(back, cp);
	}
}

Test(utf8, ellipsis_takes_the_middle)
{
	static const struct {
		const char *in;
		int cols;
		const char *out;
	} cases[] = {{"short", 10, "short"}, {"short", 5, "short"}, {"api-long-internal", 9, "api-~rnal"},
		{"api-long-internal", 2, "a~"}, {"api-long-internal", 1, "~"}, {"abc", 0, ""},
		{"\346\274\242\346\274\242\346\274\242", 4, "\346\274\242~"}};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char out[64];
		utf8_ellipsis(out, sizeof out, cases[i].in, cases[i].cols, '~');
		cr_expect_str_eq(out, cases[i].out, "case %zu: '%s'", i, out);
		cr_expect_leq(utf8_columns(out), cases[i].cols, "case %zu", i);
	}
}

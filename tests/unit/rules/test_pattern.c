#include "rules/pattern.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

Test(pattern, matches_and_captures)
{
	static const struct {
		const char *pattern, *subject;
		enum pattern_result result;
		const char *capture[3]; /* groups 0, 1, 2; NULL: took no part */
	} cases[] = {
		{"^/api/", "/api/x", PATTERN_MATCH, {"/api/", NULL, NULL}},
		{"^/api/", "/web", PATTERN_NO_MATCH, {NULL, NULL, NULL}},
		{"^/old/(.*)$", "/old/a/b", PATTERN_MATCH, {"/old/a/b", "a/b", NULL}},
		{"(a)|(b)", "b", PATTERN_MATCH, {"b", NULL, "b"}},
		{"()", "", PATTERN_MATCH, {"", "", NULL}},
		{"\\.png$", "x.png", PATTERN_MATCH, {".png", NULL, NULL}},
		{"^(a+)+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaX",
			PATTERN_TOO_COSTLY, {NULL, NULL, NULL}},
	};
	struct pattern_scratch *scratch = pattern_scratch_create();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char error[256];
		struct pattern *p = pattern_compile(cases[i].pattern, error, sizeof error);
		cr_assert(p != NULL, "%s", error);
		cr_expect(eq(int, (int)pattern_match(p, scratch, str_of(cases[i].subject)), (int)cases[i].result), "%s",
			cases[i].pattern);
		for (uint32_t g = 0; g < 3; g++) {
			struct str got = pattern_capture(scratch, g);
			const char *want = cases[i].capture[g];
			cr_expect(want ? got.p && str_equal(got, str_of(want)) : !got.p, "%s group %u",
				cases[i].pattern, g);
		}
		pattern_free(p);
	}
	pattern_scratch_free(scratch);
}

Test(pattern, bytes_that_are_no_text)
{
	char error[256];
	struct pattern_scratch *scratch = pattern_scratch_create();
	struct pattern *p = pattern_compile("^.\\x00.$", error, sizeof error);
	cr_expect(eq(int, (int)pattern_match(p, scratch, str_make("\xff\0\xfe", 3)), (int)PATTERN_MATCH));
	cr_expect(eq(int, (int)pattern_match(p, scratch, str_make(NULL, 0)), (int)PATTERN_NO_MATCH));
	pattern_free(p);
	pattern_scratch_free(scratch);
}

Test(pattern, more_groups_than_room)
{
	char error[256], text[128] = "";
	for (int i = 0; i < 20; i++)
		strcat(text, "(.)");
	struct pattern_scratch *scratch = pattern_scratch_create();
	struct pattern *p = pattern_compile(text, error, sizeof error);
	cr_expect(eq(u32, pattern_groups(p), 20u));
	cr_expect(eq(int, (int)pattern_match(p, scratch, str_of("abcdefghijklmnopqrst")), (int)PATTERN_MATCH));
	cr_expect(str_equal(pattern_capture(scratch, 15), str_of("o")));
	cr_expect(pattern_capture(scratch, 16).p == NULL);
	pattern_free(p);
	pattern_scratch_free(scratch);
}

Test(pattern, a_wrong_one_says_where)
{
	char error[256];
	cr_expect(pattern_compile("^/a(b", error, sizeof error) == NULL);
	cr_expect(strstr(error, "'^/a(b'") && strstr(error, "position 6") && strstr(error, "parenthes"), "%s", error);
}

#include "rules/pattern.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <time.h>

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

/* What strangers can make of a pattern is bounded, whatever the pattern is. */
Test(pattern, a_budget_ends_every_match)
{
	static const char *const patterns[] = {"(?:a|aa)+!$", "[a-z]+\\d", "(?=a*b)", "a*a*a*[0-9]", "^(?:a|b|ab)*c",
		"(a*)\\1[0-9]", "(?<=a)a+[0-9]", "^(\\w+\\s?)*$", "([a-z]|\\w)+;", "(.*)(.*)(.*)(.*)[x]"};
	static char subject[32768];
	struct pattern_scratch *scratch = pattern_scratch_create();
	memset(subject, 'a', sizeof subject);
	/* What a pattern demands somewhere is there, or it would not be tried at all. */
	memcpy(subject + sizeof subject - 8, "?!;cxb?-", 8);
	for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
		char error[256];
		uint32_t budget = PATTERN_BUDGET;
		struct pattern *p = pattern_compile(patterns[i], error, sizeof error);
		struct timespec from, to;
		cr_assert(p != NULL, "%s", error);
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
		enum pattern_result first =
			pattern_match_within(p, scratch, str_make(subject, sizeof subject), &budget);
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
		double ms = (double)(to.tv_sec - from.tv_sec) * 1e3 + (double)(to.tv_nsec - from.tv_nsec) / 1e6;
		cr_expect(ms < 50, "%s: %g ms", patterns[i], ms);
		cr_log_info("%s: %d, %g ms, %u left", patterns[i], (int)first, ms, budget);
		pattern_free(p);
	}
	pattern_scratch_free(scratch);
}

Test(pattern, one_budget_serves_many_matches)
{
	char error[256];
	static char subject[4096];
	uint32_t budget = PATTERN_BUDGET;
	struct pattern_scratch *scratch = pattern_scratch_create();
	struct pattern *p = pattern_compile("[a-z]+\\d", error, sizeof error),
		       *plain = pattern_compile("b", error, sizeof error);
	memset(subject, 'a', sizeof subject);
	cr_expect(eq(int, (int)pattern_match_within(p, scratch, str_make(subject, sizeof subject), &budget),
		(int)PATTERN_TOO_COSTLY));
	cr_expect(eq(u32, budget, 0u));
	cr_expect(eq(int, (int)pattern_match_within(plain, scratch, str_of("b"), &budget), (int)PATTERN_TOO_COSTLY));
	cr_expect(eq(int, (int)pattern_match(plain, scratch, str_of("b")), (int)PATTERN_MATCH));
	pattern_free(p);
	pattern_free(plain);
	pattern_scratch_free(scratch);
}

/* What may still come can change some verdicts, and not others. */
Test(pattern, of_a_beginning)
{
	static const struct {
		const char *pattern, *subject;
		enum pattern_result result;
	} cases[] = {
		{"ready", "not ready", PATTERN_MATCH},
		{"ready", "not yet", PATTERN_MORE},
		{"ready", "rea", PATTERN_MORE},
		{"ready", "", PATTERN_MORE},
		{"^ok", "ok", PATTERN_MATCH},
		{"^ok", "o", PATTERN_MORE},
		{"^ok", "", PATTERN_MORE},
		{"^ok", "no", PATTERN_NO_MATCH},
		{"^ok$", "ok", PATTERN_MORE},
		{"^ok$", "okay", PATTERN_NO_MATCH},
		{"^(?:a|b)+c", "abab", PATTERN_MORE},
		{"^(?:a|b)+c", "ababd", PATTERN_NO_MATCH},
		{"^(?!.*error)", "fine so far", PATTERN_MORE},
		{"^(a+)+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", PATTERN_TOO_COSTLY},
	};
	struct pattern_scratch *scratch = pattern_scratch_create();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char error[256];
		struct pattern *p = pattern_compile(cases[i].pattern, error, sizeof error);
		cr_assert_not_null(p, "%s", error);
		cr_expect_eq(pattern_match_beginning(p, scratch, str_of(cases[i].subject)), cases[i].result, "%s on %s",
			cases[i].pattern, cases[i].subject);
		pattern_free(p);
	}
	pattern_scratch_free(scratch);
}

#include "base/str.h"

#include <criterion/criterion.h>
#include <stdio.h>

Test(str, compares)
{
	static const struct {
		const char *a, *b;
		bool equal, nocase, starts;
	} cases[] = {
		{"", "", true, true, true},
		{"a", "", false, false, true},
		{"", "a", false, false, false},
		{"abc", "abc", true, true, true},
		{"abc", "aBC", false, true, false},
		{"abcd", "abc", false, false, true},
		{"@", "`", false, false, false},
		{"[", "{", false, false, false},
		{"\xc3\x84", "\xc3\xa4", false, false, false},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct str a = str_of(cases[i].a), b = str_of(cases[i].b);
		cr_assert_eq(str_equal(a, b), cases[i].equal, "%s %s", a.p, b.p);
		cr_assert_eq(str_equal_nocase(a, b), cases[i].nocase, "%s %s", a.p, b.p);
		cr_assert_eq(str_starts_with(a, b), cases[i].starts, "%s %s", a.p, b.p);
	}
	cr_assert(str_equal(str_make(NULL, 0), str_of("")));
	cr_assert(str_starts_with(str_make(NULL, 0), str_make(NULL, 0)));
	cr_assert_not(str_equal(str_make("a\0b", 3), str_make("a\0c", 3)));
}

Test(str, trims_blanks_and_tabs_only)
{
	static const char *const cases[][2] = {
		{"", ""}, {" ", ""}, {"\t \t", ""}, {" a b ", "a b"}, {"\ra\n", "\ra\n"}, {"a\t", "a"}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		cr_assert(str_equal(str_trim(str_of(cases[i][0])), str_of(cases[i][1])), "case %zu", i);
	cr_assert_eq(str_trim(str_make(NULL, 0)).n, 0u);
}

Test(str, cuts_lists)
{
	static const char *const cases[][2] = {{"", "<>"}, {"a", "<a>"}, {"a,b", "<a><b>"}, {" a , b ", "<a><b>"},
		{",", "<><>"}, {"a,,b,", "<a><><b><>"}, {"\t,x", "<><x>"}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct str list = str_of(cases[i][0]), element;
		char out[64] = "";
		while (str_next_element(&list, &element))
			snprintf(out + strlen(out), sizeof out - strlen(out), "<%.*s>", (int)element.n, element.p);
		cr_assert_str_eq(out, cases[i][1]);
	}
}

Test(str, reads_numbers_strictly)
{
	static const struct {
		const char *text;
		uint64_t max, value;
		bool ok;
	} cases[] = {
		{"0", UINT64_MAX, 0, true},
		{"007", UINT64_MAX, 7, true},
		{"18446744073709551615", UINT64_MAX, UINT64_MAX, true},
		{"18446744073709551616", UINT64_MAX, 0, false},
		{"99999999999999999999999", UINT64_MAX, 0, false},
		{"65535", 65535, 65535, true},
		{"65536", 65535, 0, false},
		{"0", 0, 0, true},
		{"1", 0, 0, false},
		{"9", 8, 0, false},
		{"10", 9, 0, false},
		{"", 9, 0, false},
		{"+1", 9, 0, false},
		{"-1", 9, 0, false},
		{" 1", 9, 0, false},
		{"1 ", 9, 0, false},
		{"1a", 99, 0, false},
		{"0x1", 99, 0, false},
		{"\xb2", 99, 0, false},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint64_t value = 4711;
		cr_assert_eq(str_to_u64(str_of(cases[i].text), cases[i].max, &value), cases[i].ok, "%s", cases[i].text);
		cr_assert_eq(value, cases[i].ok ? cases[i].value : 4711, "%s", cases[i].text);
	}
}

#include "admin/command_line.h"

#include <criterion/criterion.h>
#include <stdio.h>

struct line_case {
	const char *line, *expected; /* words in <>, commands apart by | */
};

static const struct line_case line_cases[] = {
	{"", ""},
	{"a", "<a>|"},
	{"  show \t stat  ", "<show><stat>|"},
	{"a\r", "<a>|"},
	{"a;b", "<a>|<b>|"},
	{"a ; b c ;", "<a>|<b><c>|"},
	{";", "|"},
	{"a;;b", "<a>||<b>|"},
	{"a\\;b", "<a;b>|"},
	{"a\\\\;b", "<a\\>|<b>|"},
	{"a\\ b", "<a b>|"},
	{"\\#a", "<#a>|"},
	{"a\\", "<a\\>|"},
	{"a # b; c", "<a>|"},
	{"a #b c", "<a>|"},
	{"# a", "|"},
	{"a;# b", "<a>||"},
	{"get weight #5/#1 # x", "<get><weight><#5/#1>|"},
	{"a\"b;c\"", "<a\"b>|<c\">|"},
	{"a#b", "<a#b>|"},
};

Test(command_line, table)
{
	for (size_t i = 0; i < sizeof line_cases / sizeof line_cases[0]; i++) {
		char line[64], got[256] = "";
		struct command_words words;
		size_t offset = 0, n = strlen(line_cases[i].line), at = 0;
		memcpy(line, line_cases[i].line, n);
		while (command_line_next(line, n, &offset, &words)) {
			for (uint32_t w = 0; w < words.count; w++)
				at += (size_t)snprintf(
					got + at, sizeof got - at, "<%.*s>", (int)words.at[w].n, words.at[w].p);
			at += (size_t)snprintf(got + at, sizeof got - at, "|");
		}
		cr_expect_str_eq(got, line_cases[i].expected, "%s: got %s", line_cases[i].line, got);
	}
}

Test(command_line, keeps_the_first_words)
{
	char line[400];
	struct command_words words;
	size_t offset = 0;
	memset(line, ' ', sizeof line);
	for (int i = 0; i < 200; i++)
		line[i * 2] = 'x';
	cr_assert(command_line_next(line, sizeof line, &offset, &words));
	cr_assert_eq(words.count, COMMAND_WORDS_MAX);
	cr_assert_not(command_line_next(line, sizeof line, &offset, &words));
}

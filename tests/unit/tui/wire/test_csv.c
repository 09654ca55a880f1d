#include "wire/csv.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

/* Rows as text: fields in brackets, a row a line. */
struct csv_result {
	char text[4096];
	size_t len;
	unsigned rows, stop_after;
};

static bool csv_take(void *arg, const struct csv_row *row)
{
	struct csv_result *result = arg;

	for (size_t i = 0; i < row->fields; i++)
		result->len += (size_t)snprintf(result->text + result->len, sizeof result->text - result->len, "[%.*s]",
			(int)(row->offset[i + 1] - row->offset[i]), row->text + row->offset[i]);
	result->len += (size_t)snprintf(result->text + result->len, sizeof result->text - result->len, "\n");
	return ++result->rows != result->stop_after;
}

static const struct {
	const char *in, *out;
	bool dropped;
} csv_cases[] = {
	{"a,b,c\n", "[a][b][c]\n", false},
	{"a,,\n", "[a][][]\n", false},
	{"\n", "[]\n", false},
	{"a,b\r\nc,d\r\n", "[a][b]\n[c][d]\n", false},
	{"\"a,b\",c\n", "[a,b][c]\n", false},
	{"\"say \"\"hi\"\"\",c\n", "[say \"hi\"][c]\n", false},
	{"\"two\nlines\",x\n", "[two\nlines][x]\n", false},
	{"a\"b,c\"d\n", "[a\"b][c\"d]\n", false},
	{"\"a\"b,c\n", "[ab][c]\n", false},
	{"\"a\"\r\n", "[a]\n", false},
	{"\"\",\"\"\n", "[][]\n", false},
	{"a,b\nc,d", "[a][b]\n", true},
	{"a,\"open\n", "", true},
	{"", "", false},
};

Test(csv, cases_in_any_pieces)
{
	for (size_t piece = 1; piece < 8; piece++)
		for (size_t i = 0; i < sizeof csv_cases / sizeof *csv_cases; i++) {
			struct csv_result result = {0};
			struct csv csv;
			size_t len = strlen(csv_cases[i].in);
			cr_assert(csv_init(&csv, csv_take, &result));
			for (size_t at = 0; at < len; at += piece)
				csv_feed(&csv, csv_cases[i].in + at, at + piece < len ? piece : len - at);
			cr_expect_eq(csv_finish(&csv), csv_cases[i].dropped, "case %zu", i);
			cr_expect_str_eq(result.text, csv_cases[i].out, "case %zu: %s", i, result.text);
			csv_free(&csv);
		}
}

static bool csv_measure(void *arg, const struct csv_row *row)
{
	size_t *longest = arg;

	for (size_t i = 0; i < row->fields; i++)
		if (row->offset[i + 1] - row->offset[i] > *longest)
			*longest = row->offset[i + 1] - row->offset[i];
	cr_expect_leq(row->fields, (size_t)CSV_COLUMNS_MAX);
	return true;
}

Test(csv, a_field_of_a_megabyte_and_a_row_of_a_thousand_are_cut)
{
	struct csv csv;
	size_t longest = 0;

	cr_assert(csv_init(&csv, csv_measure, &longest));
	for (int i = 0; i < 1 << 20; i++)
		csv_feed(&csv, "x", 1);
	csv_feed(&csv, ",tail\n", 6);
	cr_expect_eq(longest, (size_t)CSV_FIELD_MAX);
	for (int i = 0; i < 1000; i++)
		csv_feed(&csv, "yy,", 3);
	csv_feed(&csv, "\n", 1);
	cr_expect_not(csv_finish(&csv));
	csv_free(&csv);
}

Test(csv, a_callback_ends_the_parsing)
{
	struct csv_result result = {.stop_after = 2};
	struct csv csv;

	cr_assert(csv_init(&csv, csv_take, &result));
	csv_feed(&csv, "a\nb\nc\nd", 7);
	cr_expect_str_eq(result.text, "[a]\n[b]\n");
	cr_expect_not(csv_finish(&csv), "what comes behind the end is nobody's row");
	csv_free(&csv);
}

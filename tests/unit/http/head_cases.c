/* The loops over the tables of heads. A failure names the row and prints the input. */
#include "unit/http/head_cases.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static struct http_input case_input(bool is_request, const struct head_case *c)
{
	return (struct http_input){
		.is_request = is_request, .method = c->method, .data = c->input, .limits = http_reading_limits};
}

static struct text case_describe(const struct http_input *input)
{
	struct http_reading reading;
	struct text description = {0};
	http_reading_run(&reading, input);
	http_reading_describe(&reading, input, &description);
	http_reading_free(&reading);
	return description;
}

/* Whether text holds these whole lines, one behind the other. */
static bool case_holds_lines(struct str text, const char *lines)
{
	struct text sought = {0};
	text_format(&sought, "\n%s\n", lines);
	bool holds = memmem(text.p, text.n, sought.data, sought.n) != NULL;
	text_free(&sought);
	return holds;
}

static bool case_verdict_is(const struct head_case *c, struct str description)
{
	struct text sought = {0};
	bool is_ok = strcmp(c->verdict, "ok") == 0;
	if (is_ok)
		text_add_c(&sought, "head ");
	else
		text_format(&sought, strcmp(c->verdict, "more") ? "%s at " : "%s\n", c->verdict);
	bool is = str_starts_with(description, text_str(&sought));
	text_free(&sought);
	return is &&
	       (!is_ok || !*c->want || strncmp(c->want, "head ", 5) == 0 || case_holds_lines(description, c->want));
}

void head_cases_check_verdicts(bool is_request, const struct head_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct http_input input = case_input(is_request, &cases[i]);
		struct text description = case_describe(&input);
		cr_expect(case_verdict_is(&cases[i], text_str(&description)),
			"%s, input\n%.*s\nmust be %s with '%s', but is\n%.*s", cases[i].row, (int)cases[i].input.n,
			cases[i].input.p, cases[i].verdict, cases[i].want, (int)description.n, description.data);
		if (strncmp(cases[i].want, "head ", 5) == 0)
			cr_expect(str_starts_with(text_str(&description), str_of(cases[i].want)), "%s: %.*s",
				cases[i].row, (int)description.n, description.data);
		text_free(&description);
	}
}

static void case_check_pieces(
	const struct head_case *c, struct http_input input, struct str whole, const uint8_t *pieces, size_t count)
{
	input.pieces = pieces;
	input.piece_count = count;
	struct text description = case_describe(&input);
	cr_expect(str_equal(whole, text_str(&description)), "%s, input\n%.*s\npieces %d %d: %.*s\nwhole: %.*s", c->row,
		(int)c->input.n, c->input.p, pieces[0], pieces[count - 1], (int)description.n, description.data,
		(int)whole.n, whole.p);
	text_free(&description);
}

void head_cases_check_cuts(bool is_request, const struct head_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct http_input input = case_input(is_request, &cases[i]);
		struct text whole = case_describe(&input);
		for (size_t cut = 1; cut < input.data.n && cut < 256; cut++)
			case_check_pieces(&cases[i], input, text_str(&whole), (uint8_t[]){(uint8_t)cut, 0, 0}, 3);
		for (uint8_t size = 1; size < 8; size++)
			case_check_pieces(&cases[i], input, text_str(&whole), &size, 1);
		text_free(&whole);
	}
}

void head_cases_check_round_trips(bool is_request, const struct head_case *cases, size_t n)
{
	unsigned done = 0;
	for (size_t i = 0; i < n; i++) {
		struct http_input input = case_input(is_request, &cases[i]);
		struct http_reading reading;
		http_reading_run(&reading, &input);
		if (reading.scan == HTTP_SCAN_COMPLETE && !reading.error) {
			const char *fault = http_reading_round_trip(&reading, &input);
			cr_expect_null(fault, "%s, input\n%.*s\n%s", cases[i].row, (int)cases[i].input.n,
				cases[i].input.p, fault);
			done++;
		}
		http_reading_free(&reading);
	}
	cr_assert_gt(done, n / 10);
}

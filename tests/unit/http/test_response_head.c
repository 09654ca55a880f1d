/* Responses: the table of requirements, whole, in all cuts, and after a round trip. */
#include "http/head.h"
#include "unit/http/head_cases.h"

#include <criterion/criterion.h>

static const struct head_case response_cases[] = {
#define CASE(row, method, input, verdict, want) {row, HTTP_METHOD_##method, {input, sizeof(input) - 1}, verdict, want},
#include "unit/http/response_cases.def"
#undef CASE
};

enum { RESPONSE_CASES = sizeof response_cases / sizeof *response_cases };

Test(response_head, verdicts)
{
	head_cases_check_verdicts(false, response_cases, RESPONSE_CASES);
}

Test(response_head, cuts_do_not_matter)
{
	head_cases_check_cuts(false, response_cases, RESPONSE_CASES);
}

Test(response_head, round_trips)
{
	head_cases_check_round_trips(false, response_cases, RESPONSE_CASES);
}

Test(response_head, a_101_must_be_one_of_the_protocols_asked_for)
{
	static const struct {
		const char *asked, *given;
		bool match;
	} cases[] = {
		{"websocket", "websocket", true},
		{"websocket", "WebSocket", true},
		{"a/1, b", "b", true},
		{"a/1, b", "b, a/1", true},
		{"a/1, b", "a", false},
		{"websocket", "", false},
		{"", "websocket", false},
		{"websocket", "websocket, x", false},
		{"websocket", "x", false},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		cr_expect_eq(http_upgrade_matches(str_of(cases[i].asked), str_of(cases[i].given)), cases[i].match,
			"%s, %s", cases[i].asked, cases[i].given);
}

/* What is checked of each case of a head table. */
#ifndef LBD_TESTS_HEAD_CASES_H
#define LBD_TESTS_HEAD_CASES_H

#include "support/http_reading.h"

struct head_case {
	const char *row; /* of the table of requirements */
	enum http_method method;
	struct str input;
	const char *verdict; /* "ok", "more", or the word of the refusal */
	const char *want;    /* whole lines of the description, for "ok" */
};

void head_cases_check_verdicts(bool is_request, const struct head_case *cases, size_t n);
/* The result is the same for every place of one cut, and for pieces of 1 to 7 bytes. */
void head_cases_check_cuts(bool is_request, const struct head_case *cases, size_t n);
void head_cases_check_round_trips(bool is_request, const struct head_case *cases, size_t n);

#endif

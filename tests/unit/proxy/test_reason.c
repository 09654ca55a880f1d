#include "proxy/reason.h"

#include <criterion/criterion.h>
#include <ctype.h>
#include <string.h>

/* Counters, logs and the console key on these words. */
Test(reason, words_are_unique_lower_case_and_explained)
{
	for (int i = 0; i < REASON_COUNT; i++) {
		const char *word = reason_word((enum reason)i);
		cr_assert_gt(strlen(reason_help((enum reason)i)), 10u, "%s", word);
		for (const char *c = word; i != REASON_NONE && *c; c++)
			cr_assert(islower((unsigned char)*c) || *c == '_', "%s", word);
		for (int k = 0; k < i; k++)
			cr_assert_str_neq(word, reason_word((enum reason)k));
	}
	cr_assert_str_eq(reason_word(REASON_NONE), "-");
}

Test(reason, causes_and_statuses_are_what_haproxy_would_say)
{
	for (int i = 0; i < REASON_COUNT; i++) {
		unsigned status = reason_status((enum reason)i);
		cr_assert_not_null(
			strchr("CcSsPLRIDUK-", reason_cause((enum reason)i)), "%s", reason_word((enum reason)i));
		cr_assert(status == 0 || (status >= 400 && status <= 504), "%s", reason_word((enum reason)i));
	}
	static const struct {
		enum reason reason;
		char cause;
		unsigned status;
	} cases[] = {
		{REASON_NONE, '-', 0},
		{REASON_MALFORMED_REQUEST, 'P', 400},
		{REASON_REQUEST_TIMEOUT, 'c', 408},
		{REASON_CLIENT_CLOSED, 'C', 0},
		{REASON_NO_SERVER, 'S', 503},
		{REASON_QUEUE_TIMEOUT, 's', 503},
		{REASON_CONNECT_FAILED, 'S', 503},
		{REASON_CONNECT_TIMEOUT, 's', 503},
		{REASON_SERVER_CLOSED, 'S', 502},
		{REASON_LEFT_TO_CLIENT, 'S', 0},
		{REASON_STALE_UPSTREAM, 'S', 502},
		{REASON_SERVER_TIMEOUT, 's', 504},
		{REASON_MALFORMED_RESPONSE, 'P', 502},
		{REASON_KILLED, 'K', 503},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		cr_assert_eq(reason_cause(cases[i].reason), cases[i].cause, "%s", reason_word(cases[i].reason));
		cr_assert_eq(reason_status(cases[i].reason), cases[i].status, "%s", reason_word(cases[i].reason));
	}
}

#include "model/state.h"

#include <criterion/criterion.h>

Test(state, words_of_the_socket)
{
	static const struct {
		const char *word;
		enum state state;
		const char *shown;
	} cases[] = {{"UP", STATE_UP, "UP"}, {"UP 1/3", STATE_UP, "UP 1/3"}, {"DOWN", STATE_DOWN, "DOWN"},
		{"DOWN 1/2", STATE_DOWN, "DOWN 1/2"}, {"DOWN (agent)", STATE_DOWN, "DOWN agent"},
		{"DRAIN", STATE_DRAIN, "DRAIN"}, {"MAINT (via a/b)", STATE_MAINT, "MAINT via a/b"},
		{"NOLB 1/2", STATE_NOLB, "NOLB 1/2"}, {"no check", STATE_NOCHECK, "no chk"},
		{"OPEN", STATE_OPEN, "OPEN"}, {"STOP", STATE_STOP, "STOP"}, {"PAUSED", STATE_PAUSED, "PAUSED"},
		{"", STATE_OTHER, ""}, {"brand new", STATE_OTHER, "brand new"}};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char shown[32];
		cr_expect_eq(state_parse(cases[i].word), cases[i].state, "%s", cases[i].word);
		state_format(shown, sizeof shown, cases[i].word);
		cr_expect_str_eq(shown, cases[i].shown);
	}
}

Test(state, breakers)
{
	static const struct {
		const char *word, *label;
		bool trouble;
	} cases[] = {{"", "-", false}, {"-", "-", false}, {"closed", "ok", false}, {"open", "OPEN", true},
		{"half_open", "HALF", true}, {"forced_open", "FORCED", true}, {"forced_closed", "ok (f)", false},
		{"new_word", "?", true}};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		enum breaker breaker = breaker_parse(cases[i].word);
		cr_expect_str_eq(breaker_label(breaker), cases[i].label, "%s", cases[i].word);
		cr_expect_eq(breaker_is_trouble(breaker), cases[i].trouble, "%s", cases[i].word);
	}
}

/* Loops over the rows of states.def and breakers.def. */
#include "model/state.h"

#include <string.h>

struct state_row {
	const char *prefix;
	enum severity severity;
};

static const struct state_row state_rows[] = {
#define STATE(id, word, how) {.prefix = (word), .severity = (how)},
#include "model/states.def"
#undef STATE
};

struct breaker_row {
	const char *word, *label;
	enum severity severity;
	bool trouble;
};

static const struct breaker_row breaker_rows[] = {
	{"-", "-", SEVERITY_OFF, false},
#define BREAKER(id, name, text, how, bad) {.word = (name), .label = (text), .severity = (how), .trouble = (bad)},
#include "model/breakers.def"
#undef BREAKER
};

enum state state_parse(const char *status)
{
	for (int i = 0; i < STATE_OTHER; i++)
		if (strncmp(status, state_rows[i].prefix, strlen(state_rows[i].prefix)) == 0)
			return (enum state)i;
	return STATE_OTHER;
}

const char *state_name(enum state state)
{
	return state == STATE_OTHER ? "other" : state_rows[state].prefix;
}

enum severity state_severity(enum state state)
{
	return state == STATE_OTHER ? SEVERITY_WARN : state_rows[state].severity;
}

void state_format(char *out, size_t cap, const char *status)
{
	size_t n = 0;

	if (strcmp(status, "no check") == 0)
		status = "no chk";
	for (; *status && n + 1 < cap; status++)
		if (*status != '(' && *status != ')')
			out[n++] = *status;
	out[n] = '\0';
}

enum breaker breaker_parse(const char *word)
{
	if (*word == '\0')
		return BREAKER_NONE;
	for (int i = 0; i < BREAKER_OTHER; i++)
		if (strcmp(word, breaker_rows[i].word) == 0)
			return (enum breaker)i;
	return BREAKER_OTHER;
}

const char *breaker_label(enum breaker breaker)
{
	return breaker == BREAKER_OTHER ? "?" : breaker_rows[breaker].label;
}

enum severity breaker_severity(enum breaker breaker)
{
	return breaker == BREAKER_OTHER ? SEVERITY_WARN : breaker_rows[breaker].severity;
}

bool breaker_is_trouble(enum breaker breaker)
{
	return breaker == BREAKER_OTHER || breaker_rows[breaker].trouble;
}

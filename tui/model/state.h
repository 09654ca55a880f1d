/* What a row's status and breaker words mean. Pure functions of text; the words stand in states.def, breakers.def. */
#ifndef TUI_MODEL_STATE_H
#define TUI_MODEL_STATE_H

#include <stdbool.h>
#include <stddef.h>

enum severity { SEVERITY_OK, SEVERITY_WARN, SEVERITY_BAD, SEVERITY_OFF };

enum state {
#define STATE(id, prefix, severity) STATE_##id,
#include "model/states.def"
#undef STATE
	STATE_OTHER
};

enum breaker {
	BREAKER_NONE, /* not configured, or the daemon has none */
#define BREAKER(id, word, label, severity, trouble) BREAKER_##id,
#include "model/breakers.def"
#undef BREAKER
	BREAKER_OTHER
};

enum state state_parse(const char *status);
const char *state_name(enum state state);
enum severity state_severity(enum state state);
/* The status as the screen has it: "no chk" for "no check", no parentheses around "via". */
void state_format(char *out, size_t cap, const char *status);

enum breaker breaker_parse(const char *word);
const char *breaker_label(enum breaker breaker);
enum severity breaker_severity(enum breaker breaker);
/* Not closed, so something is wrong. */
bool breaker_is_trouble(enum breaker breaker);

#endif

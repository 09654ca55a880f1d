/* Commands that change the client's own conversation, nothing else. */
#include "admin/command.h"

#include <stddef.h>

/* So that no timer overflows: 24 days, as in HAProxy. */
#define SESSION_TIMEOUT_MAX_US (UINT64_C(2147483647) * 1000)

enum command_result command_prompt(struct command_call *call)
{
	call->settings->leaving = call->settings->interactive;
	call->settings->interactive = !call->settings->interactive;
	return COMMAND_DONE;
}

enum command_result command_quit(struct command_call *call)
{
	call->settings->quit = true;
	return COMMAND_DONE;
}

enum command_result command_lower_to_user(struct command_call *call)
{
	call->settings->level = CONFIG_LEVEL_USER;
	return COMMAND_DONE;
}

enum command_result command_lower_to_operator(struct command_call *call)
{
	call->settings->level = CONFIG_LEVEL_OPERATOR;
	return COMMAND_DONE;
}

enum command_result command_show_cli_level(struct command_call *call)
{
	text_add_c(call->out, command_level_word(call->settings->level));
	text_add_char(call->out, '\n');
	return COMMAND_DONE;
}

struct session_unit {
	const char *word;
	uint64_t us;
};

/* A number with a unit; without one it is seconds. False: no such form. */
static bool session_parse_delay(struct str s, uint64_t *us)
{
	static const struct session_unit units[] = {{"us", 1}, {"ms", 1000}, {"", 1000000}, {"s", 1000000},
		{"m", 60000000}, {"h", 3600000000}, {"d", 86400000000}};
	size_t digits = 0;
	uint64_t value;
	while (digits < s.n && s.p[digits] >= '0' && s.p[digits] <= '9')
		digits++;
	if (!str_to_u64(str_make(s.p, digits), UINT64_MAX, &value))
		return false;
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
		if (str_equal(str_make(s.p + digits, s.n - digits), str_of(units[i].word))) {
			*us = value > SESSION_TIMEOUT_MAX_US / units[i].us ? SESSION_TIMEOUT_MAX_US
									   : value * units[i].us;
			return true;
		}
	return false;
}

enum command_result command_set_timeout(struct command_call *call)
{
	uint64_t us;
	if (!command_word_is(call, 2, "cli"))
		return command_fail(call, "'set timeout' only supports 'cli'.");
	if (!session_parse_delay(command_word(call, 3), &us))
		return command_fail(call, "Expects an integer value, of seconds or with a unit: us, ms, s, m, h, d.");
	if (us == 0)
		return command_fail(call, "Invalid timeout value: 0. The shortest is 1us.");
	call->settings->timeout_us = us;
	return COMMAND_DONE;
}

enum command_result command_set_severity(struct command_call *call)
{
	static const char *const words[] = {"none", "number", "string"};
	for (int i = SEVERITY_NONE; i <= SEVERITY_STRING; i++)
		if (command_word_is(call, 2, words[i])) {
			call->settings->severity = (enum command_severity)i;
			return COMMAND_DONE;
		}
	return command_fail(call, "'set severity-output' expects 'none', 'number' or 'string'.");
}

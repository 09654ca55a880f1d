/* set maxconn frontend, set maxconn global: how many clients come in, from now on. Sessions above a lower limit go on.
 */
#include "admin/lookup.h"
#include "proxy/admission.h"

enum { SET_MAXCONN_MOST = 100000000 };

/* True: *value is 0 to SET_MAXCONN_MOST. Else the call is answered. */
static bool set_maxconn_value(struct command_call *call, struct str word, const char *missing, uint32_t *value)
{
	uint64_t number;
	size_t sign = word.n && word.p[0] == '-', digits = sign;
	while (digits < word.n && word.p[digits] >= '0' && word.p[digits] <= '9')
		digits++;
	if (digits == sign || digits != word.n) {
		(void)command_fail(call, "%s", missing);
		return false;
	}
	if (sign || !str_to_u64(word, SET_MAXCONN_MOST, &number)) {
		(void)command_fail(call, "Value out of range.");
		return false;
	}
	*value = (uint32_t)number;
	return true;
}

enum command_result command_set_maxconn_frontend(struct command_call *call)
{
	uint32_t value;
	struct str name = command_word(call, 3);
	if (!name.n)
		return command_fail(call, "A frontend name is expected.");
	struct frontend *f = lookup_frontend(call, name);
	if (!f)
		return command_fail(call, "No such frontend.");
	if (!set_maxconn_value(call, command_word(call, 4), "Integer value expected.", &value))
		return COMMAND_DONE;
	places_set_most(&f->places, value);
	return command_changed(call);
}

enum command_result command_set_maxconn_global(struct command_call *call)
{
	uint32_t value;
	struct limits *limits = call->host->limits;
	if (!set_maxconn_value(call, command_word(call, 3), "Expects an integer value.", &value))
		return COMMAND_DONE;
	if (value > limits->sessions_hard)
		return command_fail(call, "Value out of range.");
	places_set_most(&limits->sessions, value ? value : limits->sessions_hard);
	return command_changed(call);
}

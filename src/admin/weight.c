/* get weight, set weight. */
#include "admin/weight.h"

#include "admin/lookup.h"

enum { WEIGHT_MAX = 256, WEIGHT_NUMBER_MAX = 1000000 };

enum command_result command_get_weight(struct command_call *call)
{
	struct server *s = lookup_server(call, 2);
	if (!s)
		return COMMAND_DONE;
	text_format(call->out, "%u (initial %u)\n", (unsigned)s->weight, (unsigned)s->initial_weight);
	return COMMAND_DONE;
}

/* "N" or "N%"; N may have a sign, so that a negative one gets the answer that it deserves. */
static bool weight_parse(struct str s, bool *relative, bool *negative, uint64_t *value)
{
	*negative = s.n && s.p[0] == '-';
	if (*negative)
		s = str_make(s.p + 1, s.n - 1);
	*relative = s.n && s.p[s.n - 1] == '%';
	if (*relative)
		s.n--;
	/* A number that is too long to be kept is above every limit all the same. */
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	if (!str_to_u64(s, WEIGHT_NUMBER_MAX, value))
		*value = WEIGHT_NUMBER_MAX;
	return s.n > 0;
}

static enum command_result weight_refuse(struct command_call *call, struct str s)
{
	size_t sign = s.n && s.p[0] == '-';
	if (s.n > sign && s.p[sign] >= '0' && s.p[sign] <= '9')
		return command_fail(call, "Trailing garbage in weight string '%.*s': expected <weight> or <weight%%>.",
			(int)(s.n < 64 ? s.n : 64), s.p);
	return command_fail(call, "Weight string '%.*s' is no number: expected <weight> or <weight%%>.",
		(int)(s.n < 64 ? s.n : 64), s.p);
}

enum command_result weight_set(struct command_call *call, struct server *s, struct str word)
{
	bool relative, negative;
	uint64_t value;
	if (!word.n)
		return command_fail(call, "Require <weight> or <weight%%>.");
	if (!weight_parse(word, &relative, &negative, &value))
		return weight_refuse(call, word);
	if (relative && negative)
		return command_fail(call, "Relative weight must be positive.");
	if (!relative && (negative || value > WEIGHT_MAX))
		return command_fail(call, "Absolute weight can only be between 0 and %d inclusive.", WEIGHT_MAX);
	if (relative)
		value = value * s->initial_weight / 100;
	server_set_weight(s, value > WEIGHT_MAX ? WEIGHT_MAX : (uint32_t)value);
	return command_changed(call);
}

enum command_result command_set_weight(struct command_call *call)
{
	struct server *s = lookup_server(call, 2);
	return s ? weight_set(call, s, command_word(call, 3)) : COMMAND_DONE;
}

/* set server BACKEND/SERVER WHAT VALUE: one row for each WHAT. */
#include "admin/lookup.h"
#include "admin/weight.h"

struct set_server_row {
	const char *what;
	enum command_result (*set)(struct command_call *call, struct server *s);
};

static enum command_result set_server_state(struct command_call *call, struct server *s)
{
	static const enum server_admin states[] = {SERVER_READY, SERVER_DRAIN, SERVER_MAINT};
	for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
		if (command_word_is(call, 4, server_admin_word(states[i]))) {
			server_set_admin(s, states[i], "changed from CLI");
			return command_changed(call);
		}
	return command_fail(call, "'set server <srv> state' expects 'ready', 'drain' and 'maint'.");
}

static enum command_result set_server_weight(struct command_call *call, struct server *s)
{
	return weight_set(call, s, command_word(call, 4));
}

/* The probes' counter moves along, so that the next probe starts from there, as if they had found it. */
static enum command_result set_server_health(struct command_call *call, struct server *s)
{
	const struct config_backend *conf = atomic_load_explicit(&s->backend->conf, memory_order_relaxed);
	bool up = command_word_is(call, 4, "up");
	if (!up && !command_word_is(call, 4, "down"))
		return command_fail(call,
			"'set server <srv> health' expects 'up' or 'down'; to stop new requests, 'set server <srv> "
			"state drain'.");
	if (s->checked)
		s->check.counter = up ? conf->check.rise + conf->check.fall - 1 : 0;
	server_set_health(s, up ? SERVER_HEALTHY : SERVER_UNHEALTHY, "changed from CLI");
	return command_changed(call);
}

static enum command_result set_server_agent(struct command_call *call, struct server *s)
{
	if (!command_word_is(call, 4, "up") && !command_word_is(call, 4, "down"))
		return command_fail(call, "'set server <srv> agent' expects 'up' or 'down'.");
	return command_fail(call, "agent checks are not enabled on this server.");
}

static const struct set_server_row set_server_rows[] = {
	{"state", set_server_state},
	{"weight", set_server_weight},
	{"health", set_server_health},
	{"agent", set_server_agent},
};

enum command_result command_set_server(struct command_call *call)
{
	struct server *s = lookup_server(call, 2);
	if (!s)
		return COMMAND_DONE;
	for (size_t i = 0; i < sizeof set_server_rows / sizeof set_server_rows[0]; i++)
		if (command_word_is(call, 3, set_server_rows[i].what))
			return set_server_rows[i].set(call, s);
	if (command_word_is(call, 3, "addr"))
		return command_fail(call, "The address of a server cannot be changed at run time: change the "
					  "configuration and reload.");
	return command_fail(call, "usage: set server <backend>/<server> state | weight | health | agent");
}

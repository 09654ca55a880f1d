/* enable and disable: server, health, agent, frontend. */
#include "admin/lookup.h"

static enum command_result enable_server_to(struct command_call *call, enum server_admin admin)
{
	struct server *s = lookup_server(call, 2);
	if (!s)
		return COMMAND_DONE;
	server_set_admin(s, admin, "changed from CLI");
	return command_changed(call);
}

enum command_result command_enable_server(struct command_call *call)
{
	return enable_server_to(call, SERVER_READY);
}

enum command_result command_disable_server(struct command_call *call)
{
	return enable_server_to(call, SERVER_MAINT);
}

enum command_result command_enable_agent(struct command_call *call)
{
	if (!lookup_server(call, 2))
		return COMMAND_DONE;
	return command_fail(call, "Agent was not configured on this server, cannot enable.");
}

/* There is no agent that could still say something, so it is disabled already. */
enum command_result command_disable_agent(struct command_call *call)
{
	const struct server *s = lookup_server(call, 2);
	(void)s;
	return COMMAND_DONE;
}

enum command_result command_enable_health(struct command_call *call)
{
	struct server *s = lookup_server(call, 2);
	if (!s)
		return COMMAND_DONE;
	if (!s->checked)
		return command_fail(call, "Health check was not configured on this server, cannot enable.");
	s->checks_ignored = false;
	return command_changed(call);
}

enum command_result command_disable_health(struct command_call *call)
{
	struct server *s = lookup_server(call, 2);
	if (!s)
		return COMMAND_DONE;
	s->checks_ignored = true;
	return command_changed(call);
}

static struct frontend *enable_server_frontend(struct command_call *call)
{
	struct str name = command_word(call, 2);
	struct frontend *f = name.n ? lookup_frontend(call, name) : NULL;
	if (!name.n)
		command_fail(call, "A frontend name is expected.");
	else if (!f)
		command_fail(call, "No such frontend.");
	return f;
}

static enum command_result enable_server_frontend_changed(struct command_call *call)
{
	if (call->host->frontend_changed)
		call->host->frontend_changed(call->host->context);
	return command_changed(call);
}

enum command_result command_enable_frontend(struct command_call *call)
{
	struct frontend *f = enable_server_frontend(call);
	if (!f)
		return COMMAND_DONE;
	if (atomic_load(&f->shut))
		return command_fail(call, "Frontend was previously shut down, cannot enable.");
	if (!atomic_exchange(&f->paused, false))
		return command_fail(call, "All sockets are already enabled.");
	return enable_server_frontend_changed(call);
}

enum command_result command_disable_frontend(struct command_call *call)
{
	struct frontend *f = enable_server_frontend(call);
	if (!f)
		return COMMAND_DONE;
	if (atomic_load(&f->shut))
		return command_fail(call, "Frontend was previously shut down, cannot disable.");
	if (atomic_exchange(&f->paused, true))
		return command_fail(call, "All sockets are already disabled.");
	return enable_server_frontend_changed(call);
}

enum command_result command_shutdown_frontend(struct command_call *call)
{
	struct frontend *f = enable_server_frontend(call);
	if (!f)
		return COMMAND_DONE;
	if (atomic_exchange(&f->shut, true))
		return command_fail(call, "Frontend was already shut down.");
	return enable_server_frontend_changed(call);
}

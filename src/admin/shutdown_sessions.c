/* shutdown sessions server: ends what a server serves at this moment, worker by worker, a few sessions at a time. */
#include "admin/lookup.h"
#include "admin/worker_job.h"
#include "proxy/exchange.h"

enum { SHUTDOWN_SESSIONS_A_VISIT = 128 };

static bool shutdown_sessions_visit(struct worker *w, struct worker_job *job)
{
	for (int n = 0; n < SHUTDOWN_SESSIONS_A_VISIT; n++) {
		struct session *s = session_cursor_next(w, &job->cursor);
		if (!s)
			return false;
		if (s->exchange && s->exchange->reserved && s->exchange->server == job->server)
			session_kill(s);
	}
	return true;
}

enum command_result command_shutdown_sessions_server(struct command_call *call)
{
	if (!call->at.stage++) {
		const struct server *server = lookup_server(call, 3);
		if (!server)
			return COMMAND_DONE;
		struct worker_job *job = worker_job_begin(call, shutdown_sessions_visit, 0);
		if (!job)
			return command_fail(call, "Memory is out.");
		job->server = server;
	}
	if (worker_job_run(call->job) == COMMAND_WAIT)
		return COMMAND_WAIT;
	return command_changed(call);
}

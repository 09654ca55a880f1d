/* A command's work on the workers, one after the other, by mail: a visit does a bounded piece of it on the worker's
 * thread and comes back, so neither control nor a worker ever waits. The command returns COMMAND_WAIT meanwhile.
 *
 * Threads: control, but for the visit itself; job's fields belong to the worker while the job is out. */
#ifndef LBD_ADMIN_WORKER_JOB_H
#define LBD_ADMIN_WORKER_JOB_H

#include "admin/command.h"
#include "proxy/session_walk.h"

struct worker_job {
	struct mail mail;
	/* One piece of work on the worker; the cursor is open at its first call there. True: there is more. */
	bool (*visit)(struct worker *w, struct worker_job *job);
	struct list link; /* in host->jobs */
	const struct admin_host *host;
	struct command_call *call; /* who waits, unless it is abandoned */
	_Atomic bool abandoned;    /* its client is gone: the worker only closes the cursor */
	uint32_t worker;           /* whose turn it is */
	bool out;                  /* on its way to a worker and back */
	bool only;                 /* this worker and no other */
	struct session_cursor cursor;
	struct text text;            /* for the client; the command takes and clears it */
	uint64_t id;                 /* of the session that is asked for */
	const struct server *server; /* whose sessions are meant */
	bool all, found;             /* as the command needs them */
};

/* Begins with this worker, at call->job. NULL: memory is out. */
struct worker_job *worker_job_begin(
	struct command_call *call, bool (*visit)(struct worker *, struct worker_job *), uint32_t first) LBD_MUST_CHECK;
/* Sends it out again. False: all workers were visited. */
bool worker_job_send(struct worker_job *job) LBD_MUST_CHECK;
/* The command is done with it. */
void worker_job_end(struct command_call *call);
/* Runs a job to its end for a command that only looks at the result: COMMAND_WAIT, or COMMAND_DONE when all was
 * visited. */
enum command_result worker_job_run(struct worker_job *job);

#endif

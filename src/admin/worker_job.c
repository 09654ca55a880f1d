#include "admin/worker_job.h"

#include <stdlib.h>

static struct worker_job *worker_job_of_link(struct list *link)
{
	return (struct worker_job *)(void *)((char *)link - offsetof(struct worker_job, link));
}

static struct worker *worker_job_worker(const struct worker_job *job)
{
	const struct admin_host *host = job->host;
	return job->worker < host->worker_count ? host->worker(host->context, job->worker) : NULL;
}

static void worker_job_free(struct worker_job *job)
{
	list_remove(&job->link);
	text_free(&job->text);
	free(job);
}

struct worker_job *worker_job_begin(
	struct command_call *call, bool (*visit)(struct worker *, struct worker_job *), uint32_t first)
{
	struct worker_job *job = calloc(1, sizeof *job);
	if (!job)
		return NULL;
	job->visit = visit;
	job->host = call->host;
	job->call = call;
	job->worker = first;
	list_init(&job->link);
	if (call->host->jobs)
		list_append(call->host->jobs, &job->link);
	call->job = job;
	return job;
}

/* ---- on the worker ---- */

static void worker_job_on_control(struct mail *mail, void *owner);

static void worker_job_on_worker(struct mail *mail, void *owner)
{
	struct worker_job *job = (struct worker_job *)(void *)((char *)mail - offsetof(struct worker_job, mail));
	struct worker *w = owner;
	bool abandoned = atomic_load_explicit(&job->abandoned, memory_order_relaxed);
	if (!abandoned && !job->cursor.open)
		session_cursor_open(w, &job->cursor);
	if (abandoned || !job->visit(w, job))
		session_cursor_close(&job->cursor);
	job->mail.deliver = worker_job_on_control;
	loop_post(job->host->loop, &job->mail);
}

/* ---- on control ---- */

bool worker_job_send(struct worker_job *job)
{
	struct worker *w = worker_job_worker(job);
	while (!w && !job->only && job->worker < job->host->worker_count) {
		job->worker++;
		w = worker_job_worker(job);
	}
	if (!w)
		return false;
	job->out = true;
	job->mail.deliver = worker_job_on_worker;
	loop_post(&w->loop, &job->mail);
	return true;
}

/* Nobody wants it any more. A cursor has to leave its worker's list on that worker. */
static void worker_job_let_go(struct worker_job *job)
{
	atomic_store_explicit(&job->abandoned, true, memory_order_relaxed);
	if (!job->out && (!job->cursor.open || !worker_job_send(job)))
		worker_job_free(job);
}

/* It is back, with its cursor open when there is more on this worker. */
static void worker_job_returned(struct worker_job *job)
{
	job->out = false;
	if (atomic_load_explicit(&job->abandoned, memory_order_relaxed)) {
		worker_job_let_go(job);
		return;
	}
	if (!job->cursor.open)
		job->worker = job->only ? job->host->worker_count : job->worker + 1;
	job->call->wake(job->call);
}

static void worker_job_on_control(struct mail *mail, void *owner)
{
	worker_job_returned((struct worker_job *)(void *)((char *)mail - offsetof(struct worker_job, mail)));
}

enum command_result worker_job_run(struct worker_job *job)
{
	return job->out || worker_job_send(job) ? COMMAND_WAIT : COMMAND_DONE;
}

void worker_job_end(struct command_call *call)
{
	struct worker_job *job = call->job;
	call->job = NULL;
	if (job)
		worker_job_let_go(job);
}

void admin_worker_ended(struct admin_host *host, uint32_t index)
{
	if (!host->jobs)
		return;
	for (struct list *link = host->jobs->next, *next; link != host->jobs; link = next) {
		struct worker_job *job = worker_job_of_link(link);
		next = link->next;
		if (!job->out || job->worker != index)
			continue;
		/* What lies in the box of a thread that ended is never delivered. */
		job->cursor.open = false;
		worker_job_returned(job);
	}
}

void admin_end_jobs(struct admin_host *host)
{
	while (host->jobs && !list_empty(host->jobs))
		worker_job_free(worker_job_of_link(host->jobs->next));
}

/* show sess: the sessions of all workers in pieces, each made by a worker and sent before the next one is asked for. */
#include "admin/worker_job.h"
#include "proxy/session_report.h"

/* A worker stops for so many at most; each of them costs about 2 us. */
enum { SHOW_SESS_A_VISIT = 64, SHOW_SESS_BYTES = 16 * 1024 };

static bool show_sess_visit(struct worker *w, struct worker_job *job)
{
	for (int n = 0; n < SHOW_SESS_A_VISIT && job->text.n < SHOW_SESS_BYTES; n++) {
		struct session *s = session_cursor_next(w, &job->cursor);
		if (!s)
			return false;
		job->found = true;
		if (job->all)
			session_report_all(s, &job->text);
		else
			session_report_line(s, &job->text);
	}
	return true;
}

static bool show_sess_visit_one(struct worker *w, struct worker_job *job)
{
	const struct session *s = session_find(w, job->id);
	job->found = s != NULL;
	if (s)
		session_report_all(s, &job->text);
	return false;
}

/* "0x" and hexadecimal digits, or those alone. */
static bool show_sess_read_id(struct str word, uint64_t *id)
{
	if (word.n > 2 && word.p[0] == '0' && word.p[1] == 'x')
		word = str_make(word.p + 2, word.n - 2);
	*id = 0;
	for (size_t i = 0; i < word.n; i++) {
		unsigned char c = str_lower((unsigned char)word.p[i]);
		bool digit = c >= '0' && c <= '9';
		if (!digit && (c < 'a' || c > 'f'))
			return false;
		*id = *id << 4 | (unsigned)(digit ? c - '0' : c - 'a' + 10);
	}
	return word.n > 0 && word.n <= 16;
}

/* The connection that asks, as HAProxy has it. */
static void show_sess_add_self(struct text *out)
{
	text_add_c(out, "0x0: proto=unix_stream src=unix:1 fe=GLOBAL be=<NONE> srv=<none> ts=00 epoch=0 age=0s calls=1 "
			"rate=0 cpu=0 lat=0 rq[f=00h,i=0,an=00h,rx=,wx=,ax=] rp[f=00h,i=0,an=00h,rx=,wx=,ax=] "
			"scf=[8,200h,fd=-1] scb=[8,1h,fd=-1] exp= rc=0 c_exp= state=busy step=- idle=0s queue=\n");
}

static struct worker_job *show_sess_begin(struct command_call *call)
{
	struct str word = command_word(call, 2);
	uint64_t id;
	if (!word.n || str_equal(word, str_of("all"))) {
		struct worker_job *job = worker_job_begin(call, show_sess_visit, 0);
		if (job)
			job->all = word.n > 0;
		return job;
	}
	if (!show_sess_read_id(word, &id)) {
		command_fail(call, "Session not found. Expected all, or an id of show sess.");
		return NULL;
	}
	struct worker_job *job = worker_job_begin(call, show_sess_visit_one, session_id_worker(id));
	if (job) {
		job->id = id;
		job->only = true;
	}
	return job;
}

enum command_result command_show_sess(struct command_call *call)
{
	size_t before = call->out->n;
	if (!call->at.stage++ && !show_sess_begin(call))
		return call->out->n > before ? COMMAND_DONE : command_fail(call, "Memory is out.");
	struct worker_job *job = call->job;
	if (job->out)
		return COMMAND_WAIT;
	call->out->failed |= job->text.failed;
	text_add(call->out, text_str(&job->text));
	text_clear(&job->text);
	if (command_is_full(call))
		return COMMAND_MORE;
	if (worker_job_send(job))
		return COMMAND_WAIT;
	if (job->only && !job->found)
		return command_fail(call, "Session not found.");
	if (!job->only && !job->all)
		show_sess_add_self(call->out);
	return COMMAND_DONE;
}

/* ---- shutdown session ---- */

static bool shutdown_session_visit(struct worker *w, struct worker_job *job)
{
	struct session *s = session_find(w, job->id);
	job->found = s != NULL;
	if (s)
		session_kill(s);
	return false;
}

enum command_result command_shutdown_session(struct command_call *call)
{
	uint64_t id;
	if (!call->at.stage++) {
		if (!show_sess_read_id(command_word(call, 2), &id))
			return command_fail(call, "Session pointer expected (use 'show sess').");
		struct worker_job *job = worker_job_begin(call, shutdown_session_visit, session_id_worker(id));
		if (!job)
			return command_fail(call, "Memory is out.");
		job->id = id;
		job->only = true;
	}
	if (worker_job_run(call->job) == COMMAND_WAIT)
		return COMMAND_WAIT;
	if (!call->job->found)
		return command_fail(call, "No such session (use 'show sess').");
	return command_changed(call);
}

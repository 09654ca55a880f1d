/* A command that asks a worker: both threads are played by one here, turn by turn. */
#include "admin/worker_job.h"

#include "admin/cli.h"
#include "support/admin_fixture.h"

#include <criterion/criterion.h>

struct job_play {
	struct fixture *fixture;
	struct worker worker;
	struct list jobs;
	bool worker_over;
	struct cli cli;
};

struct job_stop {
	struct mail mail;
	struct loop *loop;
};

static unsigned job_wakes; /* each test is a process of its own */

static void job_on_stop(struct mail *mail, void *owner)
{
	loop_stop(((struct job_stop *)(void *)mail)->loop);
}

/* Delivers what is in the loop's mailbox. */
static void job_turn(struct loop *loop)
{
	struct job_stop stop = {.mail = {.deliver = job_on_stop}, .loop = loop};
	loop_post(loop, &stop.mail);
	loop_run(loop);
}

static struct worker *job_worker(void *context, uint32_t index)
{
	struct job_play *play = context;
	return index == 1 && !play->worker_over ? &play->worker : NULL;
}

static void job_on_wake(struct command_call *call)
{
	job_wakes++;
}

/* Worker 0 has ended before; 1 has no sessions. */
static struct job_play *job_begin(const char *command)
{
	static struct job_play play;
	static const struct cli_peer peer = {0};
	play.fixture = fixture_create(true, 1);
	cr_assert(loop_init(&play.worker.loop, &play.worker, NULL, 16));
	play.worker.index = 1;
	list_init(&play.worker.open_sessions);
	list_init(&play.worker.session_cursors);
	list_init(&play.jobs);
	play.fixture->host.context = &play;
	play.fixture->host.worker = job_worker;
	play.fixture->host.worker_count = 2;
	play.fixture->host.jobs = &play.jobs;
	cli_init(&play.cli, &play.fixture->host, CONFIG_LEVEL_ADMIN, 1000000, peer);
	play.cli.call.wake = job_on_wake;
	cli_feed(&play.cli, command, strlen(command));
	cr_assert_eq(cli_run(&play.cli), CLI_WAITS);
	cr_assert_not(list_empty(&play.jobs));
	return &play;
}

static void job_end(struct job_play *play)
{
	cr_assert(list_empty(&play->jobs));
	cr_assert(list_empty(&play->worker.session_cursors));
	loop_end(&play->worker.loop);
	fixture_destroy(play->fixture);
}

static void job_expect_answer(struct job_play *play, const char *begins)
{
	cr_assert_eq(cli_run(&play->cli), CLI_ENDED);
	text_add_char(&play->cli.out, '\0');
	cr_assert_eq(strncmp(play->cli.out.data, begins, strlen(begins)), 0, "%s", play->cli.out.data);
	cli_free(&play->cli);
}

Test(worker_job, waits_until_the_worker_has_answered)
{
	struct job_play *play = job_begin("show sess\n");
	cr_assert_eq(cli_run(&play->cli), CLI_WAITS); /* whoever asks too early only waits on */
	job_turn(&play->worker.loop);
	cr_assert_eq(job_wakes, 0u);
	job_turn(&play->fixture->loop);
	cr_assert_eq(job_wakes, 1u);
	job_expect_answer(play, "0x0: proto=unix_stream src=unix:1 fe=GLOBAL ");
	job_end(play);
}

Test(worker_job, the_client_leaves_while_it_is_out)
{
	struct job_play *play = job_begin("show sess\n");
	cli_free(&play->cli);
	job_turn(&play->worker.loop);
	job_turn(&play->fixture->loop);
	cr_assert_eq(job_wakes, 0u);
	job_end(play);
}

Test(worker_job, the_client_leaves_before_control_hears_of_it)
{
	struct job_play *play = job_begin("show sess\n");
	job_turn(&play->worker.loop);
	cli_free(&play->cli);
	job_turn(&play->fixture->loop);
	cr_assert_eq(job_wakes, 0u);
	job_end(play);
}

/* More sessions than one visit takes: the cursor is open on the worker while the answer is read. */
Test(worker_job, the_client_leaves_between_two_visits)
{
	enum { SESSIONS = 300 };
	static struct session sessions[SESSIONS];
	struct job_play *play = job_begin("shutdown sessions server app/a\n");
	for (uint32_t i = 0; i < SESSIONS; i++) {
		sessions[i].client.loop = &play->worker.loop;
		sessions[i].serial = ++play->worker.session_serial;
		list_append(&play->worker.open_sessions, &sessions[i].link);
	}
	job_turn(&play->worker.loop);
	job_turn(&play->fixture->loop);
	cr_assert_eq(job_wakes, 1u);
	cr_assert_not(list_empty(&play->worker.session_cursors));
	cli_free(&play->cli);
	job_turn(&play->worker.loop);
	job_turn(&play->fixture->loop);
	job_end(play);
}

Test(worker_job, the_worker_ends_with_the_job_in_its_box)
{
	struct job_play *play = job_begin("shutdown session 0x401\n");
	play->worker_over = true;
	admin_worker_ended(&play->fixture->host, 0);
	cr_assert_eq(job_wakes, 0u);
	admin_worker_ended(&play->fixture->host, 1);
	cr_assert_eq(job_wakes, 1u);
	job_expect_answer(play, "No such session");
	job_end(play);
}

Test(worker_job, what_is_left_at_the_end_is_freed)
{
	struct job_play *play = job_begin("show sess\n");
	cli_free(&play->cli);
	admin_end_jobs(&play->fixture->host);
	job_end(play);
}

#include "backend/queue.h"

#include "net/loop.h"
#include "support/backend_fixture.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

enum { WAITERS = 6 };

/* Servers with one slot each, all of them taken, and requests that come to wait. */
struct bench {
	struct backend_fixture f;
	struct backend *backend;
	struct loop loop; /* never runs: its mail is read here */
	struct waiter waiter[WAITERS];
};

static void bench_make_with(struct bench *t, const char *algorithm, uint32_t servers, uint32_t queue_max)
{
	*t = (struct bench){0};
	backend_fixture_init(&t->f, servers, NULL);
	t->f.conf.queue_max = queue_max;
	for (uint32_t i = 0; i < servers; i++)
		t->f.conf.servers[i].maxconn = 1;
	cr_assert(backend_fixture_start(&t->f, algorithm, 2), "%s", t->f.error);
	cr_assert(loop_init(&t->loop, t, NULL, 64));
	t->backend = t->f.backend;
	for (uint32_t i = 0; i < servers; i++)
		cr_assert(backend_fixture_pick(&t->f, true) >= 0);
	for (uint32_t i = 0; i < WAITERS; i++)
		t->waiter[i] = (struct waiter){.loop = &t->loop, .pick = {.worker = 1}};
}

static void bench_make(struct bench *t, uint32_t servers, uint32_t queue_max)
{
	bench_make_with(t, "round_robin", servers, queue_max);
}

static void bench_end(struct bench *t)
{
	loop_end(&t->loop);
	backend_fixture_end(&t->f);
}

static enum queue_result bench_enter(struct bench *t, uint32_t i)
{
	return queue_enter(t->backend, &t->waiter[i]);
}

static void bench_free_slot(struct bench *t, uint32_t server)
{
	server_release(t->backend->servers[server], 0);
}

/* Who got mail since the last look, in order, as digits: 0 and up got a slot, a and up were turned away. */
static const char *bench_mail(struct bench *t)
{
	static char got[WAITERS + 1];
	size_t n = 0;
	for (struct mail *mail = mailbox_take(&t->loop.mailbox); mail && n < WAITERS; mail = mail->next) {
		const struct waiter *w = (struct waiter *)((char *)mail - offsetof(struct waiter, mail));
		got[n++] = (char)((w->server ? '0' : 'a') + (w - t->waiter));
	}
	got[n] = 0;
	return got;
}

static const char *bench_after_free(struct bench *t, uint32_t server)
{
	bench_free_slot(t, server);
	return bench_mail(t);
}

static uint32_t bench_length(const struct bench *t)
{
	return queue_length(&t->backend->queue);
}

Test(queue, first_come_first_served)
{
	struct bench t;
	bench_make(&t, 1, 10);
	for (uint32_t i = 0; i < 3; i++) {
		cr_assert(eq(int, bench_enter(&t, i), QUEUE_WAITS));
	}
	cr_expect(eq(u32, bench_length(&t), 3u));
	cr_expect_str_eq(bench_mail(&t), "");
	cr_expect_str_eq(bench_after_free(&t, 0), "0");
	cr_expect(t.waiter[0].server == t.backend->servers[0]);
	cr_expect(eq(u32, backend_in_flight(t.backend), 1u), "the slot is reserved for it");
	cr_expect_str_eq(bench_after_free(&t, 0), "1");
	cr_expect_str_eq(bench_after_free(&t, 0), "2");
	for (uint32_t i = 0; i < 3; i++)
		cr_expect(eq(u32, t.waiter[i].position, i + 1));
	cr_expect_str_eq(bench_after_free(&t, 0), "");
	cr_expect(eq(u32, bench_length(&t), 0u));
	cr_expect(eq(u32, atomic_load(&t.backend->queue.most), 3u));
	cr_expect(eq(u32, backend_in_flight(t.backend), 0u));
	bench_end(&t);
}

Test(queue, is_bounded)
{
	struct bench t;
	bench_make(&t, 1, 2);
	cr_assert(bench_enter(&t, 0) == QUEUE_WAITS && bench_enter(&t, 1) == QUEUE_WAITS);
	cr_expect(eq(int, bench_enter(&t, 2), QUEUE_FULL));
	cr_expect(eq(u32, bench_length(&t), 2u));
	cr_expect(eq(u32, atomic_load(&t.backend->queue.most), 2u));
	cr_expect_str_eq(bench_after_free(&t, 0), "0");
	cr_expect(eq(int, bench_enter(&t, 2), QUEUE_WAITS));
	cr_expect(queue_leave(t.backend, &t.waiter[1]) && queue_leave(t.backend, &t.waiter[2]));
	bench_end(&t);

	bench_make(&t, 1, 0);
	cr_expect(eq(int, bench_enter(&t, 0), QUEUE_FULL));
	bench_free_slot(&t, 0);
	cr_expect(eq(int, bench_enter(&t, 0), QUEUE_GRANTED), "a slot that freed in between");
	cr_expect(t.waiter[0].server == t.backend->servers[0]);
	cr_expect_str_eq(bench_mail(&t), "");
	bench_end(&t);
}

Test(queue, who_leaves_is_passed_over)
{
	struct bench t;
	bench_make(&t, 1, 10);
	for (uint32_t i = 0; i < 4; i++)
		cr_assert(bench_enter(&t, i) == QUEUE_WAITS);
	cr_expect(queue_leave(t.backend, &t.waiter[0]));
	cr_expect(queue_leave(t.backend, &t.waiter[2]));
	cr_expect(eq(u32, bench_length(&t), 2u));
	bench_free_slot(&t, 0);
	cr_expect(not(queue_leave(t.backend, &t.waiter[1])), "its slot is on its way");
	cr_expect_str_eq(bench_mail(&t), "1");
	cr_expect_str_eq(bench_after_free(&t, 0), "3");
	bench_end(&t);
}

/* A retry waits for servers that it has not tried; what it cannot use goes to those behind it. */
Test(queue, a_slot_goes_to_the_first_one_that_may_use_it)
{
	struct bench t;
	bench_make(&t, 2, 3);
	for (uint32_t i = 0; i < 2; i++) {
		t.waiter[i].pick.tried[0] = t.backend->servers[0];
		t.waiter[i].pick.tried_count = 1;
	}
	for (uint32_t i = 0; i < 3; i++)
		cr_assert(bench_enter(&t, i) == QUEUE_WAITS);
	cr_expect_str_eq(bench_after_free(&t, 0), "2");
	cr_expect_str_eq(bench_after_free(&t, 1), "0");
	cr_expect_str_eq(bench_after_free(&t, 0), "");
	/* Though others wait, and the list were full: nobody there can use this slot. */
	t.backend->host->events.said = NULL;
	t.f.conf.queue_max = 1;
	cr_expect(eq(int, bench_enter(&t, 3), QUEUE_GRANTED));
	cr_expect(t.waiter[3].server == t.backend->servers[0]);
	cr_expect_str_eq(bench_after_free(&t, 1), "1");
	bench_end(&t);
}

Test(queue, nothing_to_wait_for)
{
	struct bench t;
	bench_make(&t, 2, 10);
	t.waiter[0].pick.tried[0] = t.backend->servers[0];
	t.waiter[0].pick.tried[1] = t.backend->servers[1];
	t.waiter[0].pick.tried_count = 2;
	cr_expect(eq(int, bench_enter(&t, 0), QUEUE_NO_SERVER));
	for (uint32_t i = 0; i < 2; i++)
		server_set_admin(t.backend->servers[i], SERVER_DRAIN, "test");
	/* Before and after the set knows of it. */
	cr_expect(eq(int, bench_enter(&t, 1), QUEUE_NO_SERVER));
	backend_rebuild(t.backend);
	cr_expect(eq(int, bench_enter(&t, 1), QUEUE_NO_SERVER));
	cr_expect(eq(u32, bench_length(&t), 0u));
	bench_end(&t);
}

static void raise_maxconn(struct server *s)
{
	server_set_maxconn(s, 3);
}

static void lift_maxconn(struct server *s)
{
	server_set_maxconn(s, 0);
}

static void lower_then_raise(struct server *s)
{
	server_set_maxconn(s, 3);
	server_set_maxconn(s, 1);
}

/* server 1 is out while 0 and its slot are taken. */
static void back_from_drain(struct server *s)
{
	server_set_admin(s->backend->servers[1], SERVER_READY, "test");
}

static void weight_is_back(struct server *s)
{
	server_set_weight(s->backend->servers[1], 10);
}

static void comes_up(struct server *s)
{
	server_set_health(s->backend->servers[1], SERVER_HEALTHY, "test");
}

struct review_case {
	const char *what;
	bool drained, weightless, unhealthy; /* server 1, before */
	void (*change)(struct server *server0);
	const char *mail;
};

Test(queue, what_control_changes_serves_who_waits)
{
	static const struct review_case cases[] = {
		{"maxconn raised from 1 to 3", true, false, false, raise_maxconn, "01"},
		{"no maxconn any more", true, false, false, lift_maxconn, "0123"},
		{"maxconn raised and lowered", true, false, false, lower_then_raise, "01"},
		{"drain taken back", true, false, false, back_from_drain, "0"},
		{"weight above 0", false, true, false, weight_is_back, "0"},
		{"a server came up", false, false, true, comes_up, "0"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct review_case *c = &cases[i];
		struct bench t;
		bench_make(&t, 2, 10);
		struct server *out = t.backend->servers[1];
		server_set_admin(out, c->drained ? SERVER_DRAIN : SERVER_READY, "test");
		server_set_weight(out, c->weightless ? 0 : 100);
		server_set_health(out, c->unhealthy ? SERVER_UNHEALTHY : SERVER_HEALTHY, "test");
		backend_rebuild(t.backend);
		bench_free_slot(&t, 1);
		for (uint32_t k = 0; k < 4; k++)
			cr_assert(bench_enter(&t, k) == QUEUE_WAITS, "%s", c->what);
		c->change(t.backend->servers[0]);
		backend_rebuild(t.backend);
		cr_expect_str_eq(bench_mail(&t), c->mail, "%s", c->what);
		for (uint32_t k = (uint32_t)strlen(c->mail); k < 4; k++)
			cr_expect(queue_leave(t.backend, &t.waiter[k]), "%s", c->what);
		bench_end(&t);
	}
}

/* Who would be told "no server" on arrival is not kept waiting for it. */
Test(queue, without_a_server_nobody_waits)
{
	struct bench t;
	bench_make(&t, 2, 10);
	t.waiter[1].pick.tried[0] = t.backend->servers[1];
	t.waiter[1].pick.tried_count = 1;
	for (uint32_t i = 0; i < 3; i++)
		cr_assert(bench_enter(&t, i) == QUEUE_WAITS);
	server_set_health(t.backend->servers[0], SERVER_UNHEALTHY, "test");
	backend_rebuild(t.backend);
	cr_expect_str_eq(bench_mail(&t), "b", "1 has tried the other one");
	server_set_admin(t.backend->servers[1], SERVER_MAINT, "test");
	backend_rebuild(t.backend);
	cr_expect_str_eq(bench_mail(&t), "ac");
	cr_expect(eq(u32, bench_length(&t), 0u));
	cr_expect(eq(u32, backend_in_flight(t.backend), 2u), "what is in flight goes on");
	bench_end(&t);
}

Test(queue, lowering_maxconn_cuts_nobody_and_is_kept)
{
	struct bench t;
	bench_make(&t, 1, 10);
	server_set_maxconn(t.backend->servers[0], 3);
	cr_assert(backend_fixture_pick(&t.f, true) == 0 && backend_fixture_pick(&t.f, true) == 0);
	server_set_maxconn(t.backend->servers[0], 1);
	cr_expect(eq(u32, backend_in_flight(t.backend), 3u));
	cr_assert(bench_enter(&t, 0) == QUEUE_WAITS);
	cr_expect_str_eq(bench_after_free(&t, 0), "", "2 of 1");
	cr_expect_str_eq(bench_after_free(&t, 0), "", "1 of 1");
	cr_expect_str_eq(bench_after_free(&t, 0), "0");
	bench_end(&t);
}

/* The place of a pick that finds its server closed hides the slot from who looks meanwhile. */
Test(queue, a_place_that_is_given_back_at_once_serves_who_waits)
{
	struct bench t;
	bench_make_with(&t, "flicker", 1, 10);
	struct server *s = t.backend->servers[0];
	struct pick_request request = {.key = 1};
	cr_assert(bench_enter(&t, 0) == QUEUE_WAITS);
	/* As if it was freed, and the queue served in vain, while the place was taken. */
	atomic_fetch_sub(&s->live.in_flight, 1);
	cr_expect(backend_pick(t.backend, &request) == NULL);
	cr_expect_str_eq(bench_mail(&t), "0");
	cr_expect(eq(u32, backend_in_flight(t.backend), 1u));
	/* The same for one of those that wait. */
	t.waiter[1].pick.key = 1;
	cr_assert(bench_enter(&t, 1) == QUEUE_WAITS);
	cr_expect(queue_leave(t.backend, &t.waiter[1]));
	bench_end(&t);
}

static enum queue_result bench_pause(struct bench *t, uint32_t i)
{
	return queue_pause(t->backend, &t->waiter[i]);
}

Test(queue, who_pauses_is_counted_and_stands_in_nobodys_way)
{
	struct bench t;
	bench_make(&t, 1, 3);
	cr_assert(bench_pause(&t, 0) == QUEUE_WAITS && bench_pause(&t, 1) == QUEUE_WAITS);
	cr_expect(eq(u32, bench_length(&t), 0u), "newcomers may pick");
	cr_expect(eq(u32, queue_total(&t.backend->queue), 2u));
	cr_expect_str_eq(bench_after_free(&t, 0), "", "a slot is not for them");
	cr_expect(backend_fixture_pick(&t.f, true) >= 0);
	cr_assert(bench_enter(&t, 2) == QUEUE_WAITS);
	cr_expect(eq(int, bench_enter(&t, 3), QUEUE_FULL), "the bound is for both");
	cr_expect(eq(int, bench_pause(&t, 4), QUEUE_FULL));
	cr_expect(eq(u32, atomic_load(&t.backend->queue.most), 3u));
	cr_expect_str_eq(bench_after_free(&t, 0), "2");
	cr_expect(queue_leave(t.backend, &t.waiter[0]));
	cr_expect(eq(u32, t.waiter[0].position, 0u));
	cr_expect(eq(u32, queue_total(&t.backend->queue), 1u));
	cr_expect(queue_leave(t.backend, &t.waiter[1]));
	bench_end(&t);
}

Test(queue, pauses_end_one_by_one)
{
	struct bench t;
	bench_make(&t, 1, 10);
	for (uint32_t i = 0; i < 3; i++)
		cr_assert(bench_pause(&t, i) == QUEUE_WAITS);
	queue_server_answers(t.backend);
	cr_expect_str_eq(bench_mail(&t), "a");
	cr_expect(not(queue_leave(t.backend, &t.waiter[0])), "its mail is on its way");
	cr_expect(queue_leave(t.backend, &t.waiter[1]));
	queue_server_answers(t.backend);
	queue_server_answers(t.backend);
	cr_expect_str_eq(bench_mail(&t), "c");
	cr_expect(eq(u32, queue_total(&t.backend->queue), 0u));
	bench_end(&t);
}

Test(queue, a_pause_ends_with_the_last_server)
{
	struct bench t;
	bench_make(&t, 2, 10);
	cr_assert(bench_pause(&t, 0) == QUEUE_WAITS);
	server_set_admin(t.backend->servers[0], SERVER_DRAIN, "test");
	backend_rebuild(t.backend);
	cr_expect_str_eq(bench_mail(&t), "");
	server_set_admin(t.backend->servers[1], SERVER_DRAIN, "test");
	backend_rebuild(t.backend);
	cr_expect_str_eq(bench_mail(&t), "a");
	cr_expect(eq(int, bench_pause(&t, 1), QUEUE_NO_SERVER));
	bench_end(&t);
}

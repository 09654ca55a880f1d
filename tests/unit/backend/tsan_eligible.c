/* Picks from threads while the eligible set is rebuilt under them and servers come and go: a plain program, because
 * ThreadSanitizer cannot run under Criterion. Exit 0: every pick was a server that existed, every reservation was given
 * back, no server got a place that was closed before the pick began, and old sets were freed. */
#include "support/backend_fixture.h"
#include "base/clock.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { WORKERS = 4, SERVERS = 8, MILLISECONDS = 700, AT_MOST = 30000 };

struct worker {
	struct backend_fixture *f;
	uint32_t id;
	uint64_t picks, none, wrong;
};

static _Atomic bool stop;
/* Server 0 is closed for good half-way; picks that began afterwards must not get it. */
static _Atomic bool closed;

static void worker_pick(struct worker *w, struct random *random)
{
	bool was_closed = atomic_load(&closed);
	struct pick_request request = {
		.random = random_next(random), .worker = w->id, .peek = random_next(random) % 8 == 0};
	struct server *s = backend_pick(w->f->backend, &request);
	w->picks++;
	if (!s) {
		w->none++;
		return;
	}
	w->wrong += s->backend != w->f->backend || s->index >= SERVERS || (was_closed && s->index == 0);
	if (request.peek)
		return;
	backend_feedback(w->f->backend, s, LBD_SUCCESS, 10, 20, 30);
	server_release(s, w->id);
}

static void *worker_run(void *argument)
{
	struct worker *w = argument;
	struct random random = {w->id};
	while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
		quiesce_enter(&w->f->readers[w->id]);
		for (int i = 0; i < 50; i++)
			worker_pick(w, &random);
		quiesce_leave(&w->f->readers[w->id]);
	}
	return NULL;
}

static void change_something(struct backend *b, struct random *random)
{
	struct server *s = b->servers[1 + random_next(random) % (SERVERS - 1)];
	switch (random_next(random) % 4) {
	case 0:
		server_set_weight(s, (uint32_t)(random_next(random) % 257));
		break;
	case 1:
		server_set_admin(s, s->admin == SERVER_READY ? SERVER_DRAIN : SERVER_READY, "test");
		break;
	case 2:
		server_set_health(s, s->health == SERVER_HEALTHY ? SERVER_UNHEALTHY : SERVER_HEALTHY, "test");
		break;
	default:
		server_set_admin(s, s->admin == SERVER_MAINT ? SERVER_READY : SERVER_MAINT, "test");
	}
}

static int run(const char *algorithm)
{
	struct backend_fixture f;
	struct worker worker[WORKERS];
	pthread_t thread[WORKERS];
	struct random random = {1};
	uint64_t rebuilds = 0, picks = 0, none = 0, wrong = 0, reserved;
	atomic_store(&stop, false);
	atomic_store(&closed, false);
	backend_fixture_make(&f, algorithm, SERVERS, NULL);
	for (uint32_t i = 0; i < WORKERS; i++) {
		worker[i] = (struct worker){.f = &f, .id = i};
		if (pthread_create(&thread[i], NULL, worker_run, &worker[i]) != 0)
			abort();
	}
	uint64_t began = clock_monotonic_us(), end = began + MILLISECONDS * 1000;
	/* Longer on a busy machine, until enough has happened. */
	for (uint64_t now = began; now < end || (f.reclaimer.freed <= 20 && now < began + AT_MOST * UINT64_C(1000));
		now = clock_monotonic_us()) {
		change_something(f.backend, &random);
		if (now > began + MILLISECONDS * 500 && !atomic_load(&closed)) {
			server_set_admin(f.backend->servers[0], SERVER_MAINT, "test");
			atomic_store(&closed, true);
		}
		if (random_next(&random) % 2) {
			backend_rebuild(f.backend);
			rebuilds++;
		}
		reclaimer_poll(&f.reclaimer);
		text_clear(&f.said);
		usleep(200);
	}
	atomic_store(&stop, true);
	for (int i = 0; i < WORKERS; i++) {
		pthread_join(thread[i], NULL);
		picks += worker[i].picks;
		none += worker[i].none;
		wrong += worker[i].wrong;
	}
	reserved = backend_in_flight(f.backend);
	printf("%-12s picks %llu none %llu rebuilds %llu freed %llu wrong %llu left over %llu\n", algorithm,
		(unsigned long long)picks, (unsigned long long)none, (unsigned long long)rebuilds,
		(unsigned long long)f.reclaimer.freed, (unsigned long long)wrong, (unsigned long long)reserved);
	bool good = wrong == 0 && reserved == 0 && picks > 1000 && rebuilds > 20 && f.reclaimer.freed > 10;
	backend_fixture_end(&f);
	return good ? 0 : 1;
}

int main(void)
{
	static const char *const algorithms[] = {"least_conn", "p2c", "random", "round_robin", "smooth_wrr", "all_in"};
	int bad = 0;
	for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++)
		bad += run(algorithms[i]);
	return bad;
}

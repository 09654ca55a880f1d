#include "backend/eligible.h"

#include "support/backend_fixture.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <pthread.h>

/* Nonsense of a plugin is counted, and the request is served all the same. */
Test(pick, garbage_is_counted_and_survived)
{
	struct backend_fixture f;
	uint64_t seen[3] = {0};
	backend_fixture_make(&f, "garbage", 3, NULL);
	for (int i = 0; i < 1000; i++) {
		int k = backend_fixture_pick(&f, false);
		cr_assert(k >= 0 && k < 3);
		seen[k]++;
	}
	uint64_t invalid = counter_set_sum(&f.backend->counters, COUNTER_PICK_INVALID);
	cr_expect(invalid > 400 && invalid < 600, "%llu", (unsigned long long)invalid);
	cr_expect(seen[1] > 50 && seen[2] > 50);
	cr_expect(eq(u64, counter_set_sum(&f.backend->counters, COUNTER_PICKED), (uint64_t)1000));

	struct pick_request request = {.tried = {f.backend->servers[0]}, .tried_count = 1};
	for (int i = 0; i < 200; i++) { /* it ignores tried */
		request.random = random_next(&f.random);
		struct server *s = backend_pick(f.backend, &request);
		cr_assert(s && s != f.backend->servers[0]);
		server_release(s, 0);
	}
	backend_fixture_end(&f);
}

Test(pick, reserves_and_notes_the_most)
{
	struct backend_fixture f;
	backend_fixture_make(&f, "round_robin", 1, NULL);
	struct server *s = f.backend->servers[0];
	for (int i = 0; i < 5; i++)
		cr_assert(backend_fixture_pick(&f, true) == 0);
	for (int i = 0; i < 3; i++)
		server_release(s, 0);
	backend_fixture_pick(&f, false);
	cr_expect(eq(u32, atomic_load(&s->live.in_flight), 2u));
	cr_expect(eq(u32, atomic_load(&s->in_flight_max), 5u));
	cr_expect(eq(u32, backend_in_flight(f.backend), 2u));
	cr_expect(eq(u64, counter_set_sum(&s->counters, COUNTER_PICKED), (uint64_t)6));
	backend_fixture_end(&f);
}

enum { THREADS = 8, PICKS = 20000, SLOTS = 3 };

struct crowd {
	struct backend *backend;
	uint32_t worker;
	_Atomic uint32_t *over;
};

static void *crowd_run(void *argument)
{
	struct crowd *c = argument;
	struct random random = {c->worker};
	for (int i = 0; i < PICKS; i++) {
		struct pick_request request = {.random = random_next(&random), .worker = c->worker};
		struct server *s = backend_pick(c->backend, &request);
		if (!s)
			continue;
		if (atomic_load(&s->live.in_flight) > SLOTS)
			atomic_fetch_add(c->over, 1);
		server_release(s, 0);
	}
	return NULL;
}

Test(pick, maxconn_holds_from_many_threads)
{
	struct backend_fixture f;
	pthread_t thread[THREADS];
	struct crowd crowd[THREADS];
	_Atomic uint32_t over = 0;
	backend_fixture_init(&f, 2, NULL);
	f.conf.servers[0].maxconn = f.conf.servers[1].maxconn = SLOTS;
	cr_assert(backend_fixture_start(&f, "least_conn", THREADS));
	for (uint32_t i = 0; i < THREADS; i++) {
		crowd[i] = (struct crowd){f.backend, i, &over};
		cr_assert(pthread_create(&thread[i], NULL, crowd_run, &crowd[i]) == 0);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	cr_expect(eq(u32, atomic_load(&over), 0u));
	cr_expect(eq(u32, backend_in_flight(f.backend), 0u));
	cr_expect(atomic_load(&f.backend->servers[0]->in_flight_max) <= SLOTS);
	backend_fixture_end(&f);
}

/* Bounded load: 125 % of the mean, never below 4. The plugin takes the first server that may. */
Test(pick, bounded_load)
{
	struct backend_fixture f;
	backend_fixture_init(&f, 10, NULL);
	f.conf.algorithm.bounded_load = 125;
	cr_assert(backend_fixture_start(&f, "all_in", 1), "%s", f.error);
	for (int i = 0; i < 1000; i++)
		cr_assert(backend_fixture_pick(&f, true) >= 0);
	cr_expect(eq(u64, atomic_load(&f.backend->in_flight_sum), (uint64_t)1000));
	for (int i = 0; i < 10; i++)
		cr_expect(atomic_load(&f.backend->servers[i]->live.in_flight) <= 126, "server %d: %u", i,
			atomic_load(&f.backend->servers[i]->live.in_flight));
	for (int i = 0; i < 10; i++)
		while (atomic_load(&f.backend->servers[i]->live.in_flight))
			server_release(f.backend->servers[i], 0);
	cr_expect(eq(u64, atomic_load(&f.backend->in_flight_sum), (uint64_t)0));
	for (int i = 0; i < 4; i++)
		cr_expect(eq(int, backend_fixture_pick(&f, true), 0));
	cr_expect(eq(int, backend_fixture_pick(&f, true), 1));
	backend_fixture_end(&f);
}

Test(pick, feedback_and_options_reach_the_plugin)
{
	struct backend_fixture f;
	char line[64];
	backend_fixture_make(&f, "all_in", 2, NULL);
	struct server *s = f.backend->servers[1];
	backend_feedback(f.backend, s, LBD_SUCCESS, 30, 50, 1);
	backend_feedback(f.backend, s, LBD_FAILURE, 12, 50, 2);
	server_set_weight(s, 5);
	backend_rebuild(f.backend); /* cells survive */
	backend_feedback(f.backend, s, LBD_NEUTRAL, 0, 50, 3);
	cr_expect(eq(u64, atomic_load(&s->cell.word[0]), (uint64_t)1002));
	cr_expect(eq(u64, atomic_load(&s->cell.word[1]), (uint64_t)42));
	const struct algorithm_instance *instance = f.backend->instance;
	instance->plugin->describe(instance->state, NULL, line, sizeof line);
	cr_expect_str_eq(line, "160 -2");
	backend_fixture_end(&f);
}

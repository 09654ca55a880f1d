/* What must hold for every algorithm. */
#include "picks.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

/* maxconn for those that need it. */
static void make(struct backend_fixture *f, const char *algorithm, uint32_t servers, const uint32_t *weight)
{
	backend_fixture_init(f, servers, weight);
	for (uint32_t i = 0; i < servers; i++)
		f->conf.servers[i].maxconn = 1000;
	cr_assert(backend_fixture_start(f, algorithm, 4), "%s", f->error);
}

Test(all, empty_set_gives_none)
{
	for (const char *const *a = picks_algorithms; *a; a++) {
		struct backend_fixture f;
		make(&f, *a, 0, NULL);
		cr_expect(eq(int, backend_fixture_pick(&f, false), -1), "%s", *a);
		backend_fixture_end(&f);
	}
}

Test(all, one_server_gives_that_one)
{
	for (const char *const *a = picks_algorithms; *a; a++) {
		struct backend_fixture f;
		make(&f, *a, 1, NULL);
		for (int i = 0; i < 10; i++)
			cr_expect(eq(int, backend_fixture_pick(&f, false), 0), "%s", *a);
		backend_fixture_end(&f);
	}
}

Test(all, weight_0_is_never_seen)
{
	for (const char *const *a = picks_algorithms; *a; a++) {
		struct backend_fixture f;
		uint64_t count[3] = {0};
		make(&f, *a, 3, (uint32_t[]){0, 10, 0});
		picks_count(&f, 200, count);
		cr_expect(count[0] == 0 && count[1] == 200 && count[2] == 0, "%s", *a);
		backend_fixture_end(&f);
	}
}

Test(all, a_closed_server_gets_nothing_before_the_rebuild)
{
	for (const char *const *a = picks_algorithms; *a; a++) {
		struct backend_fixture f;
		uint64_t count[3] = {0};
		make(&f, *a, 3, NULL);
		server_set_admin(f.backend->servers[0], SERVER_MAINT, "test"); /* no loop: the set stays as it is */
		picks_count(&f, 300, count);
		cr_expect(count[0] == 0 && count[1] + count[2] == 300, "%s", *a);
		server_set_admin(f.backend->servers[1], SERVER_DRAIN, "test");
		server_set_weight(f.backend->servers[2], 0);
		cr_expect(eq(int, backend_fixture_pick(&f, false), -1), "%s: all closed", *a);
		backend_fixture_end(&f);
	}
}

Test(all, tried_servers_are_not_returned)
{
	for (const char *const *a = picks_algorithms; *a; a++) {
		struct backend_fixture f;
		make(&f, *a, 4, NULL);
		struct pick_request request = {.tried_count = 0};
		for (int k = 0; k < 4; k++) {
			request.random = random_next(&f.random);
			struct server *s = backend_pick(f.backend, &request);
			cr_assert(s != NULL, "%s", *a);
			for (uint32_t t = 0; t < request.tried_count; t++)
				cr_expect(request.tried[t] != s, "%s", *a);
			server_release(s, 0);
			request.tried[request.tried_count++] = s;
		}
		cr_expect(backend_pick(f.backend, &request) == NULL, "%s: all tried", *a);
		backend_fixture_end(&f);
	}
}

/* A peek says what the next pick with the same input gives, however often it is asked. */
Test(all, peek_changes_nothing)
{
	for (const char *const *a = picks_algorithms; *a; a++) {
		struct backend_fixture f;
		make(&f, *a, 5, (uint32_t[]){5, 1, 1, 20, 7});
		for (int i = 0; i < 200; i++) {
			struct pick_request request = {.random = random_next(&f.random), .peek = true};
			const struct server *first = backend_pick(f.backend, &request);
			const struct server *second = backend_pick(f.backend, &request);
			uint64_t picked = counter_set_sum(&f.backend->counters, COUNTER_PICKED);
			cr_expect(eq(u64, picked, (uint64_t)i), "%s", *a);
			request.peek = false;
			struct server *real = backend_pick(f.backend, &request);
			cr_expect(first == real && second == real, "%s pick %d", *a, i);
			server_release(real, 0);
		}
		cr_expect(eq(u32, backend_in_flight(f.backend), 0u), "%s", *a);
		backend_fixture_end(&f);
	}
}

Test(all, equal_seed_and_input_give_equal_picks)
{
	for (const char *const *a = picks_algorithms; *a; a++) {
		struct backend_fixture f, g;
		char x[101], y[101];
		make(&f, *a, 5, (uint32_t[]){5, 1, 1, 20, 7});
		make(&g, *a, 5, (uint32_t[]){5, 1, 1, 20, 7});
		cr_expect_str_eq(picks_letters(&f, 100, x), picks_letters(&g, 100, y), "%s", *a);
		backend_fixture_end(&f);
		backend_fixture_end(&g);
	}
}

Test(all, maxconn_is_never_exceeded_and_full_gives_none)
{
	for (const char *const *a = picks_algorithms; *a; a++) {
		struct backend_fixture f;
		backend_fixture_init(&f, 3, NULL);
		for (uint32_t i = 0; i < 3; i++)
			f.conf.servers[i].maxconn = 2 + i;
		cr_assert(backend_fixture_start(&f, *a, 1), "%s", f.error);
		for (int i = 0; i < 2 + 3 + 4; i++)
			cr_expect(backend_fixture_pick(&f, true) >= 0, "%s pick %d", *a, i);
		cr_expect(eq(int, backend_fixture_pick(&f, true), -1), "%s: full", *a);
		for (uint32_t i = 0; i < 3; i++)
			cr_expect(eq(u32, atomic_load(&f.backend->servers[i]->live.in_flight), 2u + i), "%s", *a);
		backend_fixture_end(&f);
	}
}

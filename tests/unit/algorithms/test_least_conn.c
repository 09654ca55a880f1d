#include "picks.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

Test(least_conn, equals_in_turn)
{
	struct backend_fixture f;
	char got[10];
	backend_fixture_make(&f, "least_conn", 3, NULL);
	cr_expect_str_eq(picks_letters(&f, 9, got), "ABCABCABC");
	backend_fixture_end(&f);
}

Test(least_conn, the_least_loaded_for_its_weight)
{
	static const struct {
		uint32_t weight[3], load[3];
		int picked;
	} cases[] = {
		{{1, 1, 1}, {3, 2, 4}, 1}, {{1, 1, 1}, {5, 5, 0}, 2}, {{10, 1, 1}, {9, 1, 2}, 0},
		{{10, 1, 1}, {11, 1, 2}, 1}, {{256, 1, 255}, {255, 1, 255}, 0},
		{{1, 256, 2}, {1000000, 255999999, 2000001}, 1}, /* no overflow, no rounding */
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct backend_fixture f;
		backend_fixture_make(&f, "least_conn", 3, cases[i].weight);
		for (int k = 0; k < 3; k++)
			atomic_store(&f.backend->servers[k]->live.in_flight, cases[i].load[k]);
		cr_expect(eq(int, backend_fixture_pick(&f, true), cases[i].picked), "case %zu", i);
		backend_fixture_end(&f);
	}
}

/* Places that are held are spread by weight. */
Test(least_conn, load_follows_weights)
{
	struct backend_fixture f;
	backend_fixture_make(&f, "least_conn", 3, (uint32_t[]){5, 3, 2});
	for (int i = 0; i < 1000; i++)
		cr_assert(backend_fixture_pick(&f, true) >= 0);
	static const uint32_t load[] = {500, 300, 200};
	for (int i = 0; i < 3; i++)
		cr_expect(eq(u32, atomic_load(&f.backend->servers[i]->live.in_flight), load[i]));
	backend_fixture_end(&f);
}

Test(least_conn, a_server_that_comes_back_takes_only_its_gap)
{
	struct backend_fixture f;
	backend_fixture_make(&f, "least_conn", 2, NULL);
	server_set_admin(f.backend->servers[0], SERVER_DRAIN, "test");
	backend_rebuild(f.backend);
	for (int i = 0; i < 10; i++)
		cr_expect(eq(int, backend_fixture_pick(&f, true), 1));
	server_set_admin(f.backend->servers[0], SERVER_READY, "test");
	backend_rebuild(f.backend);
	for (int i = 0; i < 10; i++)
		cr_expect(eq(int, backend_fixture_pick(&f, true), 0));
	for (int i = 0; i < 10; i++)
		backend_fixture_pick(&f, true);
	cr_expect(eq(u32, atomic_load(&f.backend->servers[0]->live.in_flight), 15u));
	backend_fixture_end(&f);
}

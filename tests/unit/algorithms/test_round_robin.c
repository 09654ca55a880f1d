#include "picks.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

Test(round_robin, each_in_turn)
{
	struct backend_fixture f;
	char got[7];
	backend_fixture_make(&f, "round_robin", 3, NULL);
	picks_letters(&f, 6, got);
	for (int i = 0; i < 6; i++)
		cr_expect(eq(chr, got[(i + 1) % 6], (char)('A' + (got[i] - 'A' + 1) % 3)), "%s", got);
	backend_fixture_end(&f);
}

Test(round_robin, the_start_is_random)
{
	bool seen[3] = {false};
	for (uint64_t seed = 1; seed <= 60; seed++) {
		struct backend_fixture f;
		backend_fixture_init(&f, 3, NULL);
		f.host.seed = seed * 0x9e3779b97f4a7c15u;
		cr_assert(backend_fixture_start(&f, "round_robin", 1));
		seen[backend_fixture_pick(&f, false)] = true;
		backend_fixture_end(&f);
	}
	cr_expect(seen[0] && seen[1] && seen[2]);
}

Test(round_robin, exact_from_100_threads)
{
	struct backend_fixture f;
	uint64_t count[3] = {0};
	backend_fixture_make(&f, "round_robin", 3, NULL);
	picks_from_threads(&f, 100, 1000, count);
	for (int i = 0; i < 3; i++)
		cr_expect(count[i] == 33333 || count[i] == 33334, "server %d: %llu", i, (unsigned long long)count[i]);
	backend_fixture_end(&f);
}

Test(round_robin, without_one_the_others_alternate)
{
	for (int rebuilt = 0; rebuilt < 2; rebuilt++) {
		struct backend_fixture f;
		char got[21];
		backend_fixture_make(&f, "round_robin", 3, NULL);
		server_set_admin(f.backend->servers[1], SERVER_DRAIN, "test");
		if (rebuilt)
			backend_rebuild(f.backend);
		picks_letters(&f, 20, got);
		for (int i = 0; i + 1 < 20; i++)
			cr_expect(got[i] != got[i + 1] && got[i] != 'B', "rebuilt %d: %s", rebuilt, got);
		backend_fixture_end(&f);
	}
}

/* Half the share means half the turns, never two turns in a row for it, and exact over a cycle of 5. */
Test(round_robin, unequal_shares_in_smooth_order)
{
	struct backend_fixture f;
	uint64_t count[3] = {0};
	char got[11];
	backend_fixture_make(&f, "round_robin", 3, (uint32_t[]){1, 200, 7}); /* weights are not looked at */
	server_set_health(f.backend->servers[0], SERVER_DEGRADED, "test");
	backend_rebuild(f.backend);
	picks_letters(&f, 10, got);
	for (int i = 0; i < 9; i++)
		cr_expect(got[i] != got[i + 1], "%s", got);
	picks_from_threads(&f, 20, 500, count);
	cr_expect(count[0] == 2000 && count[1] == 4000 && count[2] == 4000, "%llu %llu %llu",
		(unsigned long long)count[0], (unsigned long long)count[1], (unsigned long long)count[2]);
	backend_fixture_end(&f);
}

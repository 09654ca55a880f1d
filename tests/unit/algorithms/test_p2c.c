#include "picks.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

/* At equal load the shares are the weights. 9 degrees of freedom: 27.9 is passed once in a thousand runs; the seed is
 * fixed. */
Test(p2c, shares_follow_weights)
{
	struct backend_fixture f;
	uint32_t weight[10] = {1, 2, 3, 4, 5, 10, 20, 50, 100, 256};
	uint64_t count[10] = {0};
	backend_fixture_make(&f, "p2c", 10, weight);
	picks_count(&f, 200000, count);
	cr_expect(picks_chi_square(count, weight, 10) < 27.9, "chi-square %.1f", picks_chi_square(count, weight, 10));
	backend_fixture_end(&f);
}

Test(p2c, two_servers_are_always_compared)
{
	struct backend_fixture f;
	backend_fixture_make(&f, "p2c", 2, (uint32_t[]){1, 256});
	atomic_store(&f.backend->servers[1]->live.in_flight, 10000);
	for (int i = 0; i < 200; i++) /* 200 / 1 is still below 10000 / 256 only up to 39 */
		cr_expect(eq(int, backend_fixture_pick(&f, true), i < 39 ? 0 : i == 39 ? 0 : 1), "pick %d", i);
	backend_fixture_end(&f);
}

/* n places on n servers: the fullest holds about ln ln n / ln 2, where one draw alone would give ln n / ln ln n. */
Test(p2c, maximum_load)
{
	enum { SERVERS = 1000 };
	struct backend_fixture f;
	uint32_t most = 0;
	backend_fixture_make(&f, "p2c", SERVERS, NULL);
	for (int i = 0; i < SERVERS; i++)
		cr_assert(backend_fixture_pick(&f, true) >= 0);
	for (int i = 0; i < SERVERS; i++) {
		uint32_t load = atomic_load(&f.backend->servers[i]->live.in_flight);
		most = load > most ? load : most;
	}
	cr_expect(most <= 4, "%u", most);
	backend_fixture_end(&f);
}

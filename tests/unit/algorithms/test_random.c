#include "picks.h"

#include <criterion/criterion.h>

/* 9 degrees of freedom, as for p2c. */
Test(random, shares_follow_weights)
{
	struct backend_fixture f;
	uint32_t weight[10] = {1, 2, 3, 4, 5, 10, 20, 50, 100, 256};
	uint64_t count[10] = {0};
	backend_fixture_make(&f, "random", 10, weight);
	picks_count(&f, 200000, count);
	cr_expect(picks_chi_square(count, weight, 10) < 27.9, "chi-square %.1f", picks_chi_square(count, weight, 10));
	backend_fixture_end(&f);
}

#include "picks.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>

Test(smooth_wrr, order)
{
	static const struct {
		uint32_t servers, weight[4];
		const char *order;
	} cases[] = {
		{3, {5, 1, 1}, "AABACAAAABACAA"},
		{3, {50, 10, 10}, "AABACAAAABACAA"}, /* the same after dividing by the gcd */
		{3, {1, 1, 1}, "ABCABC"},
		{2, {1, 2}, "BABBAB"},
		{4, {4, 3, 2, 1}, "ABCABDACBA"},
		{1, {256}, "AAAA"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct backend_fixture f;
		char got[32];
		backend_fixture_make(&f, "smooth_wrr", cases[i].servers, cases[i].weight);
		picks_letters(&f, (unsigned)strlen(cases[i].order), got);
		cr_expect_str_eq(got, cases[i].order, "case %zu", i);
		backend_fixture_end(&f);
	}
}

/* The definition itself, O(turns x servers), against what the plugin computes by classes. */
Test(smooth_wrr, same_order_as_the_definition)
{
	struct random random = {3};
	for (int round = 0; round < 200; round++) {
		uint32_t n = 1 + (uint32_t)(random_next(&random) % 12), weight[12];
		int64_t current[12] = {0}, sum = 0;
		for (uint32_t i = 0; i < n; i++) {
			weight[i] = 1 + (uint32_t)(random_next(&random) % (round % 2 ? 5 : 256));
			sum += weight[i];
		}
		struct backend_fixture f;
		backend_fixture_make(&f, "smooth_wrr", n, weight);
		for (int64_t turn = 0; turn < 2 * sum; turn++) {
			uint32_t best = 0;
			for (uint32_t i = 0; i < n; i++) {
				current[i] += weight[i];
				if (current[i] > current[best])
					best = i;
			}
			current[best] -= sum;
			cr_assert(eq(int, backend_fixture_pick(&f, false), (int)best), "round %d turn %lld", round,
				(long long)turn);
		}
		backend_fixture_end(&f);
	}
}

Test(smooth_wrr, exact_from_20_threads)
{
	struct backend_fixture f;
	uint64_t count[3] = {0};
	backend_fixture_make(&f, "smooth_wrr", 3, (uint32_t[]){5, 1, 1});
	picks_from_threads(&f, 20, 35, count);
	cr_expect(count[0] == 500 && count[1] == 100 && count[2] == 100);
	backend_fixture_end(&f);
}

Test(smooth_wrr, new_weights_from_the_next_cycle_on)
{
	struct backend_fixture f;
	uint64_t before[3] = {0}, after[3] = {0};
	backend_fixture_make(&f, "smooth_wrr", 3, (uint32_t[]){5, 1, 1});
	picks_count(&f, 703, before); /* the change falls into the middle of a cycle */
	server_set_weight(f.backend->servers[0], 1);
	server_set_weight(f.backend->servers[2], 2);
	backend_rebuild(f.backend);
	picks_from_threads(&f, 20, 40, after);
	cr_expect(after[0] == 200 && after[1] == 200 && after[2] == 400);
	backend_fixture_end(&f);
}

/* Too many slots for a stored cycle: still exact over the cycle, and no server waits much longer than its due. */
Test(smooth_wrr, long_cycles_are_exact_and_even)
{
	enum { SERVERS = 512 };
	struct random random = {9};
	uint32_t weight[SERVERS], sum = 0, *count = calloc(SERVERS, sizeof *count),
				  *last = calloc(SERVERS, sizeof *last);
	for (int i = 0; i < SERVERS; i++)
		sum += weight[i] = i == 0 ? 251 : 1 + (uint32_t)(random_next(&random) % 256);
	struct backend_fixture f;
	double worst = 0;
	cr_assert(sum > 16384);
	backend_fixture_make(&f, "smooth_wrr", SERVERS, weight);
	for (uint32_t turn = 0; turn < 2 * sum; turn++) {
		int k = backend_fixture_pick(&f, false);
		cr_assert(k >= 0);
		double gap = count[k] ? (double)(turn - last[k]) * weight[k] / sum : 0;
		worst = gap > worst ? gap : worst;
		last[k] = turn;
		count[k]++;
	}
	for (int i = 0; i < SERVERS; i++)
		cr_expect(eq(u32, count[i], 2 * weight[i]), "server %d", i);
	cr_expect(worst < 3, "worst gap %.2f of the ideal one", worst);
	backend_fixture_end(&f);
	free(count);
	free(last);
}

/* A refused pick draws again from the counter: what is left keeps its proportions. */
Test(smooth_wrr, without_one_the_others_keep_their_shares)
{
	struct backend_fixture f;
	uint64_t count[3] = {0};
	backend_fixture_make(&f, "smooth_wrr", 3, (uint32_t[]){3, 2, 1});
	server_set_admin(f.backend->servers[0], SERVER_MAINT, "test");
	picks_count(&f, 300, count);
	cr_expect(count[0] == 0 && count[1] == 200 && count[2] == 100);
	backend_fixture_end(&f);
}

/* 50 % of weight 1 is not 0. */
Test(smooth_wrr, health_halves_a_small_weight)
{
	struct backend_fixture f;
	uint64_t count[2] = {0};
	backend_fixture_make(&f, "smooth_wrr", 2, (uint32_t[]){1, 1});
	server_set_health(f.backend->servers[0], SERVER_DEGRADED, "test");
	backend_rebuild(f.backend);
	picks_count(&f, 300, count);
	cr_expect(count[0] == 100 && count[1] == 200);
	backend_fixture_end(&f);
}

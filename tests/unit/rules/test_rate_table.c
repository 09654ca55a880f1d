#include "rules/rate_table.h"

#include <criterion/criterion.h>

enum { SECOND = 1000000 };

static const struct siphash_key table_seed = {1, 2};

static struct rate_table *table_make(uint32_t rate, uint64_t per_us, uint32_t burst, uint32_t keys, uint64_t now_us)
{
	const struct rate_table_limit limit = {.rate = rate, .burst = burst, .per_us = per_us, .keys = keys};
	struct rate_table *t = rate_table_create(&limit, &table_seed, now_us);
	cr_assert(t != NULL);
	return t;
}

static uint64_t table_key(uint64_t number)
{
	return siphash(&table_seed, str_make((const char *)&number, sizeof number));
}

/* Requests as fast as they come, one each step_us, for so long: exactly burst at once, and rate a period afterwards. */
Test(rate_table, gives_burst_and_then_the_rate)
{
	static const struct {
		uint32_t rate, burst;
		uint64_t per_us, step_us, for_us;
		uint64_t expected;
	} cases[] = {
		{1, 1, SECOND, 1000, 10 * SECOND, 10},
		{10, 1, SECOND, 1000, 10 * SECOND, 100},
		{10, 20, SECOND, 1000, 10 * SECOND, 119},
		{7, 3, SECOND, 100, 10 * SECOND, 72},
		{1000000, 1, SECOND, 1, SECOND, 1000000},
		{1000, 1000000, SECOND, 10, 100, 10},
		{3, 2, 3600ull * SECOND, 60 * SECOND, 7200ull * SECOND, 7},
		{1000000, 5, 86400ull * SECOND, 43200, 864 * SECOND, 10004},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint64_t start = 123456789, passed = 0, key = table_key(i);
		struct rate_table *t = table_make(cases[i].rate, cases[i].per_us, cases[i].burst, 1, start);
		for (uint64_t at = 0; at < cases[i].for_us; at += cases[i].step_us)
			passed += rate_table_take(t, key, start + at) == 0;
		cr_expect_eq(passed, cases[i].expected, "case %zu: %llu", i, (unsigned long long)passed);
		rate_table_destroy(t);
	}
}

Test(rate_table, says_how_long_to_wait)
{
	struct rate_table *t = table_make(2, SECOND, 3, 8, 0);
	uint64_t key = table_key(1), now = 5 * SECOND;
	for (int i = 0; i < 3; i++)
		cr_assert_eq(rate_table_take(t, key, now), 0);
	cr_expect_eq(rate_table_take(t, key, now), SECOND / 2);
	/* Time is counted in parts of an interval, and waits are rounded up. */
	uint64_t wait = rate_table_take(t, key, now + 100000);
	cr_expect(wait >= SECOND / 2 - 100000 && wait <= SECOND / 2 - 100000 + SECOND / 2 / 128 + 1);
	cr_expect_gt(rate_table_take(t, key, now + SECOND / 2 - 1), 0u);
	cr_expect_eq(rate_table_take(t, key, now + SECOND / 2), 0);
	cr_expect_gt(rate_table_take(t, key, now + SECOND / 2), 0u);
	rate_table_destroy(t);
}

Test(rate_table, a_look_takes_nothing)
{
	struct rate_table *t = table_make(1, SECOND, 2, 8, 0);
	uint64_t key = table_key(1);
	for (int i = 0; i < 10; i++)
		cr_expect_eq(rate_table_peek(t, key, SECOND), 0);
	cr_assert_eq(rate_table_take(t, key, SECOND), 0);
	cr_expect_eq(rate_table_peek(t, key, SECOND), 0);
	cr_assert_eq(rate_table_take(t, key, SECOND), 0);
	cr_expect_eq(rate_table_peek(t, key, SECOND), SECOND);
	cr_expect_eq(rate_table_take(t, key, SECOND), SECOND);
	rate_table_destroy(t);
}

Test(rate_table, keys_do_not_meet)
{
	enum { KEYS = 1000 };
	struct rate_table *t = table_make(1, 10ull * SECOND, 3, KEYS * 4, 0);
	for (int turn = 0; turn < 5; turn++)
		for (uint64_t k = 0; k < KEYS; k++)
			cr_expect_eq(rate_table_take(t, table_key(k), SECOND + (uint64_t)turn) == 0, turn < 3);
	cr_expect_eq(rate_table_forgotten(t), 0);
	rate_table_destroy(t);
}

/* They do not spread evenly: of as many as there may be at a time, a few are forgotten. */
Test(rate_table, few_are_forgotten_when_it_is_full)
{
	enum { KEYS = 4096 };
	struct rate_table *t = table_make(1, 10ull * SECOND, 1, KEYS, 0);
	unsigned again = 0;
	for (uint64_t k = 0; k < KEYS; k++)
		cr_expect_eq(rate_table_take(t, table_key(k), SECOND), 0);
	for (uint64_t k = 0; k < KEYS; k++)
		again += rate_table_peek(t, table_key(k), SECOND) == 0;
	cr_expect_eq(rate_table_forgotten(t), again);
	cr_expect_lt(again, KEYS / 50, "%u", again);
	rate_table_destroy(t);
}

/* More keys than there is room: nobody is refused for it, memory stays, and who owes most is remembered longest. */
Test(rate_table, strangers_do_not_push_out_who_owes_most)
{
	enum { STRANGERS = 100000 };
	struct rate_table *t = table_make(10, SECOND, 50, 8, 0);
	uint64_t greedy = table_key(0), now = SECOND;
	for (int i = 0; i < 50; i++)
		cr_assert_eq(rate_table_take(t, greedy, now), 0);
	for (uint64_t k = 1; k <= STRANGERS; k++)
		cr_assert_eq(rate_table_take(t, table_key(k), now), 0);
	cr_expect_gt(rate_table_take(t, greedy, now), 0u);
	cr_expect_gt(rate_table_forgotten(t), (uint64_t)STRANGERS - 100);
	/* When all have paid back, nothing is lost by using their places. */
	uint64_t forgotten = rate_table_forgotten(t);
	now += 60 * SECOND;
	for (uint64_t k = 1; k <= 8; k++)
		cr_assert_eq(rate_table_take(t, table_key(STRANGERS + k), now), 0);
	cr_expect_eq(rate_table_forgotten(t), forgotten);
	rate_table_destroy(t);
}

/* 40 bits of time come round; what is left from long ago must not count. */
Test(rate_table, a_key_may_come_back_after_years)
{
	struct rate_table *t = table_make(1000, SECOND, 10, 8, 0);
	uint64_t key = table_key(1), round_us = (1ull << 40) / 128 * 1000;
	for (uint64_t at = 0; at < 4 * round_us; at += round_us / 97) {
		cr_expect_eq(rate_table_take(t, key, at), 0, "after %llu us", (unsigned long long)at);
		for (int i = 1; i < 10; i++)
			cr_expect_eq(rate_table_take(t, key, at), 0);
		cr_expect_gt(rate_table_take(t, key, at), 0u);
	}
	rate_table_destroy(t);
}

Test(rate_table, clocks_of_workers_differ)
{
	struct rate_table *t = table_make(100, SECOND, 5, 8, 0);
	uint64_t key = table_key(1), passed = 0;
	for (uint64_t at = SECOND; at < 2 * SECOND; at += 500)
		passed += rate_table_take(t, key, at - at / 500 % 7 * 1000) == 0;
	cr_expect_leq(passed, 105u);
	cr_expect_geq(passed, 100u);
	rate_table_destroy(t);
}

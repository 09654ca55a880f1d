#include "backend/retry_budget.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <pthread.h>

enum { SECOND = 1000000, FREE = RETRY_BUDGET_WINDOW_S * RETRY_BUDGET_FREE_PER_S };

static void requests(struct retry_budget *b, uint32_t worker, uint32_t n, uint64_t now_us)
{
	for (uint32_t i = 0; i < n; i++)
		retry_budget_note_request(b, worker, now_us);
}

/* How many are granted of n that are asked for. */
static uint32_t take(struct retry_budget *b, uint32_t percent, uint32_t n, uint64_t now_us)
{
	uint32_t granted = 0;
	for (uint32_t i = 0; i < n; i++)
		granted += retry_budget_take(b, percent, now_us);
	return granted;
}

Test(retry_budget, share_of_the_requests)
{
	static const struct {
		uint32_t percent, requests, granted;
	} cases[] = {
		{20, 0, FREE}, /* full at the start */
		{20, 1000, FREE + 200},
		{100, 1000, FREE + 1000},
		{1000, 100, FREE + 1000},
		{1, 99, FREE},
		{1, 100, FREE + 1},
		{0, 1000, 0},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct retry_budget *b = retry_budget_create(2);
		requests(b, 0, cases[i].requests / 2, 5 * SECOND);
		requests(b, 1, cases[i].requests - cases[i].requests / 2, 5 * SECOND);
		cr_expect(eq(u32, take(b, cases[i].percent, 5000, 5 * SECOND), cases[i].granted), "case %zu", i);
		retry_budget_destroy(b);
	}
}

Test(retry_budget, both_leave_the_window_after_ten_seconds)
{
	struct retry_budget *b = retry_budget_create(1);
	requests(b, 0, 1000, 100 * (uint64_t)SECOND);
	cr_expect(eq(u32, take(b, 20, 5000, 100 * (uint64_t)SECOND), FREE + 200));
	cr_expect(eq(u32, take(b, 20, 5000, 109 * (uint64_t)SECOND + SECOND - 1), 0));
	cr_expect(eq(u32, take(b, 20, 5000, 110 * (uint64_t)SECOND), FREE));
	cr_expect(eq(u32, take(b, 20, 5000, 1000 * (uint64_t)SECOND), FREE));
	retry_budget_destroy(b);
}

Test(retry_budget, never_more_in_any_ten_seconds)
{
	struct retry_budget *b = retry_budget_create(1);
	uint32_t granted[100] = {0};
	for (uint32_t s = 0; s < 100; s++) {
		requests(b, 0, 50, s * (uint64_t)SECOND);
		granted[s] = take(b, 20, 7 * (s % 30), s * (uint64_t)SECOND);
		uint32_t sum = 0;
		for (uint32_t i = s < 9 ? 0 : s - 9; i <= s; i++)
			sum += granted[i];
		cr_expect(sum <= FREE + 10 * 50 * 20 / 100, "%u at second %u", sum, s);
	}
	retry_budget_destroy(b);
}

Test(retry_budget, a_worker_whose_clock_is_a_turn_behind)
{
	struct retry_budget *b = retry_budget_create(2);
	cr_expect(eq(u32, take(b, 20, 60, 20 * SECOND), 60));
	cr_expect(eq(u32, take(b, 20, 60, 20 * SECOND - 1), FREE - 60));
	retry_budget_destroy(b);
}

enum { THREADS = 4, TRIES = 20000 };

struct taker {
	struct retry_budget *budget;
	uint32_t worker, granted;
};

static void *taker_run(void *argument)
{
	struct taker *t = argument;
	for (uint32_t i = 0; i < TRIES; i++) {
		retry_budget_note_request(t->budget, t->worker, 50 * SECOND);
		t->granted += retry_budget_take(t->budget, 20, 50 * SECOND);
	}
	return NULL;
}

Test(retry_budget, exact_from_many_threads)
{
	struct retry_budget *b = retry_budget_create(THREADS);
	struct taker takers[THREADS];
	pthread_t threads[THREADS];
	for (uint32_t i = 0; i < THREADS; i++) {
		takers[i] = (struct taker){.budget = b, .worker = i};
		cr_assert(eq(int, pthread_create(&threads[i], NULL, taker_run, &takers[i]), 0));
	}
	uint32_t granted = 0;
	for (uint32_t i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		granted += takers[i].granted;
	}
	uint32_t most = FREE + THREADS * TRIES * 20 / 100;
	cr_expect(granted <= most, "%u of %u", granted, most);
	/* What those who came too late put back is there for the next one. */
	cr_expect(eq(u32, granted + take(b, 20, most, 50 * SECOND), most));
	retry_budget_destroy(b);
}

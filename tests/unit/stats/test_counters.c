#include "stats/counters.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <pthread.h>

enum { WORKERS = 4, ADDS = 100000 };

static struct counter_set set;

static void *count(void *argument)
{
	uint32_t worker = *(uint32_t *)argument;
	for (int i = 0; i < ADDS; i++)
		counter_add(counter_set_block(&set, worker), COUNTER_REQUESTS, 1);
	struct counters *c = counter_set_block(&set, worker);
	atomic_store_explicit(&c->last_us, 1000 + worker, memory_order_relaxed);
	return NULL;
}

Test(counters, sums_of_all_workers)
{
	pthread_t thread[WORKERS + 1];
	uint32_t id[WORKERS + 1];
	uint64_t value[COUNTER_COUNT];
	cr_assert(counter_set_init(&set, WORKERS));
	for (uint32_t i = 0; i <= WORKERS; i++) { /* the last one is control's */
		id[i] = i;
		pthread_create(&thread[i], NULL, count, &id[i]);
	}
	uint64_t before = 0;
	for (int i = 0; i < 1000; i++) { /* a reader sees it grow, never shrink */
		uint64_t now = counter_set_sum(&set, COUNTER_REQUESTS);
		cr_assert(now >= before);
		before = now;
	}
	for (int i = 0; i <= WORKERS; i++)
		pthread_join(thread[i], NULL);
	cr_expect(eq(u64, counter_set_sum(&set, COUNTER_REQUESTS), (uint64_t)ADDS * (WORKERS + 1)));
	cr_expect(eq(u64, counter_set_sums(&set, value), (uint64_t)1000 + WORKERS));
	cr_expect(eq(u64, value[COUNTER_REQUESTS], (uint64_t)ADDS * (WORKERS + 1)));
	cr_expect(eq(u64, value[COUNTER_SESSIONS], (uint64_t)0));
	counter_set_end(&set);
}

Test(counters, blocks_are_made_at_first_use_and_aligned)
{
	cr_assert(counter_set_init(&set, 2));
	cr_expect(eq(u64, counter_set_sum(&set, COUNTER_SESSIONS), (uint64_t)0));
	struct counters *c = counter_set_block(&set, 1);
	cr_expect(c == counter_set_block(&set, 1));
	cr_expect(c != counter_set_block(&set, 0));
	cr_expect(eq(u64, (uint64_t)((uintptr_t)c % LBD_CACHE_LINE), (uint64_t)0));
	counter_set_end(&set);
}

Test(counters, open_sessions_of_all_workers)
{
	cr_assert(counter_set_init(&set, 2));
	cr_expect(eq(u32, counter_set_open_sessions(&set), 0u));
	counter_add(counter_set_block(&set, 0), COUNTER_SESSIONS, 3);
	counter_add(counter_set_block(&set, 1), COUNTER_SESSIONS, 2);
	counter_add(counter_set_block(&set, 1), COUNTER_SESSIONS_CLOSED, 1);
	cr_expect(eq(u32, counter_set_open_sessions(&set), 4u));
	counter_add(counter_set_block(&set, 0), COUNTER_SESSIONS_CLOSED, 7);
	cr_expect(eq(u32, counter_set_open_sessions(&set), 0u), "never less than none");
	counter_set_end(&set);
}

Test(counters, statuses)
{
	static const struct {
		unsigned status;
		enum counter id;
	} cases[] = {
		{100, COUNTER_STATUS_1XX},
		{101, COUNTER_STATUS_1XX},
		{200, COUNTER_STATUS_2XX},
		{299, COUNTER_STATUS_2XX},
		{304, COUNTER_STATUS_3XX},
		{404, COUNTER_STATUS_4XX},
		{599, COUNTER_STATUS_5XX},
		{0, COUNTER_STATUS_OTHER},
		{99, COUNTER_STATUS_OTHER},
		{600, COUNTER_STATUS_OTHER},
		{999, COUNTER_STATUS_OTHER},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		cr_assert(counter_set_init(&set, 1));
		counter_add_status(counter_set_block(&set, 0), cases[i].status);
		cr_expect(eq(u64, counter_set_sum(&set, cases[i].id), (uint64_t)1), "%u", cases[i].status);
		counter_set_end(&set);
	}
}

Test(counters, longest_times_of_all_workers)
{
	struct counter_set times;
	cr_assert(counter_set_init(&times, 2));
	counter_note_time(counter_set_block(&times, 0), COUNTER_TIME_TOTAL, 7);
	counter_note_time(counter_set_block(&times, 1), COUNTER_TIME_TOTAL, 9);
	counter_note_time(counter_set_block(&times, 1), COUNTER_TIME_TOTAL, 8);
	cr_expect(eq(u64, counter_set_longest(&times, COUNTER_TIME_TOTAL), 9));
	cr_expect(eq(u64, counter_set_longest(&times, COUNTER_TIME_QUEUE), 0));
	counter_set_forget_times(&times);
	cr_expect(eq(u64, counter_set_longest(&times, COUNTER_TIME_TOTAL), 0));
	counter_set_end(&times);
}

Test(counters, cleared_ones_are_shown_from_zero)
{
	struct counter_set cleared;
	uint64_t value[COUNTER_COUNT];
	cr_assert(counter_set_init(&cleared, 1));
	counter_add(counter_set_block(&cleared, 0), COUNTER_REQUESTS, 5);
	counter_set_shown(&cleared, value);
	cr_expect(eq(u64, value[COUNTER_REQUESTS], 5));
	for (int i = 0; i < 2; i++) {
		cr_assert(counter_set_clear(&cleared));
		counter_add(counter_set_block(&cleared, 0), COUNTER_REQUESTS, 3);
		counter_set_shown(&cleared, value);
		cr_expect(eq(u64, value[COUNTER_REQUESTS], 3));
	}
	cr_expect(eq(u64, counter_set_sum(&cleared, COUNTER_REQUESTS), 11), "others see what was counted");
	counter_set_end(&cleared);
}

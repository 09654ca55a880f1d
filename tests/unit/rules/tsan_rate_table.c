/* One key must never get more than burst + rate * t, however many threads ask for it at once, and also while its word
 * is made, used up, and taken by other keys: a plain program, because ThreadSanitizer cannot run under Criterion. Time
 * is told by the test. Exit 0: all bounds held. */
#include "rules/rate_table.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum { THREADS = 4, SECOND = 1000000, ROUNDS = 20000, STEADY = 50000 };

struct bench {
	struct rate_table *table;
	pthread_barrier_t barrier;
	_Atomic uint64_t now_us, passed;
	uint64_t wrong;
};

struct thread {
	struct bench *bench;
	unsigned index;
};

static const struct siphash_key seed = {3, 4};

static uint64_t key_of(uint64_t number)
{
	return siphash(&seed, str_make((const char *)&number, sizeof number));
}

static bool take(struct bench *b, uint64_t key)
{
	return rate_table_take(b->table, key, atomic_load_explicit(&b->now_us, memory_order_relaxed)) == 0;
}

/* Seven keys with some more or less time to go, as other clients leave them; then a key that nobody has seen is asked
 * for by all at the same moment, whose clocks differ. With a burst of 1 exactly one may get it. */
static void meet_fill(struct bench *b, uint64_t round)
{
	uint64_t now_us = atomic_load(&b->now_us);
	for (uint64_t k = 0; k < 8; k++) {
		uint64_t late = k == 0 ? 1900000 : 600000 + key_of(round * 16 + k) % 1300000;
		if (rate_table_take(b->table, key_of(round * 16 + 1 + k), now_us - late))
			b->wrong++;
	}
}

static void meet_check(struct bench *b, uint64_t round)
{
	uint64_t passed = atomic_exchange(&b->passed, 0);
	if (passed != 1 && b->wrong++ < 5)
		fprintf(stderr, "round %llu: %llu passed\n", (unsigned long long)round, (unsigned long long)passed);
	atomic_fetch_add(&b->now_us, 10 * SECOND);
}

static void *thread_meet(void *argument)
{
	struct thread *t = argument;
	struct bench *b = t->bench;
	for (uint64_t round = 0; round < ROUNDS; round++) {
		if (t->index == 0)
			meet_fill(b, round);
		pthread_barrier_wait(&b->barrier);
		uint64_t skew_us = key_of(round * THREADS + t->index) % 400000;
		uint64_t now_us = atomic_load_explicit(&b->now_us, memory_order_relaxed) - 200000 + skew_us;
		if (rate_table_take(b->table, key_of(round * 16), now_us) == 0)
			atomic_fetch_add(&b->passed, 1);
		pthread_barrier_wait(&b->barrier);
		if (t->index == 0)
			meet_check(b, round);
	}
	return NULL;
}

/* All ask for one key all the time, while time goes on. */
static void *thread_hammer(void *argument)
{
	struct thread *t = argument;
	struct bench *b = t->bench;
	uint64_t passed = 0;
	for (int i = 0; i < STEADY; i++) {
		passed += take(b, key_of(7));
		atomic_fetch_add_explicit(&b->now_us, 3, memory_order_relaxed);
	}
	atomic_fetch_add(&b->passed, passed);
	return NULL;
}

static void run(struct bench *b, void *(*body)(void *))
{
	pthread_t ids[THREADS];
	struct thread threads[THREADS];
	for (unsigned i = 0; i < THREADS; i++) {
		threads[i] = (struct thread){b, i};
		if (pthread_create(&ids[i], NULL, body, &threads[i]) != 0)
			abort();
	}
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(ids[i], NULL);
}

static void begin(struct bench *b, uint32_t rate, uint32_t burst)
{
	const struct rate_table_limit limit = {.rate = rate, .burst = burst, .per_us = SECOND, .keys = 4};
	b->table = rate_table_create(&limit, &seed, 0);
	if (!b->table)
		abort();
	atomic_store(&b->now_us, 10 * SECOND);
	atomic_store(&b->passed, 0);
}

int main(void)
{
	struct bench b = {.wrong = 0};
	pthread_barrier_init(&b.barrier, NULL, THREADS);
	begin(&b, 1, 1);
	run(&b, thread_meet);
	uint64_t forgotten = rate_table_forgotten(b.table);
	rate_table_destroy(b.table);
	begin(&b, 50000, 100);
	run(&b, thread_hammer);
	uint64_t us = atomic_load(&b.now_us) - 10 * SECOND, passed = atomic_load(&b.passed);
	uint64_t bound = 100 + us * 50000 / SECOND;
	rate_table_destroy(b.table);
	pthread_barrier_destroy(&b.barrier);
	printf("%d rounds, %llu wrong, %llu forgotten; %llu of %d passed in %llu us, bound %llu\n", ROUNDS,
		(unsigned long long)b.wrong, (unsigned long long)forgotten, (unsigned long long)passed,
		THREADS * STEADY, (unsigned long long)us, (unsigned long long)bound);
	return b.wrong || forgotten || passed > bound || passed < bound / 2;
}

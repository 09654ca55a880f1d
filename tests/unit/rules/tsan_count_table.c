/* A key must never hold more than its limit, however many threads take and give at once while words become free around
 * it, and in the end nothing is held: a plain program, because ThreadSanitizer cannot run under Criterion. Exit 0: all
 * of it held. */
#include "rules/count_table.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

enum { THREADS = 4, TURNS = 40000, KEYS = 7, MOST = 2 };

struct bench {
	struct count_table *table;
	_Atomic uint32_t held[KEYS]; /* by those who were let through */
	_Atomic uint32_t wrong, refused;
};

struct thread {
	struct bench *bench;
	unsigned index;
};

static uint64_t hash_of(uint32_t key)
{
	return (uint64_t)(key + 1) << 32;
}

/* All keys are in one set, and are taken and given in another order by each thread. */
static void *thread_run(void *argument)
{
	struct thread *t = argument;
	struct bench *b = t->bench;
	uint32_t random = t->index + 1;
	for (int i = 0; i < TURNS; i++) {
		random = random * 1664525 + 1013904223;
		/* One of them is wanted by all. */
		uint32_t key = random >> 31 ? 0 : (random >> 16) % KEYS;
		count_word *held;
		if (!count_table_take(b->table, hash_of(key), MOST, &held)) {
			atomic_fetch_add(&b->refused, 1);
			continue;
		}
		/* Of a key that is not counted nothing is known. */
		if (held && atomic_fetch_add(&b->held[key], 1) >= MOST)
			atomic_fetch_add(&b->wrong, 1);
		if (random >> 28 == 0)
			sched_yield();
		if (held)
			atomic_fetch_sub(&b->held[key], 1);
		count_table_give(held);
	}
	return NULL;
}

/* Each key can have all that it may have, and no more. */
static uint32_t count_left(struct bench *b)
{
	uint32_t wrong = 0;
	for (uint32_t key = 0; key < KEYS; key++) {
		count_word *held[MOST + 1];
		for (uint32_t i = 0; i < MOST; i++)
			wrong += !count_table_take(b->table, hash_of(key), MOST, &held[i]) || !held[i];
		wrong += count_table_take(b->table, hash_of(key), MOST, &held[MOST]);
	}
	return wrong;
}

int main(void)
{
	struct bench b = {.table = count_table_create(1)};
	pthread_t ids[THREADS];
	struct thread threads[THREADS];
	if (!b.table)
		abort();
	for (unsigned i = 0; i < THREADS; i++) {
		threads[i] = (struct thread){&b, i};
		if (pthread_create(&ids[i], NULL, thread_run, &threads[i]) != 0)
			abort();
	}
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(ids[i], NULL);
	uint32_t left = count_left(&b), wrong = atomic_load(&b.wrong);
	printf("%u above the limit, %u left wrong, %u refused, %llu uncounted\n", wrong, left, atomic_load(&b.refused),
		(unsigned long long)count_table_uncounted(b.table));
	count_table_destroy(b.table);
	return wrong || left;
}

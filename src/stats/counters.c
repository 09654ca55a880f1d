/* Counter blocks: made by the worker that counts in them, at its first use, because most (server, worker) pairs of a
 * large configuration never meet. */
#include "stats/counters.h"

#include <stdlib.h>
#include <string.h>

bool counter_set_init(struct counter_set *set, uint32_t workers)
{
	*set = (struct counter_set){.workers = workers};
	set->block = calloc((size_t)workers + 1, sizeof *set->block);
	return set->block != NULL;
}

void counter_set_end(struct counter_set *set)
{
	for (uint32_t i = 0; set->block && i <= set->workers; i++)
		free(atomic_load_explicit(&set->block[i], memory_order_relaxed));
	free(set->block);
	free(set->cleared);
	*set = (struct counter_set){0};
}

/* Out of memory a worker must go on serving: what it counts then is lost, in a block that all of them share. */
static struct counters *counter_block_lost(void)
{
	static struct counters lost;
	return &lost;
}

struct counters *counter_set_make_block(struct counter_set *set, uint32_t worker)
{
	struct counters *c = aligned_alloc(LBD_CACHE_LINE, sizeof *c);
	if (!c)
		return counter_block_lost();
	memset(c, 0, sizeof *c);
	/* Release: a reader that finds the pointer must find the zeros too. */
	atomic_store_explicit(&set->block[worker], c, memory_order_release);
	return c;
}

uint64_t counter_set_sum(const struct counter_set *set, enum counter id)
{
	uint64_t sum = 0;
	for (uint32_t i = 0; i <= set->workers; i++) {
		const struct counters *c = atomic_load_explicit(&set->block[i], memory_order_acquire);
		if (c)
			sum += atomic_load_explicit(&c->value[id], memory_order_relaxed);
	}
	return sum;
}

uint32_t counter_set_open_sessions(const struct counter_set *set)
{
	/* Ends first: with what begins meanwhile there are too many rather than less than none. */
	uint64_t closed = counter_set_sum(set, COUNTER_SESSIONS_CLOSED), begun = counter_set_sum(set, COUNTER_SESSIONS);
	return begun > closed ? (uint32_t)(begun - closed) : 0;
}

uint64_t counter_set_sums(const struct counter_set *set, uint64_t *value)
{
	uint64_t last_us = 0;
	memset(value, 0, COUNTER_COUNT * sizeof *value);
	for (uint32_t i = 0; i <= set->workers; i++) {
		const struct counters *c = atomic_load_explicit(&set->block[i], memory_order_acquire);
		if (!c)
			continue;
		for (int id = 0; id < COUNTER_COUNT; id++)
			value[id] += atomic_load_explicit(&c->value[id], memory_order_relaxed);
		uint64_t t = atomic_load_explicit(&c->last_us, memory_order_relaxed);
		if (t > last_us)
			last_us = t;
	}
	return last_us;
}

uint64_t counter_set_longest(const struct counter_set *set, enum counter_time which)
{
	uint64_t longest = 0;
	for (uint32_t i = 0; i <= set->workers; i++) {
		const struct counters *c = atomic_load_explicit(&set->block[i], memory_order_acquire);
		uint64_t us = c ? atomic_load_explicit(&c->longest_us[which], memory_order_relaxed) : 0;
		if (us > longest)
			longest = us;
	}
	return longest;
}

void counter_set_forget_times(struct counter_set *set)
{
	for (uint32_t i = 0; i <= set->workers; i++) {
		struct counters *c = atomic_load_explicit(&set->block[i], memory_order_acquire);
		for (int which = 0; c && which < COUNTER_TIMES; which++)
			atomic_store_explicit(&c->longest_us[which], 0, memory_order_relaxed);
	}
}

bool counter_set_clear(struct counter_set *set)
{
	if (!set->cleared)
		set->cleared = malloc(COUNTER_COUNT * sizeof *set->cleared);
	if (!set->cleared)
		return false;
	counter_set_sums(set, set->cleared);
	return true;
}

uint64_t counter_set_shown(const struct counter_set *set, uint64_t *value)
{
	uint64_t last_us = counter_set_sums(set, value);
	for (int id = 0; set->cleared && id < COUNTER_COUNT; id++)
		value[id] -= set->cleared[id];
	return last_us;
}

void counter_add_status(struct counters *c, unsigned status)
{
	unsigned hundreds = status / 100;
	bool known = hundreds >= 1 && hundreds <= 5;
	counter_add(c, known ? (enum counter)(COUNTER_STATUS_1XX + hundreds - 1) : COUNTER_STATUS_OTHER, 1);
}

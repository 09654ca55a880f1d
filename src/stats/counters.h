/* Counters without a lock: one block for each (object, worker), written by that worker alone, summed by readers. Adding
 * a counter costs one row in counters.def and one counter_add. */
#ifndef LBD_STATS_COUNTERS_H
#define LBD_STATS_COUNTERS_H

#include "base/attributes.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum counter {
#define COUNTER(id, objects, name, help) COUNTER_##id,
#include "stats/counters.def"
#undef COUNTER
	COUNTER_COUNT
};

/* The phases of an exchange whose longest one is kept. */
enum counter_time {
	COUNTER_TIME_QUEUE,
	COUNTER_TIME_CONNECT,
	COUNTER_TIME_RESPONSE,
	COUNTER_TIME_TOTAL,
	COUNTER_TIMES
};

/* One worker's counters of one object. */
struct counters {
	_Alignas(LBD_CACHE_LINE) _Atomic uint64_t value[COUNTER_COUNT];
	_Atomic uint64_t last_us; /* monotonic, of the last session or exchange; 0: none yet */
	_Atomic uint64_t longest_us[COUNTER_TIMES];
};

/* All workers' counters of one object (frontend, backend, server, process). Blocks are made at first use. */
struct counter_set {
	uint32_t workers;
	_Atomic(struct counters *) *block; /* workers + 1: the last one is control's */
	uint64_t *cleared;                 /* control: what counters stood at when they were cleared; NULL: never */
};

/* False when memory is out. */
bool counter_set_init(struct counter_set *set, uint32_t workers) LBD_MUST_CHECK;
void counter_set_end(struct counter_set *set);
/* The block at its first use. When memory is out a block that nobody reads. */
struct counters *counter_set_make_block(struct counter_set *set, uint32_t worker);
/* That worker's block; made when it does not exist yet. */
static inline struct counters *counter_set_block(struct counter_set *set, uint32_t worker)
{
	struct counters *c = atomic_load_explicit(&set->block[worker], memory_order_relaxed);
	return c ? c : counter_set_make_block(set, worker);
}

/* Any thread. */
uint64_t counter_set_sum(const struct counter_set *set, enum counter id);
/* Those that began and did not end. Any thread; as exact as what other threads are just counting can be. */
uint32_t counter_set_open_sessions(const struct counter_set *set);
/* All sums at once, into value[COUNTER_COUNT]; returns the latest last_us. */
uint64_t counter_set_sums(const struct counter_set *set, uint64_t *value);

/* The block's own worker only. */
static inline void counter_add(struct counters *c, enum counter id, uint64_t n)
{
	uint64_t old = atomic_load_explicit(&c->value[id], memory_order_relaxed);
	atomic_store_explicit(&c->value[id], old + n, memory_order_relaxed);
}

/* The block's own worker only. */
static inline void counter_note_time(struct counters *c, enum counter_time which, uint64_t us)
{
	if (us > atomic_load_explicit(&c->longest_us[which], memory_order_relaxed))
		atomic_store_explicit(&c->longest_us[which], us, memory_order_relaxed);
}
/* The longest of all workers. Any thread. */
uint64_t counter_set_longest(const struct counter_set *set, enum counter_time which);
/* Control: an exchange that ends at this moment may leave its time. */
void counter_set_forget_times(struct counter_set *set);

/* Counters have their writers, so they are never set back: control remembers what they stood at, and shows what came
 * since. False: memory is out, nothing is changed. */
bool counter_set_clear(struct counter_set *set) LBD_MUST_CHECK;
/* counter_set_sums since the last counter_set_clear. Control only. */
uint64_t counter_set_shown(const struct counter_set *set, uint64_t *value);

/* 1xx..5xx go to their counter, anything else to STATUS_OTHER. */
void counter_add_status(struct counters *c, unsigned status);

#endif

/* A number of places that several threads take and give back, never more than there are; and who waits for one, first
 * come, first served. Taking and giving are one atomic each; the lock is for those that wait, who have nothing to do.
 *
 * No wake-up is lost: who waits is counted before it looks once more, and who gives looks for waiters after it gave;
 * both in one total order. A newcomer stands behind those that wait, so that nobody starves.
 *
 * Threads: any, except as said. */
#ifndef LBD_BASE_PLACES_H
#define LBD_BASE_PLACES_H

#include "base/attributes.h"
#include "base/list.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct places {
	_Alignas(LBD_CACHE_LINE) _Atomic uint32_t taken;
	_Atomic uint32_t waiting;
	_Atomic uint32_t most;  /* UINT32_MAX: no limit */
	_Atomic uint64_t waits; /* times that somebody had to wait */
	pthread_mutex_t lock;
	struct list waiters; /* oldest first; under the lock */
};

/* Embedded in who waits; of one thread. Waits for one kind of place at a time. */
struct place_waiter {
	struct list link;
	struct places *at; /* waits there, or waited there last; written by the owner only */
	bool granted;      /* a place is its own; under the lock of at */
	/* Runs in any thread, under the lock: it only sends word to the owner, who calls places_claim. */
	void (*grant)(struct place_waiter *waiter);
};

/* most: 0 for no limit. */
void places_init(struct places *p, uint32_t most);
void places_end(struct places *p);
/* False: none is free, or others wait for one. */
bool places_take(struct places *p) LBD_MUST_CHECK;
/* One place back: to who waits longest, if anybody does. */
void places_give(struct places *p);
/* More or fewer places; those above the limit that are taken stay taken. 0: no limit. */
void places_set_most(struct places *p, uint32_t most);
/* 0: no limit. */
uint32_t places_most(const struct places *p);
static inline uint32_t places_taken(const struct places *p)
{
	return atomic_load_explicit(&p->taken, memory_order_relaxed);
}

void place_waiter_init(struct place_waiter *waiter, void (*grant)(struct place_waiter *waiter));
/* Stands behind the others. grant may be called before this returns. Owner only, as all below. */
void places_wait(struct places *p, struct place_waiter *waiter);
/* True: the place that was granted is the caller's now. */
bool places_claim(struct place_waiter *waiter) LBD_MUST_CHECK;
/* Waits no longer; a place that was granted meanwhile goes to the next one. Idempotent. */
void places_leave(struct place_waiter *waiter);

#endif

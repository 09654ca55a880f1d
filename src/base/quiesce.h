/* When nobody can still see an old snapshot. Each reader (worker) counts its loop turns, odd inside a turn and even
 * while it sleeps; what was unlinked is freed when every reader that was inside has moved on. Quiescent-state-based
 * reclamation (McKenney and Slingwine, 1998; Hart et al., IPDPS 2006) without a global epoch.
 *
 * Entering, the pointer loads and the swap are seq_cst: with weaker orders a reader can pass its own entry and use what
 * was freed. No fences, because ThreadSanitizer does not see them. */
#ifndef LBD_BASE_QUIESCE_H
#define LBD_BASE_QUIESCE_H

#include "base/attributes.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct quiesce_reader {
	_Alignas(LBD_CACHE_LINE) _Atomic uint64_t turn;
};

/* Embedded in what is retired; free_it gets the pointer back when nobody can see it any more. */
struct retired {
	struct retired *next;
	void (*free_it)(struct retired *r);
};

/* Owned by the one thread that swaps snapshots (control). */
struct reclaimer {
	struct quiesce_reader *readers;
	uint32_t count;
	uint64_t *mark;                  /* each reader's turn when the running grace period began */
	struct retired *running, *later; /* what the running period frees; what came after it began */
	uint64_t freed;
};

/* The reader itself, around everything that may load a snapshot pointer. */
static inline void quiesce_enter(struct quiesce_reader *r)
{
	uint64_t turn = atomic_load_explicit(&r->turn, memory_order_relaxed);
	atomic_store_explicit(&r->turn, turn + 1, memory_order_seq_cst);
}

static inline void quiesce_leave(struct quiesce_reader *r)
{
	uint64_t turn = atomic_load_explicit(&r->turn, memory_order_relaxed);
	atomic_store_explicit(&r->turn, turn + 1, memory_order_release);
}

/* readers must outlive the reclaimer. False when memory is out. */
bool reclaimer_init(struct reclaimer *c, struct quiesce_reader *readers, uint32_t count) LBD_MUST_CHECK;
/* Called after the snapshot was unlinked by a seq_cst exchange. */
void reclaimer_retire(struct reclaimer *c, struct retired *r, void (*free_it)(struct retired *r));
/* Frees what can be freed now; to be called from time to time. True while something is still waiting. */
bool reclaimer_poll(struct reclaimer *c);
/* All readers have ended for good: frees everything. */
void reclaimer_end(struct reclaimer *c);

#endif

/* Deadlines by class: all nodes of one duration are in one FIFO list, so that the oldest is always first. Starting,
 * restarting and ending are O(1); one timer for each loop. The precision is that of a loop turn. */
#ifndef LBD_NET_TIMEOUTS_H
#define LBD_NET_TIMEOUTS_H

#include "base/attributes.h"
#include "base/list.h"

#include <stdbool.h>
#include <stdint.h>

/* Embedded in what waits. */
struct timeout {
	struct list link;
	uint64_t deadline_us;
	void (*expired)(struct timeout *t); /* runs once; the node is in no list then */
};

struct timeout_class {
	uint64_t duration_us;
	struct list waiting; /* oldest deadline first */
};

struct timeouts {
	struct timeout_class **classes; /* one for each duration that was ever used */
	uint32_t count;
	uint64_t armed_us; /* when the timer will look next; UINT64_MAX: never */
};

void timeouts_init(struct timeouts *t);
/* Nothing may wait any more. */
void timeouts_end(struct timeouts *t);
void timeout_init(struct timeout *t, void (*expired)(struct timeout *t));

struct loop;
/* Starts or restarts: expires duration_us after the loop's now. 0 is off: ends it. */
void timeout_start(struct loop *loop, struct timeout *t, uint64_t duration_us);
void timeout_stop(struct timeout *t);
static inline bool timeout_running(const struct timeout *t)
{
	return !list_empty(&t->link);
}

#endif

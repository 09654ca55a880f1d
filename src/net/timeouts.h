/* Deadlines by class: all nodes of one duration are in one FIFO list, so that the oldest is always first. Starting,
 * restarting and ending are O(1); one timer for each loop. The precision is that of a loop turn. Own thread only. */
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
	uint64_t started_us;                /* when it was started last, also with a duration of 0 */
	void (*expired)(struct timeout *t); /* runs once; the node is in no list then */
};

struct timeout_class {
	uint64_t duration_us;
	struct list waiting; /* oldest deadline first */
};

enum { TIMEOUT_CLASSES = 32 };

struct timeouts {
	struct timeout_class classes[TIMEOUT_CLASSES]; /* one for each duration in use; the last one takes all others */
	uint32_t count;
	uint64_t armed_us; /* when the timer will look next; UINT64_MAX: never */
	uint8_t postponed; /* turns given to input that waits because the loop was late */
};

struct loop;
void timeouts_init(struct timeouts *t);
/* Runs what is due; called by the loop's timer. */
void timeouts_expire(struct loop *loop);
void timeout_init(struct timeout *t, void (*expired)(struct timeout *t));

/* Starts or restarts: expires duration_us after the loop's now. 0 is off: ends it. */
void timeout_start(struct loop *loop, struct timeout *t, uint64_t duration_us);
void timeout_stop(struct timeout *t);
static inline bool timeout_running(const struct timeout *t)
{
	return !list_empty(&t->link);
}

#endif

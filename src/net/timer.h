/* A timer of its own for things that are few: probes, samplers, back-off. Belongs to the loop's thread. What sits in
 * every session uses net/timeouts.h. */
#ifndef LBD_NET_TIMER_H
#define LBD_NET_TIMER_H

#include "net/loop.h"

struct timer {
	ev_timer ev;
	struct loop *loop;
	void (*fired)(struct timer *timer);
};

void timer_init(struct timer *timer, struct loop *loop, void (*fired)(struct timer *timer));
/* Fires once after after_us, or then every repeat_us when that is not 0. Restarts a running one. */
void timer_start(struct timer *timer, uint64_t after_us, uint64_t repeat_us);
void timer_stop(struct timer *timer);

#endif

#include "net/loop.h"

enum { TIMEOUTS_LATE_US = 20000, TIMEOUTS_MERCY_US = 1000, TIMEOUTS_MERCY_TURNS = 8 };

static struct timeout *timeout_of_link(struct list *link)
{
	return (struct timeout *)((char *)link - offsetof(struct timeout, link));
}

void timeouts_init(struct timeouts *t)
{
	*t = (struct timeouts){.armed_us = UINT64_MAX};
}

void timeout_init(struct timeout *t, void (*expired)(struct timeout *t))
{
	list_init(&t->link);
	t->deadline_us = t->started_us = 0;
	t->expired = expired;
}

static struct timeout_class *timeouts_class(struct timeouts *t, uint64_t duration_us)
{
	for (uint32_t i = 0; i < t->count; i++)
		if (t->classes[i].duration_us == duration_us)
			return &t->classes[i];
	struct timeout_class *unused = NULL;
	for (uint32_t i = 0; i < t->count && !unused; i++)
		if (list_empty(&t->classes[i].waiting))
			unused = &t->classes[i];
	/* Durations change with a reload: a class in which nobody waits is free for another one. */
	if (!unused && t->count == TIMEOUT_CLASSES)
		return &t->classes[TIMEOUT_CLASSES - 1];
	if (!unused) {
		unused = &t->classes[t->count++];
		list_init(&unused->waiting);
	}
	unused->duration_us = duration_us;
	return unused;
}

static void timeouts_arm(struct loop *loop, uint64_t when_us)
{
	loop->timeouts.armed_us = when_us;
	ev_timer_stop(loop->ev, &loop->expiry);
	if (when_us == UINT64_MAX)
		return;
	double after = when_us > loop->now_us ? (double)(when_us - loop->now_us) * 1e-6 : 0;
	ev_timer_set(&loop->expiry, after, 0.);
	ev_timer_start(loop->ev, &loop->expiry);
}

void timeout_start(struct loop *loop, struct timeout *t, uint64_t duration_us)
{
	list_remove(&t->link);
	t->started_us = loop->now_us;
	if (duration_us == 0)
		return;
	struct timeout_class *class = timeouts_class(&loop->timeouts, duration_us);
	t->deadline_us = loop->now_us + duration_us;
	/* Within a class the newest deadline is the latest, so this loop ends at once; only in the last class, when it
	 * stands for several durations, may it have to look for the place. */
	struct list *after = class->waiting.prev;
	while (after != &class->waiting && timeout_of_link(after)->deadline_us > t->deadline_us)
		after = after->prev;
	list_prepend(after, &t->link);
	if (t->deadline_us < loop->timeouts.armed_us)
		timeouts_arm(loop, t->deadline_us);
}

void timeout_stop(struct timeout *t)
{
	list_remove(&t->link);
}

static uint64_t timeouts_earliest(const struct timeouts *t)
{
	uint64_t earliest = UINT64_MAX;
	for (uint32_t i = 0; i < t->count; i++) {
		const struct list *waiting = &t->classes[i].waiting;
		if (!list_empty(waiting) && timeout_of_link(waiting->next)->deadline_us < earliest)
			earliest = timeout_of_link(waiting->next)->deadline_us;
	}
	return earliest;
}

void timeouts_expire(struct loop *loop)
{
	struct timeouts *t = &loop->timeouts;
	/* After SIGSTOP, or a stall of the machine or of one callback, everything looks expired although its input is
	 * waiting in the kernel. One turn brings no more events than libev has room for, which doubles each time that
	 * it is full: so turns are counted, not time. */
	bool late = loop->now_us > t->armed_us + TIMEOUTS_LATE_US;
	if (t->postponed ? t->postponed < TIMEOUTS_MERCY_TURNS : late) {
		t->postponed++;
		timeouts_arm(loop, loop->now_us + TIMEOUTS_MERCY_US);
		return;
	}
	t->postponed = 0;
	for (uint32_t i = 0; i < t->count; i++) {
		struct list *waiting = &t->classes[i].waiting;
		while (!list_empty(waiting) && timeout_of_link(waiting->next)->deadline_us <= loop->now_us) {
			struct timeout *due = timeout_of_link(waiting->next);
			list_remove(&due->link);
			due->expired(due);
		}
	}
	timeouts_arm(loop, timeouts_earliest(t));
}

#include "net/timer.h"

static void timer_on_event(struct ev_loop *ev, ev_timer *w, int revents)
{
	struct timer *timer = w->data;
	timer->fired(timer);
}

void timer_init(struct timer *timer, struct loop *loop, void (*fired)(struct timer *timer))
{
	timer->loop = loop;
	timer->fired = fired;
	ev_timer_init(&timer->ev, timer_on_event, 0., 0.);
	/* Below I/O: what has input waiting is not expired before it was read. */
	ev_set_priority(&timer->ev, EV_MINPRI);
	timer->ev.data = timer;
}

void timer_start(struct timer *timer, uint64_t after_us, uint64_t repeat_us)
{
	ev_timer_stop(timer->loop->ev, &timer->ev);
	ev_timer_set(&timer->ev, (double)after_us * 1e-6, (double)repeat_us * 1e-6);
	ev_timer_start(timer->loop->ev, &timer->ev);
}

void timer_stop(struct timer *timer)
{
	ev_timer_stop(timer->loop->ev, &timer->ev);
}

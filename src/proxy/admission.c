#include "proxy/admission.h"

#include "net/socket.h"

enum { ADMISSION_ROOM_US = 10000, ADMISSION_LOOK_US = 50000 };

static struct places *admission_process(const struct worker_listener *wl)
{
	return &wl->worker->limits->sessions;
}

/* The place that woke it is its own already. */
static bool admission_take(struct worker_listener *wl, struct places *p)
{
	if (wl->held != p)
		return places_take(p);
	wl->held = NULL;
	return true;
}

/* Somebody waits here: a session that has nothing to do makes room. None may be idle for long enough yet. */
static void admission_close_idle(struct worker_listener *wl, const struct places *p)
{
	struct worker *w = wl->worker;
	if (!w->limits->close_idle)
		return;
	w->limits->close_idle(w, p == admission_process(wl) ? NULL : wl->bind->frontend);
	timer_start(&wl->look, ADMISSION_LOOK_US, 0);
}

static void admission_on_look(struct timer *timer)
{
	struct worker_listener *wl =
		(struct worker_listener *)((char *)timer - offsetof(struct worker_listener, look));
	/* Those who waited may have gone. */
	if (socket_has_queued(wl->listener.io.fd))
		admission_close_idle(wl, wl->waiter.at);
	else
		timer_start(&wl->look, ADMISSION_LOOK_US, 0);
}

static bool admission_wait(struct worker_listener *wl, struct places *p)
{
	struct listener *l = &wl->listener;
	if (!l->draining) {
		/* It is asked again as soon as somebody comes. */
		if (!socket_has_queued(l->io.fd))
			return false;
		listener_pause(l);
		places_wait(p, &wl->waiter);
		admission_close_idle(wl, p);
	} else if (wl->worker->stopping && !wl->worker->hurried) {
		/* What is queued waits for the places of sessions that have nothing to do. */
		wl->worker->hurried = true;
		worker_stop_sessions(wl->worker);
	}
	return false;
}

/* Whoever waits for one kind of place holds none of the other, so no place is kept from those who could use it. */
static bool admission_admit(struct listener *l)
{
	struct worker_listener *wl = l->owner;
	struct places *frontend = &wl->bind->frontend->places, *process = admission_process(wl);
	if (!admission_take(wl, frontend))
		return admission_wait(wl, frontend);
	if (admission_take(wl, process))
		return true;
	places_give(frontend);
	return admission_wait(wl, process);
}

static void admission_unused(struct listener *l, bool exhausted)
{
	struct worker_listener *wl = l->owner;
	admission_session_ended(wl->worker, wl->bind->frontend);
	/* No idle upstream is closed for this: its descriptor would become a session that finds none for its upstream.
	 */
	if (exhausted)
		atomic_fetch_add_explicit(&wl->worker->limits->shortages, 1, memory_order_relaxed);
}

static void admission_on_place(struct mail *mail, void *owner)
{
	struct worker_listener *wl = (struct worker_listener *)((char *)mail - offsetof(struct worker_listener, mail));
	/* Before looking: a grant from now on posts it again. */
	atomic_store(&wl->posted, false);
	if (!places_claim(&wl->waiter))
		return;
	timer_stop(&wl->look);
	wl->held = wl->waiter.at;
	listener_resume_now(&wl->listener);
	if (!wl->held)
		return;
	/* Nobody is there any more, or the other kind of place is missing. */
	struct places *unused = wl->held;
	wl->held = NULL;
	places_give(unused);
}

static void admission_on_grant(struct place_waiter *waiter)
{
	struct worker_listener *wl =
		(struct worker_listener *)((char *)waiter - offsetof(struct worker_listener, waiter));
	if (!atomic_exchange(&wl->posted, true))
		loop_post(&wl->worker->loop, &wl->mail);
}

void admission_init(struct worker_listener *wl)
{
	place_waiter_init(&wl->waiter, admission_on_grant);
	wl->mail.deliver = admission_on_place;
	timer_init(&wl->look, &wl->worker->loop, admission_on_look);
}

void admission_guard(struct worker_listener *wl)
{
	wl->listener.admit = admission_admit;
	wl->listener.unused = admission_unused;
}

void admission_session_ended(struct worker *w, struct frontend *f)
{
	places_give(&w->limits->sessions);
	places_give(&f->places);
}

void admission_leave(struct worker_listener *wl)
{
	timer_stop(&wl->look);
	places_leave(&wl->waiter);
}

void admission_got_descriptor(struct worker *w, int fd)
{
	/* The kernel gives the lowest number that is free, so all below this one are in use. */
	if ((uint32_t)fd < w->limits->descriptors_high)
		return;
	/* This is met at each accept and connect while they are short. */
	if (w->limits->make_room && w->loop.now_us - w->room_made_us >= ADMISSION_ROOM_US) {
		w->room_made_us = w->loop.now_us;
		w->limits->make_room(w);
	}
}

void admission_no_upstream(struct worker *w)
{
	atomic_fetch_add_explicit(&w->limits->shortages, 1, memory_order_relaxed);
	if (w->limits->make_room)
		w->limits->make_room(w);
}

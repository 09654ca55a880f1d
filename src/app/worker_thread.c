#include "app/worker_thread.h"

#include "app/confine.h"
#include "base/log.h"
#include "proxy/admission.h"
#include "proxy/upstream_idle.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

static struct worker_thread *worker_thread_of(struct worker *w)
{
	return (struct worker_thread *)w->app;
}

static void worker_thread_end_of_turn(struct loop *loop)
{
	struct worker *w = loop->owner;
	if (w->log)
		log_kick(w->log);
}

void worker_thread_close_idle(struct worker_thread *t)
{
	for (uint32_t i = 0; i < t->proxies->backend_count; i++)
		for (uint32_t k = 0; k < t->proxies->backends[i]->server_count; k++)
			upstream_close_idle(&t->worker, t->proxies->backends[i]->servers[k]);
}

static void worker_thread_on_room(struct mail *mail, void *owner)
{
	struct worker_thread *t = worker_thread_of(owner);
	atomic_store(&t->room_posted, false);
	worker_thread_close_idle(t);
}

static void worker_thread_on_idle(struct mail *mail, void *owner)
{
	struct worker *w = owner;
	struct worker_thread *t = worker_thread_of(w);
	/* Before looking: what is wanted from now on posts it again. */
	atomic_store(&t->idle_posted, false);
	for (uint32_t i = 0; i < t->proxies->frontend_count; i++) {
		struct frontend **f = &t->proxies->frontends[i];
		uint32_t wanted = atomic_exchange(&(*f)->idle[w->index].wanted, 0);
		if (wanted)
			(void)idle_sessions_close(w, f, 1, wanted, REASON_IDLE_CLOSED);
	}
}

static void worker_thread_on_relief(struct mail *mail, void *owner)
{
	struct worker *w = owner;
	struct worker_thread *t = worker_thread_of(w);
	atomic_store(&t->relief_posted, false);
	relief_run(&t->relief, w, t->proxies->frontends, t->proxies->frontend_count);
}

/* The last session and the last listener are gone, and no slot is on its way that others wait for: what is left are
 * idle upstreams. */
static void worker_thread_check_end(struct worker *w)
{
	struct worker_thread *t = worker_thread_of(w);
	if (w->session_count || w->grants_due || t->open_listeners)
		return;
	worker_thread_close_idle(t);
	loop_stop(&w->loop);
}

static void worker_thread_listener_closed(struct listener *listener)
{
	struct worker_listener *wl = listener->owner;
	struct worker_thread *t = worker_thread_of(wl->worker);
	t->open_listeners--;
	if (!wl->worker->stopping)
		return; /* its frontend alone was shut down */
	if (!t->open_listeners)
		worker_stop_sessions(wl->worker);
	/* What was still queued came after the others had been ended. */
	if (t->killed)
		worker_kill_sessions(wl->worker, REASON_SHUTDOWN);
	worker_thread_check_end(wl->worker);
}

/* Gives up what is queued there first. */
static void worker_thread_close_listener(struct worker_listener *wl)
{
	admission_leave(wl);
	if (wl->listener.io.fd >= 0 && !wl->listener.draining)
		listener_drain_and_close(&wl->listener, worker_thread_listener_closed);
}

static void worker_thread_on_stop(struct mail *mail, void *owner)
{
	struct worker *w = owner;
	struct worker_thread *t = worker_thread_of(w);
	/* From now on answers say Connection: close; sessions that are idle are left until the listeners have given up
	 * what they had queued. */
	w->stopping = true;
	if (!t->open_listeners)
		worker_stop_sessions(w);
	for (uint32_t i = 0; i < t->listener_count; i++)
		worker_thread_close_listener(&t->listeners[i]);
	worker_thread_check_end(w);
}

static void worker_thread_on_kill(struct mail *mail, void *owner)
{
	struct worker *w = owner;
	struct worker_thread *t = worker_thread_of(w);
	t->killed = true;
	worker_kill_sessions(w, REASON_SHUTDOWN);
	/* Who waits for a place would wait for those that take the next ones. */
	for (uint32_t i = 0; i < t->listener_count; i++) {
		struct listener *l = &t->listeners[i].listener;
		if (l->io.fd < 0 || !l->draining || !l->refused)
			continue;
		listener_close(l);
		worker_thread_listener_closed(l);
	}
}

static void worker_thread_on_listen(struct mail *mail, void *owner)
{
	struct worker *w = owner;
	struct worker_thread *t = worker_thread_of(w);
	/* Before looking: a change from now on posts it again. */
	atomic_store(&t->listen_posted, false);
	if (w->stopping)
		return;
	for (uint32_t i = 0; i < t->listener_count; i++) {
		struct worker_listener *wl = &t->listeners[i];
		const struct frontend *f = wl->bind->frontend;
		if (atomic_load(&f->shut)) {
			worker_thread_close_listener(wl);
			continue;
		}
		admission_leave(wl);
		if (atomic_load(&f->paused))
			listener_pause(&wl->listener);
		else
			listener_resume(&wl->listener);
	}
}

bool worker_thread_init(struct worker_thread *t, uint32_t index, struct quiesce_reader *reader, int expected_fds,
	struct bind_point *binds, const int *fds, uint32_t count)
{
	struct worker *w = &t->worker;
	w->index = index;
	w->app = t;
	w->emptied = worker_thread_check_end;
	t->stop_mail.deliver = worker_thread_on_stop;
	t->kill_mail.deliver = worker_thread_on_kill;
	t->listen_mail.deliver = worker_thread_on_listen;
	t->room_mail.deliver = worker_thread_on_room;
	t->relief_mail.deliver = worker_thread_on_relief;
	t->idle_mail.deliver = worker_thread_on_idle;
	if (!loop_init(&w->loop, w, reader, expected_fds))
		return false;
	w->loop.end_of_turn = worker_thread_end_of_turn;
	/* Ids that are made of it must not come again after a start at the same time of the clock. */
	if (getrandom(&w->random.state, sizeof w->random.state, GRND_NONBLOCK) != sizeof w->random.state)
		w->random.state = w->loop.now_us ^ (uint64_t)index << 48;
	if (!worker_proxy_init(w))
		return false;
	t->listeners = calloc(count ? count : 1, sizeof *t->listeners);
	if (!t->listeners)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		if (fds[i] < 0)
			continue;
		struct worker_listener *wl = &t->listeners[t->listener_count++];
		wl->worker = w;
		wl->bind = &binds[i];
		admission_init(wl);
		listener_open(&wl->listener, &w->loop, fds[i], worker_accepted, wl);
		admission_guard(wl);
		t->open_listeners++;
	}
	return true;
}

static void *worker_thread_main(void *argument)
{
	struct worker_thread *t = argument;
	t->holds = confine_worker(t->sandbox);
	sem_post(&t->begun);
	loop_run(&t->worker.loop);
	loop_post(t->control, &t->ended_mail);
	return NULL;
}

bool worker_thread_start(struct worker_thread *t)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	t->worker.loop.pipes.most = t->worker.limits->pipes;
	t->ended_mail.deliver = t->ended;
	t->started = sem_init(&t->begun, 0, 0) == 0 && pthread_create(&t->thread, NULL, worker_thread_main, t) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	while (t->started && sem_wait(&t->begun) < 0)
		; /* a signal */
	return t->started;
}

void worker_thread_stop(struct worker_thread *t)
{
	loop_post(&t->worker.loop, &t->stop_mail);
}

void worker_thread_kill(struct worker_thread *t)
{
	loop_post(&t->worker.loop, &t->kill_mail);
}

void worker_thread_update_listeners(struct worker_thread *t)
{
	if (!atomic_exchange(&t->listen_posted, true))
		loop_post(&t->worker.loop, &t->listen_mail);
}

void worker_thread_make_room(struct worker_thread *t)
{
	if (!atomic_exchange(&t->room_posted, true))
		loop_post(&t->worker.loop, &t->room_mail);
}

void worker_thread_close_idle_sessions(struct worker_thread *t)
{
	if (!atomic_exchange(&t->idle_posted, true))
		loop_post(&t->worker.loop, &t->idle_mail);
}

void worker_thread_relieve(struct worker_thread *t)
{
	if (!atomic_exchange(&t->relief_posted, true))
		loop_post(&t->worker.loop, &t->relief_mail);
}

void worker_thread_join(struct worker_thread *t)
{
	if (t->started)
		pthread_join(t->thread, NULL);
	t->started = false;
}

void worker_thread_end(struct worker_thread *t)
{
	worker_thread_join(t);
	for (uint32_t i = 0; i < t->listener_count; i++)
		listener_close(&t->listeners[i].listener);
	free(t->listeners);
	if (t->worker.loop.ev) {
		worker_proxy_end(&t->worker);
		loop_end(&t->worker.loop);
	}
}

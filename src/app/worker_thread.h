/* The threads that carry traffic: each with its loop, its listeners and its end. Control makes, stops and joins them;
 * the thread itself runs src/proxy. */
#ifndef LBD_APP_WORKER_THREAD_H
#define LBD_APP_WORKER_THREAD_H

#include "proxy/relief.h"

#include <pthread.h>
#include <semaphore.h>

struct worker_thread {
	struct worker worker;
	pthread_t thread;
	bool started;
	bool sandbox;   /* it is to enter its sandbox */
	unsigned holds; /* SANDBOX_...: what it could; control's once it runs */
	sem_t begun;
	bool over; /* control's: it has said that it ended */
	struct worker_listener *listeners;
	uint32_t listener_count, open_listeners;
	const struct proxies *proxies;
	bool killed; /* sessions that begin from now on end at once */
	struct relief relief;
	struct mail relief_mail;
	_Atomic bool relief_posted; /* relief_mail is on its way */
	struct mail stop_mail, kill_mail, listen_mail, room_mail, idle_mail, ended_mail;
	_Atomic bool listen_posted, room_posted, idle_posted; /* those mails are on their way */
	struct loop *control;                        /* is told of the end by ended_mail */
	void (*ended)(struct mail *mail, void *app); /* ended_mail's delivery */
};

/* Loop and pools, not running yet; worker.log and worker.limits are there already. binds: the address of each listener;
 * fds: one listening descriptor each, taken over. False: memory or epoll failed. */
bool worker_thread_init(struct worker_thread *t, uint32_t index, struct quiesce_reader *reader, int expected_fds,
	struct bind_point *binds, const int *fds, uint32_t count) LBD_MUST_CHECK;
/* Returns when the thread has given up what it does not need. */
bool worker_thread_start(struct worker_thread *t) LBD_MUST_CHECK;
/* Any thread: listeners drain and close, sessions end as they become idle, then the thread ends. Once. */
void worker_thread_stop(struct worker_thread *t);
/* Any thread: every session ends now. Once, after stop. */
void worker_thread_kill(struct worker_thread *t);
/* Any thread: its listeners follow what their frontends' paused and shut say now. */
void worker_thread_update_listeners(struct worker_thread *t);
/* Returns when its thread has ended. All of them before the first worker_thread_end: one may still be posting to
 * another one's loop. */
void worker_thread_join(struct worker_thread *t);
/* Any thread: closes its idle upstreams, because descriptors run short. */
void worker_thread_make_room(struct worker_thread *t);
/* Any thread: closes as many of its idle sessions as frontends' idle.wanted says, because maxconn is reached. */
void worker_thread_close_idle_sessions(struct worker_thread *t);
/* Any thread: does a piece of what relieves the memory of the process. */
void worker_thread_relieve(struct worker_thread *t);
/* Its own thread: closes its idle upstreams now. */
void worker_thread_close_idle(struct worker_thread *t);
/* Joins it when it ran, and frees what it had. */
void worker_thread_end(struct worker_thread *t);

#endif

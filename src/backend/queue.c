#include "backend/queue.h"

#include "backend/eligible.h"
#include "base/clock.h"
#include "base/invariant.h"
#include "base/random.h"
#include "net/loop.h"

static struct waiter *queue_waiter_of(struct list *link)
{
	return (struct waiter *)((char *)link - offsetof(struct waiter, link));
}

bool queue_init(struct queue *q)
{
	list_init(&q->waiters);
	list_init(&q->pauses);
	return pthread_mutex_init(&q->lock, NULL) == 0;
}

void queue_end(struct queue *q)
{
	LBD_INVARIANT(list_empty(&q->waiters) && list_empty(&q->pauses));
	pthread_mutex_destroy(&q->lock);
}

/* ---- under the lock ---- */

static void queue_put(struct queue *q, struct waiter *w)
{
	w->server = NULL;
	w->queued = true;
	w->position = w->pauses ? 0 : q->served;
	atomic_fetch_add_explicit(w->pauses ? &q->pausing : &q->waiting, 1, memory_order_seq_cst);
	list_append(w->pauses ? &q->pauses : &q->waiters, &w->link);
}

static void queue_take_out(struct queue *q, struct waiter *w)
{
	w->queued = false;
	w->position = w->pauses ? 0 : q->served - w->position + 1;
	list_remove(&w->link);
	atomic_fetch_sub_explicit(w->pauses ? &q->pausing : &q->waiting, 1, memory_order_seq_cst);
}

static void queue_note_most(struct backend *b)
{
	struct queue *q = &b->queue;
	uint32_t now = queue_total(q);
	if (now <= atomic_load_explicit(&q->most, memory_order_relaxed))
		return;
	atomic_store_explicit(&q->most, now, memory_order_relaxed);
	backend_note_sessions(b);
}

/* The seq_cst reads that queue.h speaks of. What an algorithm reads after them, relaxed, cannot be older. */
static bool queue_sees_slot(const struct backend *b)
{
	const struct eligible *e = atomic_load_explicit(&b->eligible, memory_order_seq_cst);
	bool free = false;
	for (uint32_t i = 0; i < e->set.count; i++)
		free |= atomic_load_explicit(&e->set.live[i]->in_flight, memory_order_seq_cst) <
			atomic_load_explicit(&e->set.live[i]->slots, memory_order_relaxed);
	return free;
}

static struct server *queue_pick(struct backend *b, struct waiter *w, uint32_t worker)
{
	struct random random = {w->pick.random};
	struct server *s;
	bool undone;
	w->pick.worker = worker;
	do {
		undone = false;
		w->pick.random = random_next(&random);
		s = pick_once(b, &w->pick, &undone);
	} while (!s && undone);
	return s;
}

/* Who has tried no server would take any: when there is none for it, there is none for those behind it. */
static void queue_serve_locked(struct backend *b, uint32_t worker, struct list *served)
{
	struct queue *q = &b->queue;
	uint64_t now_us = clock_monotonic_us();
	for (struct list *link = q->waiters.next, *next; link != &q->waiters; link = next) {
		struct waiter *w = queue_waiter_of(link);
		next = link->next;
		w->pick.now_us = now_us;
		w->server = queue_pick(b, w, worker);
		if (w->server) {
			queue_take_out(q, w);
			q->served++;
			list_append(served, &w->link);
		} else if (!w->pick.tried_count) {
			return;
		}
	}
}

static void queue_turn_away_locked(struct backend *b, struct list *from, struct list *served)
{
	struct queue *q = &b->queue;
	for (struct list *link = from->next, *next; link != from; link = next) {
		struct waiter *w = queue_waiter_of(link);
		next = link->next;
		if (pick_has_candidate(b, &w->pick))
			continue;
		queue_take_out(q, w);
		list_append(served, &w->link);
	}
}

/* ---- without it ---- */

/* A mail can wake a thread, which is a system call: after the lock. It is the owner's from then on. */
static void queue_post(struct list *served)
{
	while (!list_empty(served)) {
		struct waiter *w = queue_waiter_of(served->next);
		list_remove(&w->link);
		loop_post(w->loop, &w->mail);
	}
}

static enum queue_result queue_judge(struct backend *b, struct waiter *w)
{
	const struct config_backend *conf = atomic_load_explicit(&b->conf, memory_order_acquire);
	if (!w->queued)
		return QUEUE_GRANTED;
	if (!pick_has_candidate(b, &w->pick))
		return QUEUE_NO_SERVER;
	return queue_total(&b->queue) > conf->queue_max ? QUEUE_FULL : QUEUE_WAITS;
}

/* It is in the list before anybody looks for a slot, a full list too: only so can it get one that those before it may
 * not use, and only so can none be missed. */
enum queue_result queue_enter(struct backend *b, struct waiter *w)
{
	struct queue *q = &b->queue;
	struct list served;
	list_init(&served);
	pthread_mutex_lock(&q->lock);
	queue_put(q, w);
	if (queue_sees_slot(b))
		queue_serve_locked(b, w->pick.worker, &served);
	enum queue_result result = queue_judge(b, w);
	if (result == QUEUE_GRANTED)
		list_remove(&w->link);
	else if (result == QUEUE_WAITS)
		queue_note_most(b);
	else
		queue_take_out(q, w);
	pthread_mutex_unlock(&q->lock);
	queue_post(&served);
	return result;
}

enum queue_result queue_pause(struct backend *b, struct waiter *w)
{
	struct queue *q = &b->queue;
	w->pauses = true;
	pthread_mutex_lock(&q->lock);
	queue_put(q, w);
	enum queue_result result = queue_judge(b, w);
	if (result == QUEUE_WAITS)
		queue_note_most(b);
	else
		queue_take_out(q, w);
	pthread_mutex_unlock(&q->lock);
	return result;
}

void queue_end_pause(struct backend *b)
{
	struct queue *q = &b->queue;
	struct list ended;
	list_init(&ended);
	pthread_mutex_lock(&q->lock);
	if (!list_empty(&q->pauses)) {
		struct waiter *w = queue_waiter_of(q->pauses.next);
		queue_take_out(q, w);
		list_append(&ended, &w->link);
	}
	pthread_mutex_unlock(&q->lock);
	queue_post(&ended);
}

bool queue_leave(struct backend *b, struct waiter *w)
{
	struct queue *q = &b->queue;
	pthread_mutex_lock(&q->lock);
	bool queued = w->queued;
	if (queued)
		queue_take_out(q, w);
	pthread_mutex_unlock(&q->lock);
	return queued;
}

void queue_serve(struct backend *b, uint32_t worker)
{
	struct list served;
	list_init(&served);
	pthread_mutex_lock(&b->queue.lock);
	queue_serve_locked(b, worker, &served);
	pthread_mutex_unlock(&b->queue.lock);
	queue_post(&served);
}

void queue_review(struct backend *b)
{
	struct list served;
	list_init(&served);
	pthread_mutex_lock(&b->queue.lock);
	queue_serve_locked(b, b->counters.workers, &served);
	queue_turn_away_locked(b, &b->queue.waiters, &served);
	queue_turn_away_locked(b, &b->queue.pauses, &served);
	pthread_mutex_unlock(&b->queue.lock);
	queue_post(&served);
}

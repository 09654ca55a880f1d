/* The queue of a backend: requests that found no free slot, oldest first, over all workers. A slot that frees goes to
 * the longest waiter that may use it, whichever worker holds it; the grant travels to that worker by its mailbox. One
 * short mutex; nobody takes it while nobody waits.
 *
 * Why no wakeup is lost. Who frees a slot lowers in_flight and then reads waiting; who comes to wait raises waiting and
 * then reads in_flight; all four are seq_cst, so they have one order for all threads, and in any order at least one of
 * the two sees what the other wrote (Dekker's argument). The first one then serves the queue under the lock, the second
 * one finds the slot itself. What control changes (the eligible set, closed, slots) it changes before it takes the lock
 * in queue_review: a waiter is in the list by then, or takes the lock later and sees the change.
 *
 * Who pauses before it connects again waits for time, not for a slot: it is bounded and shown with the others, and
 * stands in nobody's way. Its pause ends early when another request finds that a server answers, or when none is left.
 */
#ifndef LBD_BACKEND_QUEUE_H
#define LBD_BACKEND_QUEUE_H

#include "backend/pick.h"
#include "base/list.h"
#include "base/mailbox.h"

#include <pthread.h>

struct loop;

struct queue {
	_Alignas(LBD_CACHE_LINE) _Atomic uint32_t waiting; /* length of waiters; read by every pick, written locked */
	_Atomic uint32_t pausing;                          /* length of pauses; likewise */
	_Atomic uint32_t most;                             /* highest sum of both since the maxima were cleared */
	_Alignas(LBD_CACHE_LINE) pthread_mutex_t lock;
	struct list waiters; /* oldest first */
	struct list pauses;
	uint32_t served;     /* slots given to waiters so far; wraps */
};

/* One request that waits. The owner's worker fills mail.deliver, loop, pick and owner, and keeps it in memory until
 * queue_leave says true or the mail was delivered. */
struct waiter {
	struct list link;
	struct mail mail;         /* delivered on loop: server is set */
	struct loop *loop;        /* of the worker that holds the request */
	void *owner;              /* the worker's own */
	struct pick_request pick; /* worker: who waits, during queue_enter only */
	struct server *server;    /* granted, its place reserved; NULL: no server is open to it any more */
	uint32_t position;        /* once it is out: those served while it waited, and itself, as HAProxy counts */
	bool queued;              /* in one of the lists; under the lock */
	bool pauses;              /* in that of pauses; its position is 0 */
};

enum queue_result {
	QUEUE_WAITS,    /* the mail will come, unless it leaves before */
	QUEUE_GRANTED,  /* server is set: a slot was free after all; no mail comes */
	QUEUE_FULL,     /* queue.max others wait */
	QUEUE_NO_SERVER /* no server is open to it */
};

/* False when memory is out. */
bool queue_init(struct queue *q) LBD_MUST_CHECK;
/* Nobody waits. */
void queue_end(struct queue *q);
/* Worker: inside a turn. */
enum queue_result queue_enter(struct backend *b, struct waiter *w) LBD_MUST_CHECK;
/* The same for a pause, which its owner ends by queue_leave. Never GRANTED; mail, without a server, ends it too. */
enum queue_result queue_pause(struct backend *b, struct waiter *w) LBD_MUST_CHECK;
/* The waiter's own worker. True: it is out, and no mail comes. False: the mail is on its way, and what it grants must
 * be given back when it arrives. */
bool queue_leave(struct backend *b, struct waiter *w) LBD_MUST_CHECK;
/* Gives the free slots to those who wait; worker: who calls, as an index of counter blocks. Workers inside a turn, and
 * control. */
void queue_serve(struct backend *b, uint32_t worker);
/* Workers: the pause that began first is over, if there is one. */
void queue_end_pause(struct backend *b);
/* Control: the eligible set, or what its servers may take, has changed. Serves, and turns away by mail those for whom
 * no server is left. */
void queue_review(struct backend *b);

/* Any thread: those who wait for a slot. */
static inline uint32_t queue_length(const struct queue *q)
{
	return atomic_load_explicit(&q->waiting, memory_order_seq_cst);
}

/* With those who pause: what queue.max bounds and show stat has. */
static inline uint32_t queue_total(const struct queue *q)
{
	return queue_length(q) + atomic_load_explicit(&q->pausing, memory_order_relaxed);
}

#endif

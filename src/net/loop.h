/* One thread's event loop: libev, plus what libev leaves to its user: a monotonic now, FIFO timeouts, output flushed
 * once a turn, objects freed after the turn, a mailbox, and the turn counter by which snapshots are reclaimed.
 *
 * A turn: epoll returns (now is read, the reader enters), callbacks run, then the prepare step flushes, ends what
 * failed, frees what is doomed, lets those go on that had used up their share, runs the owner's end-of-turn hook, and
 * the reader leaves before epoll_wait. Everything here belongs to the loop's own thread, except loop_post. */
#ifndef LBD_NET_LOOP_H
#define LBD_NET_LOOP_H

#include "base/list.h"
#include "base/mailbox.h"
#include "base/quiesce.h"
#include "base/str.h"
#include "net/splice_pipe.h"
#include "net/timeouts.h"

#include <ev.h>

enum {
	LOOP_SCRATCH = 128 * 1024,
	LOOP_AHEAD = 16 * 1024, /* bytes that are kept for one peer */
	LOOP_HEAVY = 4,         /* channels that may keep more than that: what came in one piece and was not taken */
	LOOP_FLUSH_BATCH = 64,
	LOOP_BLOCK = 2048,      /* bytes: a head and a small body */
	LOOP_SPARE_BLOCKS = 128 /* kept, at most */
};

/* Memory of an output buffer that is empty now. */
struct loop_block {
	struct loop_block *next;
};

/* Embedded in what is to be freed when no callback of this turn can be on the stack any more. */
struct doomed {
	struct doomed *next;
	void (*free_it)(struct doomed *doomed, void *owner);
};

/* How much more all channels of one loop may keep before somebody looks at the memory of the process again. One thread
 * writes, all loops read. */
struct loop_budget {
	_Atomic uint64_t looks; /* so far */
	_Atomic uint64_t room;  /* bytes of each loop since the last one */
};

struct channel;

struct loop {
	struct ev_loop *ev;
	uint64_t now_us;          /* monotonic, as of this turn */
	char *scratch;            /* LOOP_SCRATCH bytes, valid inside one callback */
	struct channel *fresh_of; /* whose bytes stand in scratch now; NULL outside of a readable callback */
	struct str fresh;
	struct timeouts timeouts;
	struct list unflushed; /* channels with output that was not sent yet */
	struct list failed;    /* channels whose owner must still be told that sending failed */
	uint32_t unflushed_count;
	struct list later;     /* of those who have more to do than their share of a turn */
	void (*go_on)(struct list *link); /* for each of them, out of the list, once a turn, when all events are served */
	uint32_t heavy;        /* channels that keep more than LOOP_AHEAD allows */
	const struct loop_budget *budget; /* NULL: no limit */
	uint64_t budget_look, budget_used; /* since that look */
	struct doomed *doomed;
	struct loop_block *spare; /* every exchange needs two blocks for a moment: most of them come from here */
	uint32_t spare_count;
	void *owner;                            /* handed to mail, doomed objects and hooks */
	void (*end_of_turn)(struct loop *loop); /* may be NULL */
	struct quiesce_reader *reader;          /* may be NULL: this thread reads no snapshots as a worker */
	struct mailbox mailbox;
	uint64_t turns, rebuilds; /* rebuilds: epoll sets that libev had to make anew; must stay 0 */
	ev_prepare prepare;
	ev_idle awake; /* while somebody goes on later, epoll is asked and does not wait */
	ev_async wake;
	ev_timer expiry;
	ev_fork rebuilt;
	ev_check begin;
	uint32_t most_events; /* of a turn so far; at least what needs no room to be made */
	bool behind;          /* more may have happened than this turn brings */
	struct splice_pipes pipes;
	struct timeout spare_pipe; /* runs while an empty one is kept */
	bool pipe_used;            /* since that began to run */
};

/* expected_fds: descriptors to make room for. Must end where it is in memory. False: memory or epoll failed. */
bool loop_init(struct loop *loop, void *owner, struct quiesce_reader *reader, int expected_fds) LBD_MUST_CHECK;
/* Runs until loop_stop. */
void loop_run(struct loop *loop);
/* The loop ends after this turn. Own thread only. */
void loop_stop(struct loop *loop);
void loop_end(struct loop *loop);
/* Wall clock as of this turn, us since 1970. */
uint64_t loop_wall_us(const struct loop *loop);
/* Any thread: mail->deliver(mail, loop->owner) runs on the loop's thread. */
void loop_post(struct loop *loop, struct mail *mail);
/* Freed at the end of this turn, by free_it(doomed, owner). */
void loop_doom(struct loop *loop, struct doomed *doomed, void (*free_it)(struct doomed *doomed, void *owner));
/* Whether n more bytes may be kept. */
bool loop_may_keep(struct loop *loop, size_t n) LBD_MUST_CHECK;
/* The most that may be received at once, so that what is kept of it stays within bounds for all peers together. */
static inline size_t loop_room(const struct loop *loop)
{
	return loop->heavy < LOOP_HEAVY ? LOOP_SCRATCH : LOOP_AHEAD;
}

/* LOOP_BLOCK bytes, from malloc; NULL when memory is out. */
void *loop_take_block(struct loop *loop) LBD_MUST_CHECK;
void loop_put_block(struct loop *loop, void *block);
/* One of loop->pipes, empty; 0: there is none to be had. */
uint8_t loop_take_pipe(struct loop *loop) LBD_MUST_CHECK;
/* What it still holds is lost. An empty one is kept for the next, some seconds at most. */
void loop_put_pipe(struct loop *loop, uint8_t pipe);
/* Version words for lbd -V. */
const char *loop_library_version(char *out, size_t size);

#endif

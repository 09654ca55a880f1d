/* One connected socket with what waits to be sent on it: the only place that receives and sends (TLS will live here).
 * The READ watcher stays registered for life, except while paused; WRITE is armed only after EAGAIN. Output is
 * collected and sent at the end of the loop turn, or at once when it is large. Belongs to one loop's thread. */
#ifndef LBD_NET_CHANNEL_H
#define LBD_NET_CHANNEL_H

#include "base/buffer.h"
#include "base/str.h"
#include "net/loop.h"

#include <sys/types.h>

struct channel;

/* Who owns the channel; called from the loop, never from inside a channel function. Each may close the channel. */
struct channel_owner {
	/* There is something to read, or the peer ended. */
	void (*readable)(struct channel *c);
	/* A connect ended: error is 0 or an errno value. */
	void (*connected)(struct channel *c, int error);
	/* All that waited was sent, after channel_blocked had become true. */
	void (*drained)(struct channel *c);
	/* Sending failed (errno value). Called at the end of the turn. What waited is still there, if it is all that
	 * was written, and not sent any more. */
	void (*failed)(struct channel *c, int error);
};

struct channel {
	ev_io io;
	struct loop *loop;
	const struct channel_owner *owner;
	struct buffer out; /* waits to be sent */
	struct buffer in;  /* was received, and not taken yet */
	struct list link;  /* in the loop's unflushed or failed list */
	uint64_t sent;     /* bytes given to the kernel so far */
	bool queued : 1;   /* in the unflushed list */
	bool connecting : 1;
	bool reading : 1; /* the owner wants to hear of input */
	bool blocked : 1; /* the peer does not take output: WRITE is armed */
	bool shut : 1;    /* FIN is to be sent, or was, behind the output */
	bool fin_sent : 1;
	bool heavy : 1; /* keeps more than LOOP_AHEAD allows, and is counted in the loop */
	uint8_t pipe; /* of the loop's pipes: what waits to be sent before out; 0: none */
	int error;    /* of a send that failed; 0: none */
};

/* Output up to this size waits for the end of the turn, so that head and body leave in one call and peers are woken in
 * batches; above it, it is sent at once. */
enum { CHANNEL_COLLECT = 16 * 1024 };

enum { CHANNEL_CLOSED = 0, CHANNEL_AGAIN = -1, CHANNEL_ERROR = -2, CHANNEL_UNABLE = -3 };

/* Takes the descriptor over. Reading starts on. connecting: channel_owner.connected is called once. */
void channel_open(struct channel *c, struct loop *loop, int fd, const struct channel_owner *owner, bool connecting);
static inline bool channel_is_open(const struct channel *c)
{
	return c->io.fd >= 0;
}

/* Stops everything and closes the descriptor, in the one order that libev survives. Output that was not sent is
 * dropped. Idempotent. reset: the peer gets RST, so that a cut is never taken for an end. */
void channel_close(struct channel *c, bool reset);
/* Receives once, at most most bytes (> 0), for the owner to look at through channel_input: what came stands behind what
 * was kept. Only inside
 * channel_owner.readable of this channel. > 0: bytes; CHANNEL_CLOSED: the peer sent FIN; CHANNEL_AGAIN: nothing there;
 * CHANNEL_ERROR: errno says what. After FIN or an error the owner pauses or closes, or it is called again and again. */
ssize_t channel_receive(struct channel *c, size_t most) LBD_MUST_CHECK;
/* What was received and not taken. Fresh bytes stand in the loop's scratch: the view ends with the callback, and what
 * was not taken by then is kept. */
struct str channel_input(const struct channel *c);
void channel_take(struct channel *c, size_t n);
/* Instead of channel_receive: what was kept and up to LOOP_SCRATCH bytes of what came are dropped unseen, at little
 * cost; results as above. */
ssize_t channel_discard(struct channel *c) LBD_MUST_CHECK LBD_COLD;
/* Receives up to n bytes into the caller's memory instead; results as above. */
ssize_t channel_read(struct channel *c, void *data, size_t n) LBD_MUST_CHECK;
/* Instead of channel_receive: moves up to n bytes to another channel of the loop, unseen and without a copy. > 0:
 * bytes, of which those that the receiver did not take wait there, as after channel_write; where it failed, its owner
 * hears of it at the end of the turn. CHANNEL_ERROR: of from. CHANNEL_UNABLE: not now, so receive, which says why:
 * nothing is there, the peer sent FIN, something waits on either side, or there is no pipe. */
ssize_t channel_splice(struct channel *from, struct channel *to, uint64_t n) LBD_MUST_CHECK LBD_COLD;
/* Reading is stopped or goes on; the owner hears nothing of input while it is stopped (errors included). */
void channel_pause(struct channel *c);
void channel_resume(struct channel *c);
/* Room for n bytes behind the output that waits, written by the caller and then committed: sent at the end of the turn.
 * NULL when memory is out. */
char *channel_reserve(struct channel *c, size_t n) LBD_MUST_CHECK;
void channel_commit(struct channel *c, size_t n);
/* What waits is taken out, for its owner to send elsewhere; the memory is the caller's then. */
struct buffer channel_take_output(struct channel *c);
/* Sends, or keeps what the peer does not take now. Small data waits for the end of the turn; large data goes at once,
 * together with what waited, in one call. False: the connection failed, or memory is out (channel_owner.failed follows
 * unless the caller closes). */
bool channel_write(struct channel *c, const void *data, size_t n) LBD_MUST_CHECK;
/* Sends what was committed when that is a lot: more than CHANNEL_COLLECT waits only for a peer that does not take it. */
void channel_flush_full(struct channel *c);
/* FIN behind the output. Reading goes on. */
void channel_shutdown(struct channel *c);
/* Bytes that wait to be sent. */
static inline size_t channel_pending(const struct channel *c)
{
	return buffer_used(&c->out) + splice_pipe_held(&c->loop->pipes, c->pipe);
}

/* Changes while the peer reads, however slowly, although nothing can be sent for a long time; what it is says nothing.
 * A system call. */
uint64_t channel_taken(const struct channel *c);

/* channel_has_news, asked of the socket. A system call. */
bool channel_is_readable(const struct channel *c) LBD_COLD;
/* Whether there is something to read, or an end, that the owner was not told of yet and that came before this turn. */
static inline bool channel_has_news(struct channel *c)
{
	return ev_is_pending(&c->io) || (c->loop->behind && channel_is_readable(c));
}

/* Used by the loop: sends what waits; tells the owner of a send that failed. */
void channel_flush(struct channel *c);
void channel_report_failure(struct channel *c);

#endif

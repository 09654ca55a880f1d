/* Moves one body, or one direction of a tunnel, from a channel to another: reads the framing on one side, writes it on
 * the other, and stops the source while the other side does not take it. Written once for both directions. */
#ifndef LBD_PROXY_RELAY_H
#define LBD_PROXY_RELAY_H

#include "http/chunked.h"
#include "net/channel.h"

enum flow_result {
	FLOW_MORE,  /* all that was received is moved; more is to come */
	FLOW_DONE,  /* the body is complete */
	FLOW_BAD,   /* the chunked coding is malformed: flow->error */
	FLOW_LARGE, /* the body is longer than flow->most */
	FLOW_BROKEN /* the other side's connection failed, or memory is out */
};

/* What a flow has moved, kept so that it can be sent once more. Owned by whoever owns the flow. */
struct flow_copy {
	struct buffer data;
	uint64_t most; /* bytes; a longer body is not kept */
	bool whole;    /* every byte of the body that the flow has taken is in it */
};

struct flow {
	struct channel *from, *to;      /* to NULL: only the copy takes it, and no more than it has room for */
	enum http_framing_kind framing; /* of what comes in; UNTIL_CLOSE is a tunnel too */
	bool chunk_out;                 /* what goes out is chunked */
	bool done;
	bool complete; /* all of the body was taken from the source; done without it: the rest is not wanted any more */
	bool begun;    /* bytes were taken from the source, perhaps none of them data: it cannot be read again */
	bool paused;   /* from waits for to */
	bool held;     /* it did so at some time since whoever reads this looked last */
	bool bulk;     /* a lot comes at a time, as far as is known: splice is worth its two calls, chunks are large */
	enum http_error error;
	uint64_t error_at;      /* of the byte at fault in the chunked body */
	uint64_t left;          /* LENGTH: bytes to come */
	uint64_t moved;         /* body bytes so far */
	uint64_t taken;         /* bytes of the chunked coding that were read so far */
	uint64_t most;          /* CHUNKED: longest body that is moved; 0: any */
	struct flow_copy *copy; /* NULL: none is kept */
	struct buffer trailers; /* lines as received, to be sent on behind a chunked body; whoever owns the flow frees it */
	/* Which of them go on, where what goes out is chunked; NULL: none. */
	bool (*passes_trailer)(const struct flow *f, struct str name);
	struct http_chunked chunked;
};

/* A body that needs no byte is done at once. */
void flow_start(struct flow *f, struct channel *from, struct channel *to, struct http_framing framing, bool chunk_out);
/* to is NULL, and the copy has no more room. */
bool flow_is_full(const struct flow *f);
/* Moves what from has received. */
enum flow_result flow_pump(struct flow *f) LBD_MUST_CHECK;
/* How many bytes may be received for it: what its receiver does not take is kept, and so are up to ahead of those that
 * come behind this body. */
size_t flow_may_receive(const struct flow *f, size_t ahead);
/* Instead of receiving from the source: moves what came without looking at it, where that is possible and enough is to
 * come. False: receive it. True: *got as of channel_splice, and flow_pump says what has become of the body. */
bool flow_splice(struct flow *f, ssize_t *got) LBD_MUST_CHECK LBD_COLD;
/* Another receiver takes the place of to: it gets what is kept in the copy, which must be whole, and then what follows.
 * False: it failed, or memory is out; its owner hears of it. */
bool flow_repeat(struct flow *f, struct channel *to) LBD_MUST_CHECK;
/* The same when nothing of the flow has left: rest, framed already, is what was written for the one before. */
bool flow_move_to(struct flow *f, struct channel *to, const struct buffer *rest) LBD_MUST_CHECK;
/* Frees the copy; the flow keeps none any more. */
void flow_drop_copy(struct flow *f);
/* from ended: FLOW_DONE when that is the end of this body, else FLOW_BROKEN: it was cut. */
enum flow_result flow_end(struct flow *f) LBD_MUST_CHECK;
/* to took everything: from may go on. */
void flow_resume(struct flow *f);

#endif

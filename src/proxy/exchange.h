/* One request and its response: picks a server, gets an upstream, moves both messages, and accounts for the end. In TCP
 * mode it is one tunnel. Own worker only. */
#ifndef LBD_PROXY_EXCHANGE_H
#define LBD_PROXY_EXCHANGE_H

#include "base/arena.h"
#include "http/message.h"
#include "proxy/relay.h"
#include "proxy/session.h"
#include "proxy/upstream.h"
#include "rules/ruleset.h"

struct identity;

enum exchange_step {
#define EXCHANGE_STEP(id, function, phase) EXCHANGE_STEP_##id,
#include "proxy/exchange_steps.def"
#undef EXCHANGE_STEP
	EXCHANGE_STEP_COUNT
};

/* All are monotonic, us; 0: not reached. */
struct exchange_times {
	uint64_t start, head, queued, picked, connected, response; /* queued: into the queue, the last time */
};

struct exchange {
	struct session *session;
	struct worker *worker;
	struct frontend *frontend;
	struct backend *backend; /* NULL until routed */
	struct server *server;   /* used, or used last; NULL until picked */
	struct upstream *upstream;
	struct waiter *waiter; /* our place in the backend's queue; NULL: we are not in it */
	enum exchange_step step;
	struct http_request request; /* its bytes are in the arena */
	struct rule_changes changes; /* of the request, by rules; in the arena too */
	struct flow up, down;        /* request body, response body */
	struct str request_id;       /* empty: none is wanted */
	struct identity *identity;   /* NULL until made, or when nothing has to be remembered */
	struct session_address client; /* whom trusted proxies name; family 0: the session's peer */
	struct flow_copy copy;       /* of the request's body, while it may have to be sent again */
	struct buffer unsent;        /* with unsent_kept: what was written of the request's body, framed */
	struct timeout timeout;
	uint64_t waited_us;      /* in the queue and between connects, all times together */
	uint64_t pause_us;       /* between two connects, which is what we wait for now; 0: we do not */
	uint64_t connecting_us;  /* when the first connect that failed began; 0: none has */
	uint32_t queue_position; /* in the queue, likewise; 0: it did not wait */
	struct timeout total;    /* timeouts.request */
	struct timeout pace;     /* limits.min_rate: ticks while the request's body comes */
	uint64_t pace_moved;     /* up.moved at the last tick */
	uint64_t pace_credit;    /* bytes that may be missing */
	uint64_t heard_us;       /* when something happened last, as far as the timeout that runs is concerned */
	uint64_t taken;          /* channel_taken of the peer that is waited for, when it was looked at last */
	struct exchange_times at;
	enum reason reason;
	enum reason attempt_reason; /* why the attempt before this one failed */
	const char *detail;         /* more of the reason: a literal */
	char phase;                 /* second character of the termination state */
	char waits_for;             /* c client, s server, t either end of a tunnel: whose timeout is running */
	struct str *captured;       /* of the response, by the capture option; NULL: none */
	uint32_t captured_count;
	uint16_t status; /* of the answer to the client; 0: none */
	uint32_t head_bytes_in, head_bytes_out;
	uint32_t head_length; /* of the request as it was written for this server */
	uint32_t retries, interims;
	uint32_t retry_after_s;                /* of the proxy's own answer; 0: not said */
	uint32_t failed_attempts, same_server; /* attempts on servers; connects made again on one */
	uint32_t round_attempts, lost_answers; /* of these: in this round; those that failed behind the connect */
	uint32_t pauses;                       /* so far */
	bool parsed : 1;                       /* request is valid */
	bool trusted : 1;                      /* its peer is among the trusted_proxies */
	bool reserved : 1;                     /* a place on server is ours */
	bool tunnel : 1;                       /* TCP mode, or after a 101 */
	bool fresh : 1;                        /* only a new connection will do */
	bool timed_out : 1;
	bool answered : 1; /* bytes of the answer were given to the client's channel */
	bool response_complete : 1;
	bool request_cut : 1;    /* the server stopped taking the request's body */
	bool upstream_keeps : 1; /* the server would keep the connection */
	bool close_client : 1;   /* the client was, or will be, told that the connection ends */
	bool until_close : 1;    /* the client finds the answer's end by the connection's end */
	bool redispatched : 1;
	bool same_again : 1;  /* after the pause the same server is connected to */
	bool unsent_kept : 1; /* nothing of the request left on the connection before; its head is written anew */
	uint32_t tried_count;
	uint32_t hopeless; /* bits: those tried that are not to be asked again */
	/* All above is zero at the start. */
	const struct server *tried[LBD_TRIED_MAX]; /* the first tried_count */
	struct arena arena;
	_Alignas(16) char memory[]; /* of the arena */
};

enum { EXCHANGE_SIZE = 4096 };

/* A head of lines lines was found in the session's input; all of taken bytes belong to it. */
void exchange_begin(struct session *s, struct str head, uint32_t lines, size_t taken);
/* The short way, for a head that stands whole and in order at the start of the session's input: exchange_start has to
 * follow, with taken = head_bytes_in. NULL: nothing happened, and the head is to be looked for piece by piece. */
struct exchange *exchange_read(struct session *s, struct str input, const struct http_limits *limits) LBD_MUST_CHECK;
void exchange_start(struct exchange *x, size_t taken);
/* The head could not be used: the session gets its answer and ends. */
void exchange_begin_refused(struct session *s, enum reason reason, const char *detail, unsigned status);
void exchange_begin_tunnel(struct session *s);
/* Ends it from outside, at once. */
void exchange_kill(struct exchange *x, enum reason reason);

/* What the client, or the server, has to say is moved unseen. False: it has to be received; else as flow_splice. Both
 * are reported below. */
bool exchange_splice_up(struct exchange *x, ssize_t *got) LBD_MUST_CHECK LBD_COLD;
bool exchange_splice_down(struct exchange *x, ssize_t *got) LBD_MUST_CHECK LBD_COLD;
/* Asked before the latter: most answers have come with their head, and are not looked at any closer. */
static inline bool exchange_is_relaying(const struct exchange *x)
{
	return x->step == EXCHANGE_STEP_RELAY;
}

/* What its client sends now is the request's body, or goes through a tunnel. */
static inline bool exchange_wants_body(const struct exchange *x)
{
	return !x->up.done;
}

/* How many bytes may be received from its server now. */
size_t exchange_server_room(const struct exchange *x);

/* What session and upstream report. */
void exchange_client_sent(struct exchange *x);
void exchange_client_ended(struct exchange *x);
void exchange_client_drained(struct exchange *x);
void exchange_upstream_connected(struct exchange *x);
void exchange_upstream_sent(struct exchange *x);
void exchange_upstream_drained(struct exchange *x);

#endif

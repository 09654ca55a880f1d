/* One client connection: reads heads, hands them to exchanges one at a time, and outlives each of them. Own worker
 * only. */
#ifndef LBD_PROXY_SESSION_H
#define LBD_PROXY_SESSION_H

#include "http/head.h"
#include "net/channel.h"
#include "proxy/worker.h"

struct exchange;
struct upstream;

enum session_state {
	SESSION_PROXY,  /* its PROXY header, which comes before everything else, is not here yet */
	SESSION_IDLE,   /* between two requests, or before the first: nothing of the next one is here */
	SESSION_HEAD,   /* part of a head is here */
	SESSION_BUSY,   /* an exchange has it */
	SESSION_LINGER, /* the last answer is sent; what the client still sends is dropped until it closes */
	SESSION_ENDED   /* closed; freed at the end of the turn */
};

/* An address in less room than the system's: a session has to be small. */
struct session_address {
	sa_family_t family; /* AF_INET, AF_INET6, or AF_UNIX, of which nothing else is kept */
	in_port_t port;     /* in the order of the network */
	uint32_t scope;
	union {
		struct in_addr v4;
		struct in6_addr v6;
	} host;
};

/* limits.min_rate is looked at once in a tick; whoever is so many seconds behind is too slow. */
enum { SESSION_PACE_TICK_US = 1000000, SESSION_PACE_GRACE_S = 5 };

struct session {
	struct channel client;
	struct bind_point *bind;
	struct exchange *exchange;
	struct upstream *upstream; /* an idle one that is for this client alone; NULL: none */
	struct list link;
	struct list idle; /* idle_sessions.h; while it waits for its turn, in the loop's list of those */
	uint64_t idle_us; /* since when it is in the former */
	struct timeout timeout;
	union {
		struct {
			struct http_scan scan; /* before an exchange */
			uint64_t head_us;      /* with part of a head: when it began */
		};
		struct {
			uint64_t linger_until_us; /* while lingering: no byte is taken after it */
			uint32_t lingered;        /* bytes dropped in this tick */
		};
		struct doomed doomed;  /* ended */
	};
	uint64_t serial; /* of the worker's sessions, from 1 */
	uint64_t accepted_wall_us;
	uint64_t request_us; /* monotonic: first byte of the request, or the accept */
	uint32_t requests;
	uint8_t state;       /* enum session_state */
	bool eof : 1;        /* the client sent FIN */
	bool failed : 1;     /* the connection is dead */
	bool continuing : 1; /* session_continue is on the stack */
	bool waits_turn : 1; /* it used up its share of a turn, and goes on in the next one */
	bool paced : 1;      /* while lingering: it sends so much that ticks are counted */
	bool last : 1;       /* the client said itself that the request which ended was its last one */
	struct session_address peer;
	count_word *counted; /* its place among the connections of its source; NULL: it is not counted */
	struct session_address *proxied; /* where a PROXY header says that the client connected to; NULL: it did not */
};

static inline struct worker *session_worker(const struct session *s)
{
	return s->client.loop->owner;
}

struct session_address session_pack(const struct address *a);
/* Takes fd over. */
void session_start(struct worker *w, struct bind_point *bind, int fd, const struct address *peer);
/* The other end of the connection, or what its PROXY header told. */
void session_peer(const struct session *s, struct address *out);
/* The client: whom the request under way names, as far as its peer is trusted; else the peer. */
void session_client(const struct session *s, struct address *out);
/* The address that it connected to, from the same source. */
void session_local(const struct session *s, struct address *out);
/* The exchange ended and is freed: the next request, or the end. keep: the connection is in a state to be used again.
 */
void session_exchange_ended(struct session *s, bool keep);
/* Closes at once. reset: the client must see that something is missing. */
void session_close(struct session *s, bool reset);
/* A loop's go_on: the turn of a session that had used up its share of the one before. */
void session_go_on(struct list *link);
/* While stopping: ends it as soon as nothing is in flight. */
void session_stop(struct session *s);

#endif

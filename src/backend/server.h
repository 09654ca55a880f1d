/* One member of a backend: long-lived, apart from any configuration snapshot, so that a reload keeps its weight, health
 * and counters.
 *
 * Threads: control changes state and weight; workers read live, count, and reserve. Every field says who writes it. */
#ifndef LBD_BACKEND_SERVER_H
#define LBD_BACKEND_SERVER_H

#include "base/list.h"
#include "config/config.h"
#include "lbd/algorithm.h"
#include "net/address.h"
#include "stats/sampled.h"

struct backend;

/* What the operator wants. */
enum server_admin { SERVER_READY, SERVER_DRAIN, SERVER_MAINT };

/* What is observed. DEGRADED and WARMING come with graded health. */
enum server_health { SERVER_UNKNOWN, SERVER_HEALTHY, SERVER_DEGRADED, SERVER_UNHEALTHY, SERVER_WARMING };

/* What the last probe found; shown by show stat as check_status and friends. */
struct server_check {
	const char *status; /* HAProxy's word: INI, L4OK, L7STS ...; a literal */
	unsigned code;      /* HTTP status, 0: none */
	uint64_t duration_us;
	char text[64];    /* e.g. "Connection refused"; sanitised, may be empty */
	unsigned counter; /* HAProxy's health counter, 0 .. rise + fall - 1 */
	bool in_flight;
	char history[17];    /* the last 16 as o and x, newest last */
	uint32_t generation; /* raised when the server starts anew: results of older probes do not count */
};

/* Idle upstreams of one server on one worker, whose own it is. proxy/upstream_idle.c says what they are for. */
struct server_idle {
	_Alignas(LBD_CACHE_LINE) struct list upstreams; /* for any session: newest first, those in doubt at the end */
	struct list newest;                             /* of these, those that became idle at newest_us */
	struct list owned;                              /* each for one session only */
	uint64_t newest_us;
	_Atomic uint32_t count; /* of all lists; summed by show stat */
	uint32_t exempt;        /* of count; pool.max_idle is not for them */
	uint32_t spares;        /* of count; taken from the server's idle_spares */
	/* The server closed one that had been idle for so long; 0: none. The longer ago that is, the less it says. */
	uint64_t closed_age_us, closed_at_us;
};

struct server {
	/* Shared with algorithms; in_flight is written by workers, the rest by control. Own cache lines. */
	struct lbd_live live;
	_Alignas(LBD_CACHE_LINE) struct lbd_cell cell;
	_Alignas(LBD_CACHE_LINE) struct backend *backend;
	const char *name; /* owned */
	uint32_t id;      /* sid of the statistics, from 1 */
	uint32_t index;   /* in backend->servers */
	/* NULL while its name is not known: then it is not eligible. Set by control, once, before it can become so; never
	 * changed after that, so that who may use the server may read it at any time. */
	_Atomic(const struct address_list *) addresses;
	_Atomic uint32_t address_first; /* of the list: tried first, because it worked last; any thread */
	uint64_t identity;              /* hash of address:port, of a name as written: the same on every machine */
	_Atomic(const struct config_server *) conf;
	struct counter_set counters;
	_Atomic uint32_t in_flight_max;
	struct server_idle *idle;     /* its idle upstreams, one list for each worker; made by proxy/upstream.c */
	_Atomic uint32_t idle_spares; /* idle upstreams above the workers' equal parts of pool.max_idle */

	/* Control only. */
	enum server_admin admin;
	enum server_health health;
	bool checked;                                                    /* probes are configured */
	char *lookup_error;                                              /* why its name is not known; owned */
	uint32_t weight, initial_weight;                                 /* 0..256 */
	uint32_t maxconn;                                                /* 0: unlimited; live.slots is made of it */
	uint32_t counted_weight;                                         /* its part in its backend's figures */
	uint64_t changed_us, down_since_us, downtime_us, drain_since_us; /* monotonic; 0: never or not */
	struct server_check check;
	bool checks_ignored; /* disable health: probes go on, but change nothing, and only their history is shown */
	struct sampled sampled;
};

/* The way through the addresses of a server, each once, the one that worked last first. */
struct server_route {
	uint16_t at, others; /* others: addresses left behind this one */
};
/* Any thread, of a server whose addresses are known. */
struct server_route server_route_begin(const struct server *s);
const struct address *server_route_address(const struct server *s, struct server_route route);
/* On to the next address, after this one failed; false: there is none. */
bool server_route_next(const struct server *s, struct server_route *route);
/* Remembers that it worked, or that another one is to be tried first from now on. */
void server_route_worked(struct server *s, struct server_route route);
void server_route_failed(struct server *s, struct server_route route);
/* The address that is tried first now; one of length 0 while none is known. Any thread. */
const struct address *server_address(const struct server *s);

/* Whether its addresses are known. */
static inline bool server_is_resolved(const struct server *s)
{
	return atomic_load_explicit(&s->addresses, memory_order_acquire) != NULL;
}
/* Whether it may get new requests now, weight apart. */
bool server_usable(const struct server *s);
/* Its weight with what health leaves of it, 0..256; 0 when it is not usable, never rounded down to 0. */
uint32_t server_effective_weight(const struct server *s);
/* Probes are configured, and count. */
bool server_is_probed(const struct server *s);
/* HAProxy's status word ("UP 1/3", "no check", "DRAIN", ...). out holds 32 bytes. */
void server_status_text(const struct server *s, char *out);
/* HAProxy's check_desc of a check_status, e.g. "Layer4 check passed"; "" for an unknown word. */
const char *server_check_description(const char *status);
const char *server_admin_word(enum server_admin admin);
const char *server_health_word(enum server_health health);

/* Idle upstreams over all workers; any thread. */
uint32_t server_idle_count(const struct server *s);
/* Gives back what was reserved by a pick; the longest waiter gets it, if one waits. worker: who calls. Inside a turn.
 */
void server_release(struct server *s, uint32_t worker);
/* Worker: its counters of this server. */
static inline struct counters *server_counters(struct server *s, uint32_t worker)
{
	return counter_set_block(&s->counters, worker);
}

#endif

/* A named group of servers with one algorithm. The host filters, the algorithm chooses: it sees only the eligible set,
 * an immutable snapshot that control rebuilds when something changes. */
#ifndef LBD_BACKEND_BACKEND_H
#define LBD_BACKEND_BACKEND_H

#include "backend/queue.h"
#include "backend/server.h"
#include "base/quiesce.h"
#include "net/timer.h"
#include "stats/captured_error.h"

struct algorithm;          /* a loaded plugin: algorithm_loader.h */
struct algorithm_instance; /* that plugin at work for one backend: eligible.h */
struct eligible;           /* the eligible set with the algorithm's table: eligible.h */
struct backend_host;
struct retry_budget; /* retry_budget.h */

struct backend {
	const char *name; /* owned */
	uint32_t id;      /* iid of the statistics */
	enum config_mode mode;
	_Atomic(const struct config_backend *) conf;
	struct counter_set counters;
	struct retry_budget *retries;        /* what retries it can afford */
	_Atomic(struct eligible *) eligible; /* seq_cst; loaded by workers at each pick */
	bool counts_total;                   /* the algorithm wants in_flight_sum */
	_Alignas(LBD_CACHE_LINE) _Atomic uint64_t in_flight_sum;
	struct queue queue;             /* requests for which no server has a free slot */
	_Atomic uint32_t sessions_most; /* highest backend_sessions that was noted */

	/* Control only; workers read the first two, which stay as they are (backend_note_sessions). */
	_Alignas(LBD_CACHE_LINE) struct server **servers;
	uint32_t server_count;
	const struct algorithm *algorithm;
	struct algorithm_instance *instance;
	struct backend_host *host;
	uint64_t changed_us, down_since_us, downtime_us;
	uint32_t usable[2];     /* servers that may serve: no backups, backups */
	uint64_t usable_weight; /* effective, of those that are no backups */
	bool down;
	bool rebuild_waits; /* a change is not in the eligible set yet */
	uint64_t built_us;
	struct timer rebuild_timer;
	struct sampled sampled;
	struct error_slot malformed; /* the last malformed response */
};

/* Why control hears of a change; the admin layer, the log and later the event list are behind it. All on control. */
struct backend_events {
	void *context;
	/* One line for the process log, e.g. "Server app/a is DOWN, reason: ...". level as in base/log.h. */
	void (*said)(void *context, enum log_level level, const char *line);
};

struct name_table; /* net/name_table.h */

/* What all backends share; made once by app. */
struct backend_host {
	struct loop *loop;           /* control's; NULL: sets are built anew by backend_rebuild only */
	struct reclaimer *reclaimer; /* of the workers' snapshots; ends after the backends and before the loader */
	uint32_t workers;
	uint64_t seed;
	struct name_table *names; /* looked up so far, while servers are made; NULL: none */
	struct backend_events events;
};

/* Makes the live object: servers, counters, algorithm instance, first eligible set; no probes yet. Names are looked up
 * (blocks); a server whose name is not known begins DOWN, and is asked for by name_watch.h. NULL: error says why, naming the file's line. */
struct backend *backend_create(struct backend_host *host, const struct config_backend *conf, uint32_t id,
	const struct algorithm *algorithm, char *error, size_t error_size) LBD_MUST_CHECK;
/* After all workers ended. May be NULL. */
void backend_destroy(struct backend *b);
struct server *backend_find_server(struct backend *b, struct str name);

/* ---- workers ---- */

/* What an algorithm cannot work without, the configuration of its backend must have. False: error says what. */
bool backend_suits(const struct config_backend *conf, const struct algorithm *algorithm, char *error,
	size_t error_size) LBD_MUST_CHECK;
/* Picks an eligible server and reserves a place on it (in_flight), to be given back by server_release; counts PICKED.
 * NULL: no server is eligible, or none has a free slot: pick_has_candidate tells which. A server that became
 * ineligible, or full, since the set was built is refused and another one asked for. Who finds others in the queue
 * waits behind them instead of picking. */
struct server *backend_pick(struct backend *b, const struct pick_request *request) LBD_MUST_CHECK;
/* Instead of a pick: reserves a place on this server, to be given back likewise. False: it is closed, or has no free
 * slot. worker: as below. */
bool backend_take_place(struct server *s, uint32_t worker) LBD_MUST_CHECK;
/* A place on one of its servers was given back: the longest waiter may have it. worker: who calls, as an index of
 * counter blocks. */
static inline void queue_slot_freed(struct backend *b, uint32_t worker)
{
	if (queue_length(&b->queue))
		queue_serve(b, worker);
}
/* One of its servers took a connection, or is done with one: who pauses because none did may try again. */
static inline void queue_server_answers(struct backend *b)
{
	if (atomic_load_explicit(&b->queue.pausing, memory_order_relaxed))
		queue_end_pause(b);
}
/* Tells the algorithm how an exchange on this server ended, once. */
void backend_feedback(struct backend *b, struct server *s, enum lbd_outcome outcome, uint64_t first_byte_us,
	uint64_t total_us, uint64_t now_us);

/* ---- control ---- */

/* The one door for a server's state: counts, logs, closes it for workers at once, rebuilds the eligible set soon.
 * reason: e.g. "changed from CLI". */
void server_set_admin(struct server *s, enum server_admin admin, const char *reason);
void server_set_health(struct server *s, enum server_health health, const char *reason);
/* 0..256. */
void server_set_weight(struct server *s, uint32_t weight);
/* Most exchanges at a time from now on, 0: unlimited. Raising it serves who waits; lowering it cuts nobody off. */
void server_set_maxconn(struct server *s, uint32_t maxconn);
/* The name of a server is known now; once, and the list is the server's then. error: why it is still not; kept. */
void server_set_addresses(struct server *s, struct address_list *list);
void server_set_lookup_error(struct server *s, const char *error);
/* Builds the eligible set now when a change is waiting (otherwise done within 20 ms by the loop). */
void backend_rebuild(struct backend *b);
/* Figures of show stat. */
uint32_t backend_usable(const struct backend *b, bool backups);
uint64_t backend_weight(const struct backend *b);
/* At least one usable server of weight > 0, or none at all configured. */
bool backend_is_up(const struct backend *b);
/* The sessions that its servers have now. */
uint32_t backend_in_flight(const struct backend *b);
/* The same with those who wait. */
uint32_t backend_sessions(const struct backend *b);
/* Any thread, when a server or the queue has as many as never before: so have they all together perhaps. */
void backend_note_sessions(struct backend *b);

#endif

/*
 * The fleet: frontends, backends and servers of one daemon, each an entity that is known by its name and outlives the
 * polls. A complete snapshot is diffed against the current one (events), its counters become rates and history, then
 * it takes the current one's place.
 *
 * The fleet owns its entities and both snapshots. Times are milliseconds of the monotonic clock. One thread.
 */
#ifndef TUI_MODEL_FLEET_H
#define TUI_MODEL_FLEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/event.h"
#include "model/rate.h"
#include "model/ring.h"
#include "model/state.h"
#include "wire/snapshot.h"

enum { FLEET_GONE_MS = 60000 };

struct entity {
	char *key; /* "proxy/server"; unique together with type */
	const char *proxy, *name;
	enum row_type type;
	const struct snapshot_row *row;     /* in the current snapshot; of the last one that had it when gone */
	struct entity *group;               /* of a server: its backend */
	struct entity *first, *last, *next; /* of a backend: its servers; of a server: the next one */
	struct snapshot_row *kept;          /* owned copy of the row once it is gone */
	struct rates rates;
	struct ring *history; /* requests a second; made at the first one above 0 */
	uint32_t hash;
	unsigned seen;
	int64_t changed_at; /* -1: not since the start */
	int64_t gone_at;    /* -1: present */
	enum state state;
	enum breaker breaker;
	bool folded;
	unsigned servers, usable, breakers_open; /* of a backend: sums over its servers */
};

struct fleet_totals {
	unsigned servers, by_state[STATE_OTHER + 1], breakers_open, breakers_half;
	int64_t queue;
	double requests, sessions, bytes_in, bytes_out, percent_5xx; /* NaN: unknown */
};

struct fleet {
	struct snapshot snapshots[2], *now, *next;
	struct entity **entities;
	size_t count, cap;
	struct entity **table; /* open addressing, a power of two */
	size_t table_size;
	struct entity **rows; /* what the table shows, in order: groups with their servers, then frontends */
	size_t row_count, row_cap;
	struct events events;
	struct fleet_totals totals;
	unsigned polls;   /* snapshots applied */
	unsigned partial; /* of the last snapshot: rows that were cut */
	int64_t applied_at, interval;
	bool no_memory;
	char mine[EVENT_OBJECT_MAX]; /* the server that our own last command changes; "" when none is under way */
};

/* False when there is no memory. */
bool fleet_init(struct fleet *fleet, int64_t interval);
void fleet_free(struct fleet *fleet);

/* Makes fleet->next the current snapshot. wall is the time for events, 0 when there is none. */
void fleet_apply(struct fleet *fleet, int64_t now, int64_t wall);

/* Rebuilds the list of shown rows, after a fold. */
void fleet_order(struct fleet *fleet);

struct entity *fleet_find(const struct fleet *fleet, const char *proxy, const char *name, enum row_type type);

const char *entity_text(const struct fleet *fleet, const struct entity *entity, enum field_text field);
/* ROW_ABSENT when unknown. */
int64_t entity_num(const struct entity *entity, enum field_num field);
/* A server that may get new requests now. */
bool entity_is_usable(const struct entity *entity);
/* A server that should serve and does not, or whose breaker is not closed; a backend without a usable server. */
bool entity_is_trouble(const struct fleet *fleet, const struct entity *entity);
/* Its weight as far as it counts for capacity: the operator's weight where it is known. */
int64_t entity_weight(const struct entity *entity);

#endif

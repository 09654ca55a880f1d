/* The plugin ABI: what a balancing algorithm sees of lbd, and what lbd asks of it. Needs C11 and libc, nothing else of
 * lbd. doc/algorithms.md is the guide, examples/algorithm/ a complete plugin.
 *
 * Threads: create, destroy, prepare, release and describe run on one thread at a time, never on a worker; prepare may
 * take milliseconds. pick and feedback run on all workers at once: no allocation, no lock, no blocking call, no
 * thread-local state.
 * Memory: everything that is passed in belongs to lbd. A set, and the table made for it, live until no worker can use
 * them; then release is called, and only then destroy. What create and prepare return belongs to the plugin.
 * Growth: a field is only ever added at the end of a struct that starts with struct_size, and that raises the minor; a
 * plugin that reads a field which came with minor m declares abi_minor m. Anything else raises the major. lbd loads a
 * plugin when the major is its own and the minor is not above its own, and calls nothing of it before that is known. */
#ifndef LBD_ALGORITHM_H
#define LBD_ALGORITHM_H

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LBD_ABI_MAJOR   1u
#define LBD_ABI_MINOR   0u
#define LBD_NONE        UINT32_MAX /* no server can take this request */
#define LBD_TRIED_MAX   16u
#define LBD_BOUND_FLOOR 4u /* bounded load never limits a server below this many in flight */

/* Capabilities of an algorithm, or-ed. */
enum {
	LBD_NEEDS_KEY = 1,      /* balances by lbd_pick.key; a request may still come without one */
	LBD_USES_TOTAL = 2,     /* wants lbd_set.in_flight_sum and lbd_pick.bound: costs one shared counter */
	LBD_WANTS_FEEDBACK = 4, /* wants to be told how exchanges end */
	LBD_NEEDS_SLOTS = 8,    /* is of use only where servers have a maxconn */
	LBD_USES_WEIGHT = 16    /* follows lbd_set.weight; the others are asked to follow lbd_set.share */
};

/* Flags of a pick, or-ed. */
enum {
	LBD_HAS_KEY = 1, /* lbd_pick.key is valid */
	LBD_PEEK = 2     /* say what would be picked, and change nothing */
};

/* How an exchange ended, as seen by the server's part in it. NEUTRAL: nobody can blame or praise the server. */
enum lbd_outcome { LBD_SUCCESS, LBD_FAILURE, LBD_NEUTRAL };

/* Counters of one server, shared by all workers: read them, never write them. 64 bytes for ever. */
struct lbd_live {
	_Alignas(64) _Atomic uint32_t in_flight; /* reserved at the pick, given back when the exchange ends */
	_Atomic uint32_t slots;                  /* most that in_flight may be now; UINT32_MAX: no limit */
	_Atomic uint32_t closed;                 /* not 0: takes nothing since the set was built */
	uint32_t reserved[13];
};
static_assert(sizeof(struct lbd_live) == 64, "the ABI fixes the size");

/* Room for the algorithm's own state of one server: zero at first, kept over every rebuild of the set, cleared when the
 * backend gets another algorithm. Many workers use it at once. */
struct lbd_cell {
	_Atomic uint64_t word[2];
};

/* The eligible servers, immutable. Index i is the same server in every array, in this set only. */
struct lbd_set {
	uint32_t struct_size;
	uint32_t count;           /* at least 1 */
	const uint32_t *weight;   /* configured weight (1..256) x share, so in hundredths; at least 1 */
	const uint32_t *share;    /* 1..100: percent of its part that health and slow start leave the server */
	const uint64_t *identity; /* hash of address:port, the same on every machine */
	const struct lbd_live *const *live;
	struct lbd_cell *const *cell;
	const char *const *name;
	uint64_t weight_sum;                   /* of weight[] */
	const _Atomic uint64_t *in_flight_sum; /* of the backend; NULL without LBD_USES_TOTAL */
	/* As configured, whatever is up: sizes made from these do not move keys when a server fails. */
	uint32_t nominal_count;
	uint32_t nominal_weight_min;
	uint64_t nominal_weight_sum; /* both in the unit of weight[] */
};

struct lbd_pick {
	uint32_t struct_size;
	uint32_t flags;
	uint64_t key;    /* hash of the request's key, valid with LBD_HAS_KEY */
	uint64_t random; /* new for each pick, from the worker's seeded generator */
	uint64_t now_us; /* monotonic, as of this loop turn */
	double bound;    /* in_flight allowed for each unit of weight; 0: no bound */
	uint32_t tried_count;
	uint32_t tried[LBD_TRIED_MAX]; /* indices that must not be returned; only the first tried_count are set */
};

struct lbd_result { /* one exchange, told once, for the server that it used */
	uint32_t struct_size;
	uint32_t outcome;       /* enum lbd_outcome */
	uint64_t first_byte_us; /* request sent to first byte of the response; 0: none came */
	uint64_t total_us;
	uint64_t now_us; /* monotonic, as of this loop turn */
};

struct lbd_option { /* one row for each own option; lbd checks, documents and passes it */
	const char *name, *help;
	int64_t minimum, maximum, preset;
};

struct lbd_setup {
	uint32_t struct_size;
	uint32_t option_count;
	const int64_t *option; /* values in the order of the rows */
	const char *backend;   /* for messages; valid during create only */
	uint64_t seed;         /* equal seed and equal input give equal picks */
};

struct lbd_algorithm {
	uint32_t abi_major, abi_minor, struct_size, capabilities; /* these four never move */
	const char *name;                                         /* [a-z0-9_]+, and the file is called NAME.so */
	const char *summary;                                      /* one line for people */
	const struct lbd_option *options;                         /* ends with a NULL name; may be NULL */
	uint32_t refresh_ms; /* prepare again at least this often; 0: only when the set changes */
	/* NULL: error says why, in one line. */
	void *(*create)(const struct lbd_setup *setup, char *error, size_t error_size);
	void (*destroy)(void *instance);
	/* What picks from this set need, immutable for workers; NULL: error says why. Two tables of one instance live
	 * at the same time while a set is replaced. */
	void *(*prepare)(void *instance, const struct lbd_set *set, char *error, size_t error_size);
	void (*release)(void *instance, void *table);
	/* An index of this set that lbd_may_take allows, or LBD_NONE. lbd checks the answer. */
	uint32_t (*pick)(void *instance, const void *table, const struct lbd_set *set, const struct lbd_pick *pick);
	/* May be NULL. Gets the cell, not an index, because an exchange outlives the set. */
	void (*feedback)(void *instance, struct lbd_cell *cell, const struct lbd_result *result);
	/* May be NULL. One line on what the table looks like, for people; returns its length as snprintf does. */
	size_t (*describe)(void *instance, const void *table, char *out, size_t out_size);
};

/* The one symbol that a plugin exports. */
extern const struct lbd_algorithm lbd_algorithm __attribute__((visibility("default")));

/* Whether server i may take this request: open, a free slot, not tried, within the bound. */
static inline bool lbd_may_take(const struct lbd_set *set, const struct lbd_pick *pick, uint32_t i)
{
	const struct lbd_live *live = set->live[i];
	uint32_t in_flight = atomic_load_explicit(&live->in_flight, memory_order_relaxed);
	if (atomic_load_explicit(&live->closed, memory_order_relaxed) ||
		in_flight >= atomic_load_explicit(&live->slots, memory_order_relaxed))
		return false;
	for (uint32_t t = 0; t < pick->tried_count; t++)
		if (pick->tried[t] == i)
			return false;
	return pick->bound <= 0 || in_flight < LBD_BOUND_FLOOR || (double)in_flight < pick->bound * set->weight[i];
}

#endif

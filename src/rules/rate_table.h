/* How much each key of one rate limit has used: a table of fixed size, shared by all workers without a lock.
 *
 * The limit is the Generic Cell Rate Algorithm (ITU-T I.371, annex A; ATM Forum Traffic Management 4.0, 4.4.2), in its
 * form of virtual scheduling: of a key only the time is kept at which its next request would be due if all came evenly.
 * A request is within the rate when it comes at most burst - 1 intervals before that. It is a token bucket that needs
 * no refilling. Over all threads together, a key gets at most burst + rate * t / per requests in any time t.
 *
 * A key is one atomic word, 23 bits of its hash and 40 bits of time, in a set of 8 that its hash names: one cache line.
 * The hash must have a key that nobody knows, so nobody can choose keys that meet. Two keys share a word with a
 * probability of 1 in a million, and are limited together then.
 *
 * A key that has nothing to pay back is as good as forgotten, so the word that is furthest behind is used anew. Only
 * when a set is full of keys that do owe something, the one that owes least is forgotten, and may begin with a full
 * burst again; that is counted. Who uses more keys than the table holds can thus make it forget keys that owe less than
 * his own do, and gains no more than each of these keys would have got anyway; nobody is ever refused because of the
 * keys of others. */
#ifndef LBD_RULES_RATE_TABLE_H
#define LBD_RULES_RATE_TABLE_H

#include "base/attributes.h"
#include "base/siphash.h"

struct rate_table;

enum { RATE_MAX = 1000000, RATE_PER_MAX_S = 86400 };

struct rate_table_limit {
	uint32_t rate;   /* requests in per_us, 1..RATE_MAX */
	uint32_t burst;  /* at once, 1..RATE_MAX */
	uint64_t per_us; /* 1 s .. RATE_PER_MAX_S */
	uint32_t keys;   /* that it can tell apart at a time, 1 or more: 16 to 32 bytes for each */
};

/* now_us: monotonic; times of later calls may be somewhat earlier, as workers' clocks are. NULL: memory is out. */
struct rate_table *rate_table_create(
	const struct rate_table_limit *limit, const struct siphash_key *seed, uint64_t now_us) LBD_MUST_CHECK;
/* May be NULL. */
void rate_table_destroy(struct rate_table *t);
const struct siphash_key *rate_table_seed(const struct rate_table *t);

/* One request of the key with this hash. 0: it is within the rate, and was taken from it; else the us until one will
 * be. Any thread. */
uint64_t rate_table_take(struct rate_table *t, uint64_t hash, uint64_t now_us) LBD_MUST_CHECK;
/* The same answer, and nothing is taken. */
uint64_t rate_table_peek(struct rate_table *t, uint64_t hash, uint64_t now_us) LBD_MUST_CHECK;
/* Keys that were forgotten although they owed something; any thread. */
uint64_t rate_table_forgotten(const struct rate_table *t);

#endif

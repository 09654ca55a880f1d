/* Why a key never has two words, although many threads may look for it and make it at once: a new key takes the first
 * of the words that are furthest behind, whatever the time is, so all threads mean the same one, and a compare-and-swap
 * lets one of them have it; and words only move ahead. Let A take word 1 and B take word 2 for the same key, B later,
 * and neither see the other's. Then B read word 1 before A took it, and A read word 2 before B took it. As words only
 * move ahead, word 1 as A found it <= word 2 as A saw it <= word 2 as B found it <= word 1 as B saw it <= word 1 as A
 * found it: they are equal, and both would have taken the first of the two.
 *
 * A word moves back only where a key that owes something is forgotten, and after 2^33 intervals without use. */
#include "rules/rate_table.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { RATE_WAYS = 8, RATE_TICKS = 128, RATE_TIME_BITS = 40 };

static const uint64_t rate_time_mask = ((uint64_t)1 << RATE_TIME_BITS) - 1;
/* Of a tag; keeps a word from being 0, which is an unused one. */
static const uint64_t rate_tag_one = (uint64_t)1 << RATE_TIME_BITS;

struct rate_set {
	_Alignas(LBD_CACHE_LINE) _Atomic uint64_t ways[RATE_WAYS];
};

/* A tick is a part of the time between two requests, so that rates are exact. */
struct rate_table {
	uint64_t start_us, rate, per_us;
	uint64_t tolerance; /* ticks that a request may come early */
	uint64_t horizon;   /* nothing is due later than this many ticks from now */
	uint64_t set_mask;
	struct siphash_key seed;
	_Alignas(LBD_CACHE_LINE) _Atomic uint64_t forgotten;
	struct rate_set sets[];
};

struct rate_table *rate_table_create(
	const struct rate_table_limit *limit, const struct siphash_key *seed, uint64_t now_us)
{
	/* Twice the room, because the keys do not spread evenly over the sets. */
	uint64_t sets = 1;
	while (sets * RATE_WAYS < (uint64_t)limit->keys * 2)
		sets *= 2;
	size_t bytes = sizeof(struct rate_table) + sets * sizeof(struct rate_set);
	struct rate_table *t = aligned_alloc(LBD_CACHE_LINE, bytes);
	if (!t)
		return NULL;
	memset(t, 0, bytes);
	t->start_us = now_us;
	t->rate = limit->rate;
	t->per_us = limit->per_us;
	t->tolerance = (uint64_t)(limit->burst - 1) * RATE_TICKS;
	/* Clocks of workers differ by a turn of their loops. */
	t->horizon = t->tolerance + RATE_TICKS + t->rate * RATE_TICKS;
	t->set_mask = sets - 1;
	t->seed = *seed;
	return t;
}

void rate_table_destroy(struct rate_table *t)
{
	free(t);
}

const struct siphash_key *rate_table_seed(const struct rate_table *t)
{
	return &t->seed;
}

uint64_t rate_table_forgotten(const struct rate_table *t)
{
	return atomic_load_explicit(&t->forgotten, memory_order_relaxed);
}

static uint64_t rate_ticks(const struct rate_table *t, uint64_t now_us)
{
	uint64_t us = now_us > t->start_us ? now_us - t->start_us : 0, scale = t->rate * RATE_TICKS;
	return us / t->per_us * scale + us % t->per_us * scale / t->per_us;
}

static uint64_t rate_us(const struct rate_table *t, uint64_t ticks)
{
	uint64_t scale = t->rate * RATE_TICKS;
	return ticks / scale * t->per_us + (ticks % scale * t->per_us + scale - 1) / scale;
}

/* By how many ticks a word's time is ahead of now, which is at most horizon; negative: behind. */
static int64_t rate_ahead(const struct rate_table *t, uint64_t word, uint64_t now)
{
	uint64_t behind = (now + t->horizon - word) & rate_time_mask;
	return (int64_t)t->horizon - (int64_t)behind;
}

/* A key's word, or the one that it may take. */
struct rate_place {
	_Atomic uint64_t *at;
	uint64_t word;
	int64_t ahead;
	bool found;
};

static uint64_t rate_tag(uint64_t hash)
{
	return (hash & ~rate_time_mask) | rate_tag_one;
}

static struct rate_place rate_find(struct rate_table *t, uint64_t hash, uint64_t now)
{
	struct rate_set *set = &t->sets[hash & t->set_mask];
	struct rate_place best = {.ahead = INT64_MAX};
	for (uint32_t i = 0; i < RATE_WAYS; i++) {
		uint64_t word = atomic_load(&set->ways[i]);
		bool found = (word & ~rate_time_mask) == rate_tag(hash);
		int64_t ahead = word ? rate_ahead(t, word, now) : INT64_MIN;
		if (found || ahead < best.ahead)
			best = (struct rate_place){&set->ways[i], word, ahead, found};
		if (found)
			break;
	}
	return best;
}

/* How many ticks too early the next request would be. */
static uint64_t rate_early(const struct rate_table *t, const struct rate_place *place)
{
	int64_t early = place->found ? place->ahead - (int64_t)t->tolerance : 0;
	return early > 0 ? (uint64_t)early : 0;
}

uint64_t rate_table_take(struct rate_table *t, uint64_t hash, uint64_t now_us)
{
	uint64_t now = rate_ticks(t, now_us);
	/* Each turn after the first means that another thread got on. */
	for (;;) {
		struct rate_place place = rate_find(t, hash, now);
		uint64_t early = rate_early(t, &place), due = now + RATE_TICKS;
		if (early)
			return rate_us(t, early);
		if (place.found && place.ahead > 0)
			due += (uint64_t)place.ahead;
		uint64_t word = rate_tag(hash) | (due & rate_time_mask);
		if (!atomic_compare_exchange_strong(place.at, &place.word, word))
			continue;
		if (!place.found && place.ahead > 0)
			atomic_fetch_add_explicit(&t->forgotten, 1, memory_order_relaxed);
		return 0;
	}
}

uint64_t rate_table_peek(struct rate_table *t, uint64_t hash, uint64_t now_us)
{
	struct rate_place place = rate_find(t, hash, rate_ticks(t, now_us));
	return rate_us(t, rate_early(t, &place));
}

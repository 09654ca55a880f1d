/* A key has two words for a moment when two threads make them at once, or for longer when one of them is taken by
 * others before the other one is empty. So a key holds the sum of its words. Who took looks once more: of two that were
 * too many together, the later one at least sees it, takes back what it did, and looks again. */
#include "rules/count_table.h"

#include <stdlib.h>
#include <string.h>

enum { COUNT_WAYS = 8, COUNT_BITS = 32 };

struct count_set {
	_Alignas(LBD_CACHE_LINE) count_word ways[COUNT_WAYS];
};

struct count_table {
	uint64_t set_mask;
	_Alignas(LBD_CACHE_LINE) _Atomic uint64_t uncounted;
	struct count_set sets[];
};

struct count_table *count_table_create(uint32_t keys)
{
	/* Twice the room, because the keys do not spread evenly over the sets. */
	uint64_t sets = 1;
	while (sets * COUNT_WAYS < (uint64_t)keys * 2)
		sets *= 2;
	size_t bytes = sizeof(struct count_table) + sets * sizeof(struct count_set);
	struct count_table *t = aligned_alloc(LBD_CACHE_LINE, bytes);
	if (!t)
		return NULL;
	memset(t, 0, bytes);
	t->set_mask = sets - 1;
	return t;
}

void count_table_destroy(struct count_table *t)
{
	free(t);
}

uint64_t count_table_uncounted(const struct count_table *t)
{
	return atomic_load_explicit(&t->uncounted, memory_order_relaxed);
}

/* What a key has, and the word for one more: its own, or one that nobody holds anything in. */
struct count_place {
	count_word *at; /* NULL: there is none */
	uint64_t word;  /* as it was found */
	uint64_t held;
};

static uint32_t count_of(uint64_t word)
{
	return (uint32_t)word;
}

static struct count_place count_find(struct count_table *t, uint64_t hash)
{
	struct count_set *set = &t->sets[hash & t->set_mask];
	struct count_place place = {0};
	bool own = false;
	for (uint32_t i = 0; i < COUNT_WAYS; i++) {
		uint64_t word = atomic_load(&set->ways[i]);
		bool found = count_of(word) && word >> COUNT_BITS == hash >> COUNT_BITS;
		if (found)
			place.held += count_of(word);
		if ((found && !own) || (!place.at && !count_of(word))) {
			place.at = &set->ways[i];
			place.word = word;
			own = found;
		}
	}
	return place;
}

bool count_table_take(struct count_table *t, uint64_t hash, uint32_t most, count_word **held)
{
	/* Each turn after the first means that another thread was there too. */
	for (;;) {
		struct count_place place = count_find(t, hash);
		*held = place.at;
		if (place.held >= most)
			return false;
		if (!place.at) {
			atomic_fetch_add_explicit(&t->uncounted, 1, memory_order_relaxed);
			return true;
		}
		uint64_t word = (hash >> COUNT_BITS << COUNT_BITS) | (count_of(place.word) + 1);
		if (!atomic_compare_exchange_strong(place.at, &place.word, word))
			continue;
		if (count_find(t, hash).held <= most)
			return true;
		count_table_give(place.at);
	}
}

void count_table_give(count_word *held)
{
	if (held)
		atomic_fetch_sub(held, 1);
}

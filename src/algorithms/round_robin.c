/* round_robin: each server in turn, in one global order over all workers, because all of them draw from one counter.
 * The start is random, so that many balancers do not all begin with the first server. Where health or slow start leave
 * servers different shares, they are taken in an evenly mixed order by share. */
#include <lbd/algorithm.h>
#include <lbd/weighted.h>

#include <stdio.h>

enum { ROUND_ROBIN_DRAWS = 2 * LBD_TRIED_MAX };

struct round_robin {
	_Alignas(64) _Atomic uint64_t next;
};

static void *round_robin_create(const struct lbd_setup *setup, char *error, size_t error_size)
{
	struct round_robin *rr = aligned_alloc(64, sizeof *rr);
	if (rr)
		atomic_init(&rr->next, setup->seed >> 1); /* far from the end of the counter, where the order breaks */
	else
		snprintf(error, error_size, "out of memory");
	return rr;
}

static bool round_robin_equal(const struct lbd_set *set)
{
	for (uint32_t i = 1; i < set->count; i++)
		if (set->share[i] != set->share[0])
			return false;
	return true;
}

/* An empty table means equal shares. */
static void *round_robin_prepare(void *instance, const struct lbd_set *set, char *error, size_t error_size)
{
	struct lbd_weighted *table = calloc(1, sizeof *table);
	if (table && (round_robin_equal(set) || lbd_weighted_build(table, set->share, set->count)))
		return table;
	free(table);
	snprintf(error, error_size, "out of memory");
	return NULL;
}

static void round_robin_release(void *instance, void *table)
{
	lbd_weighted_end(table);
	free(table);
}

static uint32_t round_robin_pick(
	void *instance, const void *table, const struct lbd_set *set, const struct lbd_pick *pick)
{
	struct round_robin *rr = instance;
	const struct lbd_weighted *shares = table;
	bool peek = pick->flags & LBD_PEEK;
	uint64_t turn = peek ? atomic_load_explicit(&rr->next, memory_order_relaxed) : 0;
	uint32_t at = 0;
	/* A refusal takes a fresh turn: stepping to the neighbour instead would give the neighbour double. */
	for (uint32_t draw = 0; draw < ROUND_ROBIN_DRAWS; draw++, turn++) {
		if (!peek)
			turn = atomic_fetch_add_explicit(&rr->next, 1, memory_order_relaxed);
		at = (uint32_t)(shares->sum ? lbd_weighted_turn(shares, turn) : turn % set->count);
		if (lbd_may_take(set, pick, at))
			return at;
	}
	for (uint32_t step = 1; step <= set->count; step++) {
		uint32_t i = (uint32_t)(((uint64_t)at + step) % set->count);
		if (lbd_may_take(set, pick, i))
			return i;
	}
	return LBD_NONE;
}

const struct lbd_algorithm lbd_algorithm = {
	.abi_major = LBD_ABI_MAJOR,
	.abi_minor = LBD_ABI_MINOR,
	.struct_size = sizeof(struct lbd_algorithm),
	.name = "round_robin",
	.summary = "each server in turn, in one order over all workers",
	.create = round_robin_create,
	.destroy = free,
	.prepare = round_robin_prepare,
	.release = round_robin_release,
	.pick = round_robin_pick,
};

/* least_conn: the server with the fewest requests in flight for its weight; among equals the one that comes next behind
 * the last one taken. lbd reserves in_flight at the pick, so that simultaneous picks do not all see the same minimum.
 */
#include <lbd/algorithm.h>

#include <stdio.h>
#include <stdlib.h>

struct least_conn {
	_Alignas(64) _Atomic uint32_t last; /* index of the last pick, as a place to go on from among equals */
};

static void *least_conn_create(const struct lbd_setup *setup, char *error, size_t error_size)
{
	struct least_conn *lc = aligned_alloc(64, sizeof *lc);
	if (lc)
		atomic_init(&lc->last, LBD_NONE);
	else
		snprintf(error, error_size, "out of memory");
	return lc;
}

/* A set is read as it is; nothing has to be made from it. */
static void *least_conn_prepare(void *instance, const struct lbd_set *set, char *error, size_t error_size)
{
	return instance;
}

static void least_conn_release(void *instance, void *table)
{
}

/* One pass over the whole set. a/w < b/v is asked as a * v < b * w: no division. */
static uint32_t least_conn_scan(const struct lbd_set *set, const struct lbd_pick *pick, uint32_t last)
{
	uint32_t best = LBD_NONE;
	uint64_t best_load = 1, best_weight = 0; /* infinite */
	for (uint32_t i = 0; i < set->count; i++) {
		uint64_t load = atomic_load_explicit(&set->live[i]->in_flight, memory_order_relaxed);
		uint64_t mine = load * best_weight, theirs = best_load * set->weight[i];
		/* An equal one is taken when it is the first behind the last pick. */
		if (mine > theirs || (mine == theirs && !(best <= last && i > last)))
			continue;
		if (!lbd_may_take(set, pick, i))
			continue;
		best = i;
		best_load = load;
		best_weight = set->weight[i];
	}
	return best;
}

static uint32_t least_conn_pick(
	void *instance, const void *table, const struct lbd_set *set, const struct lbd_pick *pick)
{
	struct least_conn *lc = instance;
	uint32_t last = atomic_load_explicit(&lc->last, memory_order_relaxed);
	if (last >= set->count)
		last = set->count - 1;
	uint32_t best = least_conn_scan(set, pick, last);
	if (best != LBD_NONE && !(pick->flags & LBD_PEEK))
		atomic_store_explicit(&lc->last, best, memory_order_relaxed);
	return best;
}

const struct lbd_algorithm lbd_algorithm = {
	.abi_major = LBD_ABI_MAJOR,
	.abi_minor = LBD_ABI_MINOR,
	.struct_size = sizeof(struct lbd_algorithm),
	.capabilities = LBD_USES_WEIGHT,
	.name = "least_conn",
	.summary = "fewest requests in flight for its weight, equals in turn",
	.create = least_conn_create,
	.destroy = free,
	.prepare = least_conn_prepare,
	.release = least_conn_release,
	.pick = least_conn_pick,
};

/* p2c: two different servers are drawn by weight, and the one with fewer requests in flight for its weight is taken
 * (Mitzenmacher, "The power of two choices", 2001). A tie goes to the first draw, so that at equal load the shares are
 * exactly the weights. The second draw leaves the first server's positions out: exact, and without rejection. */
#include <lbd/algorithm.h>
#include <lbd/weighted.h>

#include <stdio.h>

enum { P2C_DRAWS = 8 };

static void *p2c_create(const struct lbd_setup *setup, char *error, size_t error_size)
{
	void *instance = malloc(1); /* no state; but NULL would be an error */
	if (!instance)
		snprintf(error, error_size, "out of memory");
	return instance;
}

static void *p2c_prepare(void *instance, const struct lbd_set *set, char *error, size_t error_size)
{
	struct lbd_weighted *table = malloc(sizeof *table);
	if (table && lbd_weighted_build(table, set->weight, set->count))
		return table;
	free(table);
	snprintf(error, error_size, "out of memory, or the weights add up to 2^32");
	return NULL;
}

static void p2c_release(void *instance, void *table)
{
	lbd_weighted_end(table);
	free(table);
}

static bool p2c_less(const struct lbd_set *set, uint32_t a, uint32_t b)
{
	uint64_t x = atomic_load_explicit(&set->live[a]->in_flight, memory_order_relaxed);
	uint64_t y = atomic_load_explicit(&set->live[b]->in_flight, memory_order_relaxed);
	return x * set->weight[b] < y * set->weight[a];
}

/* When draws keep meeting servers that cannot take it: any that can, from a random place on. */
static uint32_t p2c_scan(const struct lbd_set *set, const struct lbd_pick *pick, uint32_t random)
{
	uint64_t first = lbd_weighted_below(random, set->count);
	for (uint32_t step = 0; step < set->count; step++) {
		uint32_t i = (uint32_t)((first + step) % set->count);
		if (lbd_may_take(set, pick, i))
			return i;
	}
	return LBD_NONE;
}

static uint32_t p2c_pick(void *instance, const void *table, const struct lbd_set *set, const struct lbd_pick *pick)
{
	const struct lbd_weighted *t = table;
	uint64_t random = pick->random;
	for (int draw = 0; set->count > 1 && draw < P2C_DRAWS; draw++, random = lbd_weighted_mix(random)) {
		uint32_t a = lbd_weighted_owner(t, lbd_weighted_below((uint32_t)random, t->sum));
		uint64_t width = t->from[a + 1] - t->from[a];
		uint64_t position = lbd_weighted_below((uint32_t)(random >> 32), t->sum - width);
		uint32_t b = lbd_weighted_owner(t, position < t->from[a] ? position : position + width);
		bool a_may = lbd_may_take(set, pick, a), b_may = lbd_may_take(set, pick, b);
		if (a_may && b_may)
			return p2c_less(set, b, a) ? b : a;
		if (a_may || b_may)
			return a_may ? a : b;
	}
	return p2c_scan(set, pick, (uint32_t)random);
}

const struct lbd_algorithm lbd_algorithm = {
	.abi_major = LBD_ABI_MAJOR,
	.abi_minor = LBD_ABI_MINOR,
	.struct_size = sizeof(struct lbd_algorithm),
	.capabilities = LBD_USES_WEIGHT,
	.name = "p2c",
	.summary = "two drawn by weight, the less loaded one wins",
	.create = p2c_create,
	.destroy = free,
	.prepare = p2c_prepare,
	.release = p2c_release,
	.pick = p2c_pick,
};

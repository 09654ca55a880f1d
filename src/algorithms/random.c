/* random: drawn by weight, and nothing else. */
#include <lbd/algorithm.h>
#include <lbd/weighted.h>

#include <stdio.h>

enum { RANDOM_DRAWS = 16 };

static void *random_create(const struct lbd_setup *setup, char *error, size_t error_size)
{
	void *instance = malloc(1); /* no state; but NULL would be an error */
	if (!instance)
		snprintf(error, error_size, "out of memory");
	return instance;
}

static void *random_prepare(void *instance, const struct lbd_set *set, char *error, size_t error_size)
{
	struct lbd_weighted *table = malloc(sizeof *table);
	if (table && lbd_weighted_build(table, set->weight, set->count))
		return table;
	free(table);
	snprintf(error, error_size, "out of memory, or the weights add up to 2^32");
	return NULL;
}

static void random_release(void *instance, void *table)
{
	lbd_weighted_end(table);
	free(table);
}

static uint32_t random_pick(void *instance, const void *table, const struct lbd_set *set, const struct lbd_pick *pick)
{
	const struct lbd_weighted *t = table;
	uint64_t random = pick->random;
	for (int draw = 0; draw < RANDOM_DRAWS; draw++, random = lbd_weighted_mix(random)) {
		uint32_t i = lbd_weighted_owner(t, lbd_weighted_below((uint32_t)random, t->sum));
		if (lbd_may_take(set, pick, i))
			return i;
	}
	uint64_t first = lbd_weighted_below((uint32_t)random, set->count);
	for (uint32_t step = 0; step < set->count; step++) {
		uint32_t i = (uint32_t)((first + step) % set->count);
		if (lbd_may_take(set, pick, i))
			return i;
	}
	return LBD_NONE;
}

const struct lbd_algorithm lbd_algorithm = {
	.abi_major = LBD_ABI_MAJOR,
	.abi_minor = LBD_ABI_MINOR,
	.struct_size = sizeof(struct lbd_algorithm),
	.capabilities = LBD_USES_WEIGHT,
	.name = "random",
	.summary = "drawn by weight",
	.create = random_create,
	.destroy = free,
	.prepare = random_prepare,
	.release = random_release,
	.pick = random_pick,
};

/* spill: fills servers in the order of the configuration. The first one takes requests until it has `fill` of them in
 * flight, then the next one does, and so on; when all are that full, the least loaded one takes more.
 *
 * A complete plugin, built outside of lbd's tree:
 *
 *   cc -std=c11 -O2 -fPIC -shared -fvisibility=hidden -o spill.so spill.c
 *   lbd -L . -b 127.0.0.1:8080 -a spill 127.0.0.1:9001 127.0.0.1:9002
 */
#include <lbd/algorithm.h>

#include <stdio.h>
#include <stdlib.h>

struct spill {
	uint32_t fill;
};

static const struct lbd_option spill_options[] = {
	{"fill", "requests in flight on a server before the next one is used", 1, 1000000, 4},
	{NULL, NULL, 0, 0, 0},
};

static void *spill_create(const struct lbd_setup *setup, char *error, size_t error_size)
{
	struct spill *spill = malloc(sizeof *spill);
	if (!spill) {
		snprintf(error, error_size, "out of memory");
		return NULL;
	}
	spill->fill = (uint32_t)setup->option[0];
	return spill;
}

/* A set is read as it is, so the instance stands in for a table; NULL would mean an error. */
static void *spill_prepare(void *instance, const struct lbd_set *set, char *error, size_t error_size)
{
	return instance;
}

static void spill_release(void *instance, void *table)
{
}

static uint32_t spill_pick(void *instance, const void *table, const struct lbd_set *set, const struct lbd_pick *pick)
{
	const struct spill *spill = instance;
	uint32_t least = LBD_NONE, least_load = UINT32_MAX;
	for (uint32_t i = 0; i < set->count; i++) {
		uint32_t load = atomic_load_explicit(&set->live[i]->in_flight, memory_order_relaxed);
		if (load >= least_load || !lbd_may_take(set, pick, i))
			continue;
		if (load < spill->fill)
			return i;
		least = i;
		least_load = load;
	}
	return least;
}

const struct lbd_algorithm lbd_algorithm = {
	.abi_major = LBD_ABI_MAJOR,
	.abi_minor = LBD_ABI_MINOR,
	.struct_size = sizeof(struct lbd_algorithm),
	.name = "spill",
	.summary = "fills servers one after the other",
	.options = spill_options,
	.create = spill_create,
	.destroy = free,
	.prepare = spill_prepare,
	.release = spill_release,
	.pick = spill_pick,
};

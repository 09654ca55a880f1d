/* first: the first server in the order of the configuration that has a free slot, so that the last ones can rest. */
#include <lbd/algorithm.h>

#include <stdio.h>
#include <stdlib.h>

static void *first_create(const struct lbd_setup *setup, char *error, size_t error_size)
{
	void *instance = malloc(1); /* no state; but NULL would be an error */
	if (!instance)
		snprintf(error, error_size, "out of memory");
	return instance;
}

static void *first_prepare(void *instance, const struct lbd_set *set, char *error, size_t error_size)
{
	return instance;
}

static void first_release(void *instance, void *table)
{
}

static uint32_t first_pick(void *instance, const void *table, const struct lbd_set *set, const struct lbd_pick *pick)
{
	for (uint32_t i = 0; i < set->count; i++)
		if (lbd_may_take(set, pick, i))
			return i;
	return LBD_NONE;
}

const struct lbd_algorithm lbd_algorithm = {
	.abi_major = LBD_ABI_MAJOR,
	.abi_minor = LBD_ABI_MINOR,
	.struct_size = sizeof(struct lbd_algorithm),
	.capabilities = LBD_NEEDS_SLOTS,
	.name = "first",
	.summary = "the first one that has a free slot; needs maxconn",
	.create = first_create,
	.destroy = free,
	.prepare = first_prepare,
	.release = first_release,
	.pick = first_pick,
};

/* For the key 1 its server is closed just as a place is taken, and open again when it is asked for another one: what a
 * change by control looks like to a worker in the middle of a pick. */
#include "plugin_base.h"

static uint32_t flicker_pick(void *instance, const void *table, const struct lbd_set *set, const struct lbd_pick *pick)
{
	struct lbd_live *live = (struct lbd_live *)(uintptr_t)set->live[0];
	if (pick->key == 1)
		atomic_store(&live->closed, pick->tried_count == 0);
	return lbd_may_take(set, pick, 0) || (pick->key == 1 && !pick->tried_count) ? 0 : LBD_NONE;
}

const struct lbd_algorithm lbd_algorithm = {
	.abi_major = LBD_ABI_MAJOR,
	.abi_minor = LBD_ABI_MINOR,
	.struct_size = sizeof(struct lbd_algorithm),
	.name = "flicker",
	.create = base_create,
	.destroy = free,
	.prepare = base_prepare,
	.release = base_release,
	.pick = flicker_pick,
};

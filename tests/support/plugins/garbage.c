/* Names servers that do not exist, and ignores which were tried. */
#include "plugin_base.h"

static uint32_t garbage_pick(void *instance, const void *table, const struct lbd_set *set, const struct lbd_pick *pick)
{
	return pick->random % 2 ? set->count + (uint32_t)(pick->random % 1000) : 0;
}

const struct lbd_algorithm lbd_algorithm = {
	.abi_major = LBD_ABI_MAJOR,
	.abi_minor = LBD_ABI_MINOR,
	.struct_size = sizeof(struct lbd_algorithm),
	.name = "garbage",
	.create = base_create,
	.destroy = free,
	.prepare = base_prepare,
	.release = base_release,
	.pick = garbage_pick,
};

/* Cannot prepare for a set of more than two servers. */
#include "plugin_base.h"

static void *refuses_prepare(void *instance, const struct lbd_set *set, char *error, size_t error_size)
{
	if (set->count <= 2)
		return instance;
	snprintf(error, error_size, "%u are too many", set->count);
	return NULL;
}

const struct lbd_algorithm lbd_algorithm = {
	.abi_major = LBD_ABI_MAJOR,
	.abi_minor = LBD_ABI_MINOR,
	.struct_size = sizeof(struct lbd_algorithm),
	.name = "refuses",
	.create = base_create,
	.destroy = free,
	.prepare = refuses_prepare,
	.release = base_release,
	.pick = base_pick,
};

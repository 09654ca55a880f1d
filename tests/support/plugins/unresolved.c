#include "plugin_base.h"

/* Nobody has it: found out at the load, not at the first request. */
void lbd_nobody_has_this(void);

static void unresolved_destroy(void *instance)
{
	lbd_nobody_has_this();
}

const struct lbd_algorithm lbd_algorithm = {
	.abi_major = LBD_ABI_MAJOR,
	.abi_minor = LBD_ABI_MINOR,
	.struct_size = sizeof(struct lbd_algorithm),
	.name = "unresolved",
	.create = base_create,
	.destroy = unresolved_destroy,
	.prepare = base_prepare,
	.release = base_release,
	.pick = base_pick,
};

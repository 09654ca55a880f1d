#include "plugin_base.h"

const struct lbd_algorithm lbd_algorithm = {
	.abi_major = LBD_ABI_MAJOR,
	.abi_minor = LBD_ABI_MINOR,
	.struct_size = sizeof(struct lbd_algorithm),
	.name = "another",
	.create = base_create,
	.destroy = free,
	.prepare = base_prepare,
	.release = base_release,
	.pick = base_pick,
};

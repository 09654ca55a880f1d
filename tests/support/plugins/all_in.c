/* Uses everything that the ABI offers: options, the total with the bound, feedback into the cell, describe. */
#include "plugin_base.h"

static const struct lbd_option all_in_options[] = {
	{"points", "how many points", 1, 1000, 160},
	{"step", "how far", -5, 5, -2},
	{NULL, NULL, 0, 0, 0},
};

static void *all_in_create(const struct lbd_setup *setup, char *error, size_t error_size)
{
	int64_t *option = malloc(2 * sizeof *option);
	if (!option || setup->option_count != 2) {
		snprintf(error, error_size, "%u options", setup->option_count);
		free(option);
		return NULL;
	}
	option[0] = setup->option[0];
	option[1] = setup->option[1];
	return option;
}

/* Counts outcomes in the first word and sums the time in the second. */
static void all_in_feedback(void *instance, struct lbd_cell *cell, const struct lbd_result *result)
{
	atomic_fetch_add(&cell->word[0], result->outcome == LBD_FAILURE ? 1000 : 1);
	atomic_fetch_add(&cell->word[1], result->first_byte_us);
}

static size_t all_in_describe(void *instance, const void *table, char *out, size_t out_size)
{
	const int64_t *option = instance;
	int n = snprintf(out, out_size, "%lld %lld", (long long)option[0], (long long)option[1]);
	return n < 0 ? 0 : (size_t)n;
}

const struct lbd_algorithm lbd_algorithm = {
	.abi_major = LBD_ABI_MAJOR,
	.abi_minor = LBD_ABI_MINOR,
	.struct_size = sizeof(struct lbd_algorithm),
	.capabilities = LBD_USES_TOTAL | LBD_WANTS_FEEDBACK,
	.name = "all_in",
	.summary = "for tests",
	.options = all_in_options,
	.create = all_in_create,
	.destroy = free,
	.prepare = base_prepare,
	.release = base_release,
	.pick = base_pick,
	.feedback = all_in_feedback,
	.describe = all_in_describe,
};

/* canary: an algorithm outside of lbd's tree. The last server of the backend gets a fixed percentage of the requests,
 * the others share the rest evenly at random. `make` builds canary.so; then
 *   lbd -L examples/algorithm ...   with   algorithm = "canary";
 */
#include <lbd/algorithm.h>

#include <stdio.h>
#include <stdlib.h>

struct canary {
	uint64_t percent;
};

static const struct lbd_option canary_options[] = {
	{"percent", "of the requests go to the last server", 0, 100, 10},
	{NULL, NULL, 0, 0, 0},
};

static void *canary_create(const struct lbd_setup *setup, char *error, size_t error_size)
{
	struct canary *canary = malloc(sizeof *canary);
	if (canary == NULL) {
		snprintf(error, error_size, "out of memory");
		return NULL;
	}
	canary->percent = (uint64_t)setup->option[0];
	return canary;
}

/* Nothing is computed for a set: the set itself is enough to pick from. */
static void *canary_prepare(void *instance, const struct lbd_set *set, char *error, size_t error_size)
{
	(void)set, (void)error, (void)error_size;
	return instance;
}

static void canary_release(void *instance, void *table)
{
	(void)instance, (void)table;
}

static uint32_t canary_pick(void *instance, const void *table, const struct lbd_set *set, const struct lbd_pick *pick)
{
	const struct canary *canary = instance;
	(void)table;
	uint32_t last = set->count - 1;
	/* Two independent draws out of one random number: its upper and its lower half. */
	bool to_canary = (pick->random >> 32) % 100 < canary->percent;
	uint32_t start = to_canary || last == 0 ? last : (uint32_t)pick->random % last;
	for (uint32_t n = 0; n < set->count; n++) {
		uint32_t i = (start + n) % set->count;
		if (lbd_may_take(set, pick, i))
			return i;
	}
	return LBD_NONE;
}

const struct lbd_algorithm lbd_algorithm = {
	.abi_major = LBD_ABI_MAJOR,
	.abi_minor = LBD_ABI_MINOR,
	.struct_size = sizeof(struct lbd_algorithm),
	.name = "canary",
	.summary = "a fixed percentage goes to the last server",
	.options = canary_options,
	.create = canary_create,
	.destroy = free,
	.prepare = canary_prepare,
	.release = canary_release,
	.pick = canary_pick,
};

/* The names of one configuration: which group holds which, to find the second one in constant time. One thread. */
#ifndef LBD_CONFIG_NAMES_H
#define LBD_CONFIG_NAMES_H

#include "base/text.h"

struct config_name {
	uint32_t group; /* a number of its own for each group; 0: this slot is free */
	uint32_t line;  /* the caller's mark of where it stands */
	uint32_t length;
	size_t offset; /* in bytes */
};

struct config_names {
	struct text bytes; /* every distinct name of each group, each ending in NUL; the first one is empty */
	struct config_name *slots;
	uint32_t count, capacity; /* capacity: a power of two */
};

/* Adds a name, or finds it when the group has it already (then its line is not the one given). NULL: memory is out.
 * Valid until the next call. */
const struct config_name *config_names_add(
	struct config_names *n, uint32_t group, struct str name, uint32_t line) LBD_MUST_CHECK;
void config_names_free(struct config_names *n);

#endif

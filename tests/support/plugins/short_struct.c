/* Says that it is larger than what was exported. */
#include <stdint.h>

struct half {
	uint32_t abi_major, abi_minor, struct_size, capabilities;
	const char *name;
};

extern const struct half lbd_algorithm __attribute__((visibility("default")));
const struct half lbd_algorithm = {1, 0, 4096, 0, "short_struct"};

/* Of another major; everything behind the four fixed words is nonsense, as it may be in a later layout. */
#include <stdint.h>

struct other {
	uint32_t abi_major, abi_minor, struct_size, capabilities;
	uint64_t nonsense[4];
};

extern const struct other lbd_algorithm __attribute__((visibility("default")));
const struct other lbd_algorithm = {99, 0, sizeof(struct other), 0, {1, 2, 3, 4}};

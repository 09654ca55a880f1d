/* The key decoder: any bytes; a byte gives at most one key, and a timeout always leads back to the ground state. */
#include <stdint.h>
#include <stdlib.h>

#include "term/keys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct keys keys;

	keys_init(&keys);
	for (size_t i = 0; i < size; i++) {
		uint32_t key = keys_push(&keys, data[i]);
		uint32_t plain = key & ~(uint32_t)TK_PASTED;
		if (plain > TK_F0 + 24 || (plain >= 0xD800 && plain <= 0xDFFF))
			abort();
		if (data[i] % 16 == 5)
			keys_timeout(&keys);
	}
	keys_timeout(&keys);
	if (keys_pending(&keys))
		abort();
	return 0;
}

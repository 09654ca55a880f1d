#include "backend/hash_key.h"

#include <xxhash.h>

/* Changing it moves every key of every consistent hash: never. */
#define HASH_KEY_SEED 0x6c62642d6b657931u

uint64_t hash_key(struct str key)
{
	return XXH3_64bits_withSeed(key.n ? key.p : "", key.n, HASH_KEY_SEED);
}

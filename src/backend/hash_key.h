/* The one hash of keys and server identities: XXH3 with a fixed seed, so that every machine and every version agrees.
 * Any thread. */
#ifndef LBD_BACKEND_HASH_KEY_H
#define LBD_BACKEND_HASH_KEY_H

#include "base/str.h"

uint64_t hash_key(struct str key);

#endif

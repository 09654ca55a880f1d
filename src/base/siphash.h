/* SipHash-2-4 (Aumasson and Bernstein, "SipHash: a fast short-input PRF", INDOCRYPT 2012): without the key, nobody can
 * choose inputs that collide, or learn which ones do. Pure; any thread. */
#ifndef LBD_BASE_SIPHASH_H
#define LBD_BASE_SIPHASH_H

#include "base/str.h"

struct siphash_key {
	uint64_t k0, k1;
};

uint64_t siphash(const struct siphash_key *key, struct str input);
/* A key that nobody knows, from the kernel. False: it gives none. May block early at boot: control only. */
bool siphash_make_key(struct siphash_key *key) LBD_MUST_CHECK;

#endif

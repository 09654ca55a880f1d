/* A small seeded generator, one for each worker. SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): every 64-bit state is a
 * good seed. Not for secrets. */
#ifndef LBD_BASE_RANDOM_H
#define LBD_BASE_RANDOM_H

#include <stdint.h>

struct random {
	uint64_t state;
};

static inline uint64_t random_next(struct random *r)
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15u;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

#endif

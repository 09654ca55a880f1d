/* Fixed-size objects with a free list, for one worker. Slabs go back to malloc when the pool ends, or is trimmed. In
 * sanitizer builds every object is its own malloc, so that a use after release is seen. */
#ifndef LBD_BASE_POOL_H
#define LBD_BASE_POOL_H

#include "base/attributes.h"

#include <stddef.h>

struct pool_slab;

struct pool {
	size_t size;     /* of one object, bytes */
	size_t per_slab; /* objects */
	void *free;      /* first of the free list */
	struct pool_slab *slabs;
	size_t used, held; /* objects given out; objects that exist */
};

void pool_init(struct pool *p, size_t size, size_t per_slab);
/* Aligned to a cache line when size is a multiple of one, else for any type. Not cleared. NULL when memory is out. */
void *pool_get(struct pool *p) LBD_MUST_CHECK;
void pool_put(struct pool *p, void *object);
/* Gives back the slabs of which no object is in use, when they are many. Takes a while: a look at each free object. */
void pool_trim(struct pool *p);
/* All objects must have been put back. */
void pool_end(struct pool *p);

#endif

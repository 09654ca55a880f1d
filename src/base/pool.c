#include "config.h"

#include "base/pool.h"

#include "base/invariant.h"

#include <stdbool.h>
#include <stdlib.h>

struct pool_slab {
	struct pool_slab *next;
	_Alignas(LBD_CACHE_LINE) char data[];
};

void pool_init(struct pool *p, size_t size, size_t per_slab)
{
	if (size < sizeof(void *))
		size = sizeof(void *);
	*p = (struct pool){.size = (size + 15) & ~(size_t)15, .per_slab = per_slab};
}

#ifdef LBD_SANITIZED

void *pool_get(struct pool *p)
{
	size_t align = p->size % LBD_CACHE_LINE ? 16 : LBD_CACHE_LINE;
	void *object = aligned_alloc(align, p->size);
	if (object)
		p->used++;
	return object;
}

void pool_put(struct pool *p, void *object)
{
	p->used--;
	free(object);
}

#else

static bool pool_grow(struct pool *p)
{
	size_t bytes = sizeof(struct pool_slab) + p->size * p->per_slab;
	struct pool_slab *slab =
		aligned_alloc(LBD_CACHE_LINE, (bytes + LBD_CACHE_LINE - 1) & ~(size_t)(LBD_CACHE_LINE - 1));
	if (!slab)
		return false;
	slab->next = p->slabs;
	p->slabs = slab;
	p->held += p->per_slab;
	/* Threaded from the end, so that the first object given out is the first in memory. */
	for (size_t i = p->per_slab; i-- > 0;) {
		void **object = (void **)(void *)(slab->data + i * p->size);
		*object = p->free;
		p->free = object;
	}
	return true;
}

void *pool_get(struct pool *p)
{
	if (!p->free && !pool_grow(p))
		return NULL;
	void **object = p->free;
	p->free = *object;
	p->used++;
	return object;
}

void pool_put(struct pool *p, void *object)
{
	*(void **)object = p->free;
	p->free = object;
	p->used--;
}

#endif

void pool_end(struct pool *p)
{
	LBD_INVARIANT(p->used == 0);
	for (struct pool_slab *slab = p->slabs, *next; slab; slab = next) {
		next = slab->next;
		free(slab);
	}
	*p = (struct pool){0};
}

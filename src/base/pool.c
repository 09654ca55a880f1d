#include "config.h"

#include "base/pool.h"

#include "base/invariant.h"

#include <stdbool.h>
#include <stdint.h>
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

/* Fewer than this are soon needed again. */
enum { POOL_TRIM_SLABS = 8 };

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

void pool_trim(struct pool *p)
{
	/* nothing is kept */
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

/* A slab and how many of its objects are free. */
struct pool_share {
	struct pool_slab *slab;
	size_t free;
};

static int pool_share_compare(const void *a, const void *b)
{
	uintptr_t x = (uintptr_t)((const struct pool_share *)a)->slab, y = (uintptr_t)((const struct pool_share *)b)->slab;
	return x < y ? -1 : x > y;
}

/* The last one that begins before the object. */
static struct pool_share *pool_share_of(struct pool_share *shares, size_t count, const void *object)
{
	size_t low = 0;
	while (count > 1) {
		size_t half = count / 2;
		if ((uintptr_t)shares[low + half].slab <= (uintptr_t)object)
			low += half;
		count -= half;
	}
	return &shares[low];
}

static void pool_drop_free(struct pool *p, struct pool_share *shares, size_t count)
{
	void **end = &p->free;
	for (void *object = p->free; object; object = *(void **)object)
		pool_share_of(shares, count, object)->free++;
	for (void *object = p->free; object; object = *(void **)object) {
		if (pool_share_of(shares, count, object)->free == p->per_slab)
			continue;
		*end = object;
		end = object;
	}
	*end = NULL;
}

void pool_trim(struct pool *p)
{
	size_t count = p->held / p->per_slab, i = 0;
	if (p->held - p->used < POOL_TRIM_SLABS * p->per_slab)
		return;
	struct pool_share *shares = calloc(count, sizeof *shares);
	if (!shares)
		return;
	for (struct pool_slab *slab = p->slabs; slab; slab = slab->next)
		shares[i++].slab = slab;
	qsort(shares, count, sizeof *shares, pool_share_compare);
	pool_drop_free(p, shares, count);
	p->slabs = NULL;
	for (i = 0; i < count; i++) {
		if (shares[i].free < p->per_slab) {
			shares[i].slab->next = p->slabs;
			p->slabs = shares[i].slab;
			continue;
		}
		free(shares[i].slab);
		p->held -= p->per_slab;
	}
	free(shares);
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

/* Memory that ends together: one arena for each exchange or each configuration. Chunks come from malloc; the first one
 * may be given by the caller. One thread at a time. */
#ifndef LBD_BASE_ARENA_H
#define LBD_BASE_ARENA_H

#include "base/attributes.h"
#include "base/str.h"

struct arena_chunk;

struct arena {
	struct arena_chunk *chunks; /* from malloc, newest first */
	char *at, *end;             /* free part of the current chunk */
	char *first;                /* the caller's memory, may be NULL */
	size_t first_size;
};

/* Uses memory[0..size) before anything is allocated; it stays the caller's. memory may be NULL. */
void arena_init(struct arena *a, void *memory, size_t size);
/* Aligned for any type; NULL when memory is out. The bytes are not cleared. */
void *arena_alloc(struct arena *a, size_t size) LBD_MUST_CHECK;
/* The same, cleared, for count elements; NULL on overflow too. */
void *arena_zero(struct arena *a, size_t count, size_t size) LBD_MUST_CHECK;
/* A copy of s ending in NUL; NULL when memory is out. */
char *arena_copy(struct arena *a, struct str s) LBD_MUST_CHECK;
/* Formats into the arena; NULL when memory is out. */
char *arena_format(struct arena *a, const char *format, ...) LBD_PRINTF(2, 3) LBD_MUST_CHECK;
/* Frees everything and starts anew with the caller's memory. */
void arena_reset(struct arena *a);

#endif

/* A byte queue in one piece of memory, attached only while it holds something. Storage is a power-of-two block from
 * malloc; freed as soon as the queue is empty. Owned by one thread. */
#ifndef LBD_BASE_BUFFER_H
#define LBD_BASE_BUFFER_H

#include "base/attributes.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

struct buffer {
	char *data; /* NULL while nothing is attached */
	uint32_t start, end, capacity;
};

static inline size_t buffer_used(const struct buffer *b)
{
	return b->end - b->start;
}

static inline char *buffer_bytes(const struct buffer *b)
{
	return b->data + b->start;
}

/* Room for n more bytes behind the last one; NULL when memory is out or above 1 GiB. What is there may move. */
char *buffer_reserve(struct buffer *b, size_t n) LBD_MUST_CHECK;
/* n bytes were written into the reserved room. */
static inline void buffer_commit(struct buffer *b, size_t n)
{
	b->end += (uint32_t)n;
}

/* The first n bytes are done. Frees the memory when nothing is left. */
void buffer_consume(struct buffer *b, size_t n);
/* Most that are freed have nothing. */
static inline void buffer_free(struct buffer *b)
{
	if (!b->data)
		return;
	free(b->data);
	*b = (struct buffer){0};
}

#endif

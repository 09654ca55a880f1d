#include "base/buffer.h"

#include "base/invariant.h"

#include <stdlib.h>
#include <string.h>

enum { BUFFER_SMALLEST = 512, BUFFER_LARGEST = 1 << 30 };

char *buffer_reserve(struct buffer *b, size_t n)
{
	size_t used = buffer_used(b);
	if (b->data && b->capacity - b->end >= n)
		return b->data + b->end;
	if (n > BUFFER_LARGEST || used + n > BUFFER_LARGEST)
		return NULL;
	/* Moving costs what is there, so it must make room for as much again; else a queue that is nearly full would be
	 * moved for every few bytes. */
	if (b->data && used + n <= b->capacity / 2) {
		memmove(b->data, b->data + b->start, used);
	} else {
		size_t capacity = BUFFER_SMALLEST;
		while (capacity < used + n || capacity / 2 < used)
			capacity *= 2;
		char *data = malloc(capacity);
		if (!data)
			return NULL;
		if (used)
			memcpy(data, b->data + b->start, used);
		free(b->data);
		b->data = data;
		b->capacity = (uint32_t)capacity;
	}
	b->start = 0;
	b->end = (uint32_t)used;
	return b->data + used;
}

void buffer_consume(struct buffer *b, size_t n)
{
	LBD_INVARIANT(n <= buffer_used(b));
	b->start += (uint32_t)n;
	if (b->start == b->end)
		buffer_free(b);
}

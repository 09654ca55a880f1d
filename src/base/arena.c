#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { ARENA_CHUNK = 4096, ARENA_ALIGN = 16 };

struct arena_chunk {
	struct arena_chunk *next;
	_Alignas(ARENA_ALIGN) char data[];
};

void arena_init(struct arena *a, void *memory, size_t size)
{
	*a = (struct arena){
		.at = memory, .end = memory ? (char *)memory + size : NULL, .first = memory, .first_size = size};
}

static bool arena_grow(struct arena *a, size_t size)
{
	if (size > PTRDIFF_MAX - ARENA_CHUNK)
		return false;
	size_t room = size + ARENA_ALIGN > ARENA_CHUNK ? size + ARENA_ALIGN : ARENA_CHUNK;
	struct arena_chunk *chunk = malloc(sizeof *chunk + room);
	if (!chunk)
		return false;
	chunk->next = a->chunks;
	a->chunks = chunk;
	a->at = chunk->data;
	a->end = chunk->data + room;
	return true;
}

void *arena_alloc(struct arena *a, size_t size)
{
	size_t pad = a->at ? -(uintptr_t)a->at % ARENA_ALIGN : 0;
	if (!a->at || (size_t)(a->end - a->at) < pad || (size_t)(a->end - a->at) - pad < size) {
		if (!arena_grow(a, size))
			return NULL;
		pad = 0;
	}
	void *p = a->at + pad;
	a->at += pad + size;
	return p;
}

void *arena_zero(struct arena *a, size_t count, size_t size)
{
	size_t total;
	if (__builtin_mul_overflow(count, size, &total))
		return NULL;
	void *p = arena_alloc(a, total);
	return p ? memset(p, 0, total) : NULL;
}

char *arena_copy(struct arena *a, struct str s)
{
	char *p = arena_alloc(a, s.n + 1);
	if (!p)
		return NULL;
	if (s.n)
		memcpy(p, s.p, s.n);
	p[s.n] = '\0';
	return p;
}

char *arena_format(struct arena *a, const char *format, ...)
{
	va_list args, again;
	va_start(args, format);
	va_copy(again, args);
	int n = vsnprintf(NULL, 0, format, args);
	char *p = n < 0 ? NULL : arena_alloc(a, (size_t)n + 1);
	if (p)
		vsnprintf(p, (size_t)n + 1, format, again);
	va_end(again);
	va_end(args);
	return p;
}

void arena_reset(struct arena *a)
{
	for (struct arena_chunk *chunk = a->chunks, *next; chunk; chunk = next) {
		next = chunk->next;
		free(chunk);
	}
	arena_init(a, a->first, a->first_size);
}

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

char *text_reserve(struct text *t, size_t n)
{
	if (t->failed)
		return NULL;
	if (t->capacity - t->n < n) {
		size_t capacity = t->capacity ? t->capacity : 256;
		while (capacity - t->n < n && capacity <= SIZE_MAX / 2)
			capacity *= 2;
		char *data = capacity - t->n < n ? NULL : realloc(t->data, capacity);
		if (!data) {
			t->failed = true;
			return NULL;
		}
		t->data = data;
		t->capacity = capacity;
	}
	return t->data + t->n;
}

void text_add(struct text *t, struct str s)
{
	char *at = s.n ? text_reserve(t, s.n) : NULL;
	if (!at)
		return;
	memcpy(at, s.p, s.n);
	t->n += s.n;
}

void text_add_c(struct text *t, const char *c)
{
	text_add(t, str_of(c));
}

void text_add_char(struct text *t, char c)
{
	text_add(t, str_make(&c, 1));
}

void text_add_u64(struct text *t, uint64_t value)
{
	char digits[20];
	size_t i = sizeof digits;
	do
		digits[--i] = (char)('0' + value % 10);
	while (value /= 10);
	text_add(t, str_make(digits + i, sizeof digits - i));
}

void text_format(struct text *t, const char *format, ...)
{
	va_list args, again;
	va_start(args, format);
	va_copy(again, args);
	int n = vsnprintf(NULL, 0, format, args);
	char *at = n < 0 ? NULL : text_reserve(t, (size_t)n + 1);
	if (at) {
		vsnprintf(at, (size_t)n + 1, format, again);
		t->n += (size_t)n;
	}
	va_end(again);
	va_end(args);
}

void text_clear(struct text *t)
{
	t->n = 0;
	t->failed = false;
}

void text_free(struct text *t)
{
	free(t->data);
	*t = (struct text){0};
}

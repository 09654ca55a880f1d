/* A growing piece of text: answers of the stats socket, log lines, documents. A failed allocation is remembered and all
 * later additions do nothing, so that one check at the end is enough. One thread. */
#ifndef LBD_BASE_TEXT_H
#define LBD_BASE_TEXT_H

#include "base/attributes.h"
#include "base/str.h"

struct text {
	char *data; /* owned; not terminated */
	size_t n, capacity;
	bool failed;
};

void text_add(struct text *t, struct str s);
void text_add_c(struct text *t, const char *c);
void text_add_char(struct text *t, char c);
void text_add_u64(struct text *t, uint64_t value);
void text_format(struct text *t, const char *format, ...) LBD_PRINTF(2, 3);
/* The next n bytes to write into; NULL when memory is out. text->n grows by what the caller adds to it. */
char *text_reserve(struct text *t, size_t n) LBD_MUST_CHECK;
/* Keeps the memory. */
void text_clear(struct text *t);
void text_free(struct text *t);

static inline struct str text_str(const struct text *t)
{
	return str_make(t->data, t->n);
}

#endif

/* String views: a pointer and a length into bytes that somebody else owns. Not terminated by NUL, may hold any byte. */
#ifndef LBD_BASE_STR_H
#define LBD_BASE_STR_H

#include "base/attributes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
	const char *p;
	size_t n;
};

/* A view of a C string; the compiler folds the length of a literal. */
static inline struct str str_of(const char *c)
{
	return (struct str){c, strlen(c)};
}

static inline struct str str_make(const char *p, size_t n)
{
	return (struct str){p, n};
}

static inline bool str_equal(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* Equal but for the case of ASCII letters. */
bool str_equal_nocase(struct str a, struct str b);
/* The same, and with '_' for '-': names of fields, as servers see them that make variables of them. */
bool str_equal_folded(struct str a, struct str b);
bool str_starts_with(struct str s, struct str prefix);
/* Without the spaces and tabs at both ends (OWS of RFC 9110 5.6.3). */
struct str str_trim(struct str s);
/* Cuts the next element off a comma-separated list, trimmed; false at the end. Empty elements are returned too. */
bool str_next_element(struct str *list, struct str *element);
/* Decimal digits only, at least one, no sign and no blank; false when it is not that, or above max. */
bool str_to_u64(struct str s, uint64_t max, uint64_t *out) LBD_MUST_CHECK;

/* Lower case of one ASCII letter, other bytes unchanged. */
static inline unsigned char str_lower(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? (unsigned char)(c | 0x20) : c;
}

#endif

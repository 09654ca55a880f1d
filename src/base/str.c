#include "base/str.h"

bool str_equal_nocase(struct str a, struct str b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (str_lower((unsigned char)a.p[i]) != str_lower((unsigned char)b.p[i]))
			return false;
	return true;
}

static unsigned char str_fold(char c)
{
	return c == '_' ? '-' : str_lower((unsigned char)c);
}

bool str_equal_folded(struct str a, struct str b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (str_fold(a.p[i]) != str_fold(b.p[i]))
			return false;
	return true;
}

bool str_starts_with(struct str s, struct str prefix)
{
	return s.n >= prefix.n && (prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0);
}

struct str str_trim(struct str s)
{
	while (s.n && (s.p[0] == ' ' || s.p[0] == '\t'))
		s.p++, s.n--;
	while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
		s.n--;
	return s;
}

bool str_next_element(struct str *list, struct str *element)
{
	if (!list->p)
		return false;
	const char *comma = list->n ? memchr(list->p, ',', list->n) : NULL;
	size_t n = comma ? (size_t)(comma - list->p) : list->n;
	*element = str_trim(str_make(list->p, n));
	*list = comma ? str_make(comma + 1, list->n - n - 1) : str_make(NULL, 0);
	return true;
}

bool str_to_u64(struct str s, uint64_t max, uint64_t *out)
{
	uint64_t value = 0;
	if (!s.n)
		return false;
	/* Up to 19 digits fit, whatever they are. */
	if (s.n < 20) {
		for (size_t i = 0; i < s.n; i++) {
			unsigned digit = (unsigned)(unsigned char)s.p[i] - '0';
			if (digit > 9)
				return false;
			value = value * 10 + digit;
		}
		if (value > max)
			return false;
		*out = value;
		return true;
	}
	for (size_t i = 0; i < s.n; i++) {
		unsigned digit = (unsigned)(unsigned char)s.p[i] - '0';
		if (digit > 9 || digit > max || value > (max - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*out = value;
	return true;
}

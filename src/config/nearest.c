/* What was probably meant: the nearest known name by edit distance, where swapping two neighbours counts as one edit
 * (optimal string alignment; Damerau, CACM 7(3), 1964). */
#include "config.h"

#include "config/options.h"

enum { NEAREST_LENGTH = 64 };

static unsigned nearest_min(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static unsigned nearest_distance(const char *a, size_t n, const char *b, size_t m)
{
	unsigned rows[3][NEAREST_LENGTH + 1];
	unsigned *before = rows[0], *last = rows[1], *row = rows[2];
	for (size_t j = 0; j <= m; j++)
		last[j] = (unsigned)j;
	for (size_t i = 1; i <= n; i++) {
		row[0] = (unsigned)i;
		for (size_t j = 1; j <= m; j++) {
			unsigned change = last[j - 1] + (a[i - 1] != b[j - 1]);
			row[j] = nearest_min(change, nearest_min(last[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = nearest_min(row[j], before[j - 2] + 1);
		}
		unsigned *oldest = before;
		before = last;
		last = row;
		row = oldest;
	}
	return last[m];
}

void config_nearest_try(struct config_nearest *best, const char *written, const char *candidate)
{
	size_t n = strnlen(written, NEAREST_LENGTH + 1), m = strnlen(candidate, NEAREST_LENGTH + 1);
	if (n > NEAREST_LENGTH || m > NEAREST_LENGTH)
		return;
	unsigned distance = nearest_distance(written, n, candidate, m);
	size_t shorter = n < m ? n : m;
	if (distance <= 1 + shorter / 4 && distance < shorter && (!best->name || distance < best->distance))
		*best = (struct config_nearest){candidate, distance};
}

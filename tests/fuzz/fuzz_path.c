/* Fuzz target: any path. Its normal form is one that nothing could be read into: its own normal form, never longer,
 * without a segment "." or "..", without "//" and '\', made of bytes that a path may hold where the path was. */
#include "http/path.h"

#include "http/bytes.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void fuzz_fail(const char *what)
{
	fprintf(stderr, "%s\n", what);
	abort();
}

static bool fuzz_has(struct str path, const char *word)
{
	return memmem(path.p, path.n, word, strlen(word)) != NULL;
}

static bool fuzz_ends(struct str path, const char *word)
{
	size_t n = strlen(word);
	return path.n >= n && memcmp(path.p + path.n - n, word, n) == 0;
}

static void fuzz_check(struct str path, struct str normal)
{
	if (!normal.n || normal.n > path.n || normal.p[0] != '/')
		fuzz_fail("longer, or no path");
	if (fuzz_has(normal, "/./") || fuzz_has(normal, "/../") || fuzz_ends(normal, "/.") || fuzz_ends(normal, "/.."))
		fuzz_fail("a dot segment");
	if (fuzz_has(normal, "//") || fuzz_has(normal, "\\"))
		fuzz_fail("slashes");
	bool was_target = http_find_target_end(path.p, path.p + path.n) == path.p + path.n;
	if (was_target && http_find_target_end(normal.p, normal.p + normal.n) != normal.p + normal.n)
		fuzz_fail("a byte that no target holds");
	if (!memchr(path.p, '?', path.n) && memchr(normal.p, '?', normal.n))
		fuzz_fail("a query");
	if (http_path_is_strict(path) && !http_path_is_strict(normal))
		fuzz_fail("a sequence that was not there");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str path = str_make((const char *)data, n), normal, again;
	char *room = malloc(n + 1), *second = malloc(n + 1);
	if (!room || !second)
		fuzz_fail("out of memory");
	if (http_path_normalize(path, room, &normal) == HTTP_ERROR_NONE) {
		fuzz_check(path, normal);
		if (http_path_normalize(normal, second, &again) != HTTP_ERROR_NONE || !str_equal(normal, again))
			fuzz_fail("not its own normal form");
		/* The quick look may be wrong in one way only. */
		if (http_path_is_normal(path) && !str_equal(path, normal))
			fuzz_fail("what looked normal was not");
	} else if (n && path.p[0] == '/' && http_path_is_normal(path)) {
		fuzz_fail("what looked normal was refused");
	}
	free(room);
	free(second);
	return 0;
}

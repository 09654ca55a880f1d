#include "base/invariant.h"

#include <stdio.h>
#include <stdlib.h>

_Noreturn void invariant_failed(const char *what, const char *file, int line)
{
	fprintf(stderr, "lbd: invariant failed: %s (%s:%d)\n", what, file, line);
	abort();
}

/* -D and -p: into the background once the daemon works, and its process id in a file. Control, before any thread. */
#ifndef LBD_APP_DETACH_H
#define LBD_APP_DETACH_H

#include "app/arguments.h"

#include <stdbool.h>

struct detach {
	int parent; /* pipe on which the parent waits for the word; -1: nobody waits */
};

/* With -D: forks; the parent stays here until the child works or has failed, and exits with 0 or 1. */
bool detach_begin(struct detach *d, const struct arguments *arguments) LBD_MUST_CHECK;
/* Everything works: writes the pidfile, lets the parent go, and leaves the terminal. */
bool detach_ready(struct detach *d, const struct arguments *arguments) LBD_MUST_CHECK;
/* Removes the pidfile when it was written. */
void detach_end(const struct arguments *arguments, bool started);

#endif

/* -D: into the background once the daemon works. Control. */
#ifndef LBD_APP_DETACH_H
#define LBD_APP_DETACH_H

#include "app/arguments.h"

struct detach {
	int null;   /* what the terminal is exchanged for */
	int parent; /* pipe on which the parent waits for the word; -1: nobody waits */
};

/* With -D: forks; the parent stays here until the child works or has failed, and exits with 0 or 1. */
bool detach_begin(struct detach *d, const struct arguments *arguments) LBD_MUST_CHECK;
/* Everything works: lets the parent go, and leaves the terminal. */
void detach_ready(struct detach *d);

#endif

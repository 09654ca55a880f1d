/* -x: this daemon takes the place of one that runs. It is found by its stats socket, which stays connected while
 * everything is made beside it, and is told to stop once this one serves. Control, at start; may wait 5 s for an answer.
 */
#ifndef LBD_APP_TAKEOVER_H
#define LBD_APP_TAKEOVER_H

#include "base/attributes.h"
#include "base/log.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct takeover {
	const char *path; /* NULL: nobody is taken over */
	int fd;
	pid_t process;
};

static inline bool takeover_is_asked(const struct takeover *t)
{
	return t->path != NULL;
}

/* 0: nobody is taken over. */
static inline pid_t takeover_process(const struct takeover *t)
{
	return t->path ? t->process : 0;
}

/* path NULL: nothing to do. False: error says why; nobody answers, or the socket's level is not admin. */
bool takeover_begin(struct takeover *t, const char *path, char *error, size_t error_size) LBD_MUST_CHECK;
/* This daemon serves: the other one stops gracefully. What comes of it is logged. */
void takeover_finish(struct takeover *t, struct log_ring *log);
/* The other one runs on, unless it was told to stop. */
void takeover_end(struct takeover *t);

#endif

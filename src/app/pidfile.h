/* -p: the process id in a file, which is locked as long as this process lives: so a second daemon is told apart from a
 * file that a killed one left behind. Control, at start and at the end. */
#ifndef LBD_APP_PIDFILE_H
#define LBD_APP_PIDFILE_H

#include "base/attributes.h"

#include <stdbool.h>
#include <sys/types.h>

struct pidfile {
	const char *path; /* NULL: none is asked for */
	char *temporary;  /* its name until pidfile_publish */
	int fd;           /* locked */
	dev_t device;
	ino_t inode;
};

/* Writes it under a temporary name. takes_over: another process may hold the file. False: the reason is on stderr. */
bool pidfile_prepare(struct pidfile *p, const char *path, bool takes_over) LBD_MUST_CHECK;
/* The daemon works: the file gets its name. False: the reason is on stderr. */
bool pidfile_publish(struct pidfile *p) LBD_MUST_CHECK;
/* Removes it, unless it is another's by now. */
void pidfile_end(struct pidfile *p);

#endif

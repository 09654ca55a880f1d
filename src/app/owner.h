/* A user and a group by name or number. It may ask a name service and wait for it: before the threads start. */
#ifndef LBD_APP_OWNER_H
#define LBD_APP_OWNER_H

#include "base/attributes.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct owner {
	uid_t user;  /* -1: as it is */
	gid_t group; /* likewise */
};

/* "": as it is. False: error says which of them there is not. */
bool owner_find(struct owner *o, const char *user, const char *group, char *error, size_t error_size) LBD_MUST_CHECK;

#endif

/* Servers whose names are not known yet: looked up again and again, off the loop, until each of them is known. Control's
 * loop. */
#ifndef LBD_BACKEND_NAME_WATCH_H
#define LBD_BACKEND_NAME_WATCH_H

#include "backend/backend.h"

struct name_watch;

/* Says which servers of these backends are DOWN for it. NULL when memory is out. */
struct name_watch *name_watch_start(struct backend_host *host, struct backend **backends, uint32_t count) LBD_MUST_CHECK;
/* Before the backends end. May be NULL. */
void name_watch_stop(struct name_watch *watch);

#endif

/* What a worker does while the process is near global.memory: closes sessions that are idle, and, when that is not
 * enough, ends those that hold memory. A bounded piece at a time. Own worker only. */
#ifndef LBD_PROXY_RELIEF_H
#define LBD_PROXY_RELIEF_H

#include "proxy/session_walk.h"

/* Zero-initialised. */
struct relief {
	struct session_cursor at; /* the next session to look at */
	uint64_t trimmed_us;      /* when the pools gave back what they do not need, the last time */
};

/* Called again and again while limits->memory_level is above MEMORY_FREE. frontends: all. */
void relief_run(struct relief *r, struct worker *w, struct frontend *const *frontends, uint32_t count);

#endif

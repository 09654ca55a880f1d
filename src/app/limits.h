/* The limits of the process: how many sessions its descriptors allow, and what is said when a limit is reached. Control
 * only. */
#ifndef LBD_APP_LIMITS_H
#define LBD_APP_LIMITS_H

#include "base/log_ring.h"
#include "proxy/admission.h"

/* One limit that may be reached, and what was said of it. */
struct limit_watch {
	uint64_t seen;       /* how often it had been met at the last look */
	uint64_t reached_us; /* monotonic, of the last time that it was met */
	uint64_t said_us;    /* of the last warning; 0: none */
	bool full, said;     /* said: the end is worth a line too */
};

struct limits_watch {
	struct limit_watch process, descriptors;
	struct limit_watch *frontends; /* of each frontend, in order; owned */
};

/* met: how often it was met so far; still: it is now. 1: it was reached, and that is to be said; -1: it is over, likewise;
 * 0: nothing new. */
int limits_look(struct limit_watch *w, uint64_t met, bool still, uint64_t now_us);
/* Raises RLIMIT_NOFILE as far as it may be, 1,048,576 at most; returns what it is then. */
uint32_t limits_raise_descriptors(void);
/* The places of the process, from what is configured and from the descriptors that are open now, before any traffic:
 * half of what is left belongs to sessions, the other half to their upstreams. */
void limits_init(struct limits *limits, const struct config *config, uint32_t descriptors, uint32_t workers,
	struct log_ring *log);
void limits_end(struct limits *limits);
/* Looks whether limits were reached or are over, and says so, for each at most once in ten seconds. */
void limits_watch_run(struct limits_watch *watch, const struct limits *limits, const struct proxies *proxies,
	struct log_ring *log, uint64_t now_us);

#endif

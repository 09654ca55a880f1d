/* How many clients come in: the places of the process (global.maxconn) and of a frontend (frontend.maxconn), taken
 * before a connection is accepted, so that neither is ever exceeded and nobody is accepted to be sent away. Without a
 * place a listener pauses and stands in a queue; the place that frees next wakes the one that waits longest, whichever
 * worker it belongs to. Connections wait in the kernel meanwhile, and the session that is idle for the longest time is
 * closed for each of them.
 *
 * Here is also what is done when descriptors run short. */
#ifndef LBD_PROXY_ADMISSION_H
#define LBD_PROXY_ADMISSION_H

#include "base/places.h"
#include "proxy/worker.h"

/* How near the process is to global.memory. */
enum memory_level {
	MEMORY_FREE,
	MEMORY_NEAR, /* new connections are refused, idle ones closed */
	MEMORY_FULL  /* and sessions that hold memory end */
};

/* Of the process; made by app before the workers start. */
struct limits {
	struct places sessions;
	uint32_t sessions_hard;     /* most that the descriptors allow, each session with an upstream */
	uint32_t reserve;           /* descriptors that are neither sessions nor upstreams */
	uint32_t pipes;             /* of each worker, for large bodies; two descriptors each, of the reserve */
	uint32_t descriptors;       /* RLIMIT_NOFILE */
	uint32_t descriptors_high;  /* a descriptor with this number: they are running short */
	_Atomic uint32_t memory_level; /* enum memory_level; control writes */
	struct loop_budget budget;     /* control writes */
	_Atomic uint64_t memory_refused, memory_closed; /* connections, for want of memory */
	_Atomic uint64_t shortages; /* accepts and connects for which there was no descriptor */
	/* Any worker: closes idle upstreams, its own at once and those of others soon. May be NULL. */
	void (*make_room)(struct worker *worker);
	/* Any worker: closes the session that is idle for the longest time, of whichever worker it is; of this
	 * frontend only unless it is NULL. May be NULL. */
	void (*close_idle)(struct worker *worker, struct frontend *frontend);
	void *context;
};

/* Before listener_open; then the listener asks for a place before each accept. */
void admission_init(struct worker_listener *wl);
/* After listener_open. */
void admission_guard(struct worker_listener *wl);
/* The session has ended, and its descriptor is closed. */
void admission_session_ended(struct worker *w, struct frontend *f);
/* Stops to wait: before the listener is paused for another reason, drained or closed. */
void admission_leave(struct worker_listener *wl);
/* This descriptor was got: makes room when its number says that they run short. */
void admission_got_descriptor(struct worker *w, int fd);
/* None was to be had for an upstream: makes room. */
void admission_no_upstream(struct worker *w);

#endif

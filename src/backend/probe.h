/* Active health checks. One prober for each checked server: a fresh connection each time, a timeout for the whole
 * probe, intervals that depend on the state, spread over the interval so that a backend's servers are never probed at
 * once. Control's loop. */
#ifndef LBD_BACKEND_PROBE_H
#define LBD_BACKEND_PROBE_H

#include "backend/backend.h"

struct probe_set;

/* Starts probing the servers of these backends that have a check. NULL when memory is out or a pattern does not compile
 * (error says so). */
struct probe_set *probe_set_start(struct backend_host *host, struct backend **backends, uint32_t count, char *error,
	size_t error_size) LBD_MUST_CHECK;
/* Ends all probes at once. */
void probe_set_stop(struct probe_set *set);

#endif

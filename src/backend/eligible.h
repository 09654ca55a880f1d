/* The eligible set: an immutable snapshot of who can serve, with the table that the algorithm made for it. Built and
 * retired by control, read by workers through backend->eligible inside a quiescent turn. */
#ifndef LBD_BACKEND_ELIGIBLE_H
#define LBD_BACKEND_ELIGIBLE_H

#include "backend/backend.h"

/* An algorithm at work for one backend. Counted by control, because sets that workers may still use outlive a swap of
 * the algorithm and the backend itself. */
struct algorithm_instance {
	const struct lbd_algorithm *plugin;
	void *state; /* the plugin's own */
	uint32_t references;
};

struct eligible {
	struct retired retired;
	struct algorithm_instance *instance;
	void *table; /* the plugin's own; NULL when the set is empty */
	struct lbd_set set;
	double load_factor; /* bounded load as a factor of the mean; 0: no bound */
	uint32_t positions;
	const uint32_t *position; /* by server->index: its index in the set, or LBD_NONE */
	struct server *const *server;
};

/* Smallest time between two builds for one backend: flapping must not keep control busy with tables. */
enum { ELIGIBLE_COALESCE_US = 20000, ELIGIBLE_RETRY_US = 1000000 };

/* NULL: error says why. One reference is the caller's. */
struct algorithm_instance *algorithm_instance_create(
	struct backend *b, const struct algorithm *algorithm, char *error, size_t error_size) LBD_MUST_CHECK;
/* The last reference destroys it. May be NULL. */
void algorithm_instance_put(struct algorithm_instance *instance);

/* From the servers as they are now. NULL: error says why. */
struct eligible *eligible_build(struct backend *b, char *error, size_t error_size) LBD_MUST_CHECK;
/* Nobody can see it any more. May be NULL. */
void eligible_free(struct eligible *e);
/* At once when the last build is long enough ago, else when it is. */
void eligible_rebuild_soon(struct backend *b);
/* At once, for what an operator changed: it holds from the next pick on. */
void eligible_rebuild_now(struct backend *b);
/* backend->rebuild_timer. */
void eligible_on_timer(struct timer *timer);

#endif

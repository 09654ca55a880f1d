/* Listening addresses with their limits: the long-lived object behind a frontend of the configuration. Workers accept
 * on listeners of their own (worker.h); everything here is shared by them.
 *
 * Threads: made and ended by control; workers read, and count in their own block. */
#ifndef LBD_PROXY_FRONTEND_H
#define LBD_PROXY_FRONTEND_H

#include "backend/backend.h"
#include "base/places.h"
#include "proxy/frontend_rules.h"
#include "proxy/idle_sessions.h"
#include "proxy/source_limits.h"
#include "stats/captured_error.h"
#include "stats/counter_row.h"
#include "stats/sampled.h"

struct frontend {
	const char *name; /* owned */
	uint32_t id;      /* iid of the statistics */
	enum config_mode mode;
	_Atomic(const struct config_frontend *) conf;
	_Atomic(struct backend *) default_backend; /* NULL: none */
	_Atomic(struct frontend_rules *) rules;    /* NULL: none; owned */
	struct frontend_limit *limits;             /* what they count; control only */
	struct counter_set counters;
	struct counter_row ends;      /* exchanges by enum reason; those without one are not counted */
	struct log_sink *access_sink; /* NULL: no access log */
	struct sampled sampled;       /* control only */
	struct idle_sessions *idle;   /* of each worker */
	struct source_limits source;
	struct places places;         /* at most maxconn; also of those that are about to be accepted */
	struct error_slot malformed;  /* the last malformed request */
	_Alignas(LBD_CACHE_LINE) _Atomic uint32_t sessions; /* open now, over all workers */
	_Atomic uint32_t sessions_max;
	_Atomic bool paused; /* disable frontend */
	_Atomic bool shut;   /* shutdown frontend: for good */
};

/* NULL when memory is out. */
struct frontend *frontend_create(const struct config_frontend *conf, uint32_t id, uint32_t workers) LBD_MUST_CHECK;
void frontend_destroy(struct frontend *f);

/* All live proxies, in the order of the configuration. Owned by app; control only. */
struct proxies {
	struct frontend **frontends;
	uint32_t frontend_count;
	struct backend **backends;
	uint32_t backend_count;
};

struct frontend *proxies_find_frontend(const struct proxies *p, struct str name);
struct backend *proxies_find_backend(const struct proxies *p, struct str name);

#endif

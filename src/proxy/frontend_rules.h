/* The rules of one frontend as its workers use them: the ruleset, the live backends that it names, and how often each
 * rule applied.
 *
 * Threads: made and ended by control; workers read it, and count in their own row. */
#ifndef LBD_PROXY_FRONTEND_RULES_H
#define LBD_PROXY_FRONTEND_RULES_H

#include "backend/backend.h"
#include "rules/ruleset.h"

#include <stdatomic.h>

struct proxies;

struct frontend_rules {
	struct ruleset *set;
	struct backend **backends; /* by rule; NULL: it names none */
	uint32_t workers;
	size_t stride; /* of hits, for one worker: whole cache lines */
	_Atomic uint64_t *hits;
};

/* NULL: a message says why. */
struct frontend_rules *frontend_rules_create(const struct config_frontend *conf, const struct proxies *proxies,
	uint32_t workers, struct text *messages) LBD_MUST_CHECK;
/* May be NULL. */
void frontend_rules_destroy(struct frontend_rules *r);

/* That worker only. */
void frontend_rules_count(struct frontend_rules *r, uint32_t worker, const struct rule_hit *hits);
/* Over all workers; any thread. */
uint64_t frontend_rules_hits(const struct frontend_rules *r, uint32_t rule);

#endif

/* The rules of one frontend as its workers use them, and what it does with paths: the ruleset, the live backends that
 * it names, the tables of its rate limits, and how often each rule applied.
 *
 * Threads: made and ended by control; workers read it, and count in their own row. */
#ifndef LBD_PROXY_FRONTEND_RULES_H
#define LBD_PROXY_FRONTEND_RULES_H

#include "backend/backend.h"
#include "proxy/frontend_limits.h"
#include "rules/ruleset.h"
#include "stats/counter_row.h"

#include <stdatomic.h>

struct proxies;

struct frontend_rules {
	struct ruleset *set;
	bool normalizes;                   /* the path, for the rules or the servers */
	bool path_strict, forwards_normal; /* as configured */
	struct backend **backends; /* those that rule i names begin at first[i]: one, or one for each part of a split */
	uint32_t *first;           /* by rule */
	struct rate_table **limits; /* by rule; NULL: none. The tables are the frontend's */
	struct counter_row hits;    /* by rule: how often it applied, and how often its rate was exceeded */
	_Atomic uint64_t *told_us;  /* by rule: when the log was told last */
};

/* Whether the frontend needs any. */
bool frontend_rules_wanted(const struct config_frontend *conf);
/* NULL: a message says why. */
struct frontend_rules *frontend_rules_create(const struct config_frontend *conf, const struct proxies *proxies,
	struct frontend_limit **limits, uint32_t workers, struct text *messages) LBD_MUST_CHECK;
/* May be NULL. */
void frontend_rules_destroy(struct frontend_rules *r);

/* That worker only. True: a rule's rate was exceeded. */
bool frontend_rules_count(struct frontend_rules *r, uint32_t worker, const struct rule_hit *hits);
/* Over all workers; any thread. */
uint64_t frontend_rules_hits(const struct frontend_rules *r, uint32_t rule);
uint64_t frontend_rules_limited(const struct frontend_rules *r, uint32_t rule);
/* True once in 10 s for each rule, whichever worker asks. */
bool frontend_rules_may_log(struct frontend_rules *r, uint32_t rule, uint64_t now_us);

#endif

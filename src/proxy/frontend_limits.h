/* The rate tables of one frontend: what clients have used up outlives the rules that limit them. A limit whose rule is
 * the same in the next configuration goes on with its table.
 *
 * Threads: made and ended by control; the tables themselves are shared by all. */
#ifndef LBD_PROXY_FRONTEND_LIMITS_H
#define LBD_PROXY_FRONTEND_LIMITS_H

#include "base/str.h"
#include "config/config.h"
#include "rules/rate_table.h"

struct frontend_limit;

/* The table for each rule of the configuration: NULL for those without a limit. Tables that no rule uses any more are
 * kept until the end, so that workers can go on with the old rules. The array is the caller's to free, the tables are
 * not. False: memory, or the kernel's random numbers, are out. */
bool frontend_limits_find(struct frontend_limit **limits, const struct config_frontend *conf, uint64_t now_us,
	struct rate_table ***by_rule) LBD_MUST_CHECK;
void frontend_limits_destroy(struct frontend_limit *limits);

#endif

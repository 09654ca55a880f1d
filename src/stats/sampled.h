/* What is not a counter but is made from counters once a second by control: rates, maxima, sliding averages. Embedded
 * in each object; control only. */
#ifndef LBD_STATS_SAMPLED_H
#define LBD_STATS_SAMPLED_H

#include "stats/counters.h"

struct sampled_rate {
	uint64_t last; /* the counter at the last sample */
	uint32_t per_second, max;
};

struct sampled {
	uint64_t sampled_us; /* monotonic, of the last sample; 0: none yet */
	struct sampled_rate sessions, requests;
	uint32_t current_max; /* most sessions at once seen at a sample (frontends and servers count exactly instead) */
	uint64_t last_sum[4], last_timed;
	uint64_t first_timed;   /* exchanges before the averages were forgotten */
	uint32_t average_us[4]; /* queue, connect, response, total: over about the last 1,024 exchanges */
};

/* Takes one sample: current is the number of sessions now. */
void sampled_update(struct sampled *s, const struct counter_set *counters, uint32_t current, uint64_t now_us);

/* Forgets the maxima (clear counters). */
void sampled_clear_max(struct sampled *s);
/* Forgets the averages too (clear counters all): what comes now is all there is. */
void sampled_clear(struct sampled *s, const struct counter_set *counters);

#endif

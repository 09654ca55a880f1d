#include "stats/sampled.h"

#include <string.h>

enum { SAMPLED_WINDOW = 1024, SAMPLED_SHORTEST_US = 1000 };

static void sampled_rate_update(struct sampled_rate *rate, uint64_t value, uint64_t elapsed_us)
{
	if (elapsed_us) {
		uint64_t added = value - rate->last;
		uint64_t per_second = (uint64_t)((double)added * 1e6 / (double)elapsed_us + 0.5);
		rate->per_second = per_second > UINT32_MAX ? UINT32_MAX : (uint32_t)per_second;
		if (rate->per_second > rate->max)
			rate->max = rate->per_second;
	}
	rate->last = value;
}

static uint32_t sampled_clamp(double value)
{
	return value >= (double)UINT32_MAX ? UINT32_MAX : (uint32_t)(value + 0.5);
}

/* The plain mean of the first 1,024 exchanges, then an exponential one with this window: new exchanges push out as many
 * old ones. */
static void sampled_average_update(struct sampled *s, const struct counter_set *counters)
{
	static const enum counter ids[] = {COUNTER_QUEUE_US, COUNTER_CONNECT_US, COUNTER_RESPONSE_US, COUNTER_TOTAL_US};
	uint64_t timed = counter_set_sum(counters, COUNTER_TIMED);
	uint64_t added = timed - s->last_timed;
	if (!added)
		return;
	uint64_t known = timed - s->first_timed;
	double share = (double)added / (double)(known < SAMPLED_WINDOW ? known : SAMPLED_WINDOW);
	for (int i = 0; i < 4; i++) {
		uint64_t sum = counter_set_sum(counters, ids[i]);
		double mean = (double)(sum - s->last_sum[i]) / (double)added;
		double average = share >= 1 ? mean : s->average_us[i] + (mean - s->average_us[i]) * share;
		s->average_us[i] = sampled_clamp(average);
		s->last_sum[i] = sum;
	}
	s->last_timed = timed;
}

void sampled_update(struct sampled *s, const struct counter_set *counters, uint32_t current, uint64_t now_us)
{
	uint64_t elapsed_us = s->sampled_us && now_us > s->sampled_us ? now_us - s->sampled_us : 0;
	if (current > s->current_max)
		s->current_max = current;
	if (s->sampled_us && elapsed_us < SAMPLED_SHORTEST_US)
		return; /* too short for a rate */
	sampled_rate_update(&s->sessions, counter_set_sum(counters, COUNTER_SESSIONS), elapsed_us);
	sampled_rate_update(&s->requests, counter_set_sum(counters, COUNTER_REQUESTS), elapsed_us);
	sampled_average_update(s, counters);
	s->sampled_us = now_us;
}

void sampled_clear_max(struct sampled *s)
{
	s->current_max = 0;
	s->sessions.max = s->requests.max = 0;
}

void sampled_clear(struct sampled *s, const struct counter_set *counters)
{
	sampled_clear_max(s);
	sampled_average_update(s, counters);
	memset(s->average_us, 0, sizeof s->average_us);
	s->first_timed = s->last_timed;
}

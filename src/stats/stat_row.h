/* One row of show stat as plain data, filled by the admin layer from live objects and written by stat_write.h. */
#ifndef LBD_STATS_STAT_ROW_H
#define LBD_STATS_STAT_ROW_H

#include "stats/counters.h"

enum stat_kind { STAT_FRONTEND, STAT_BACKEND, STAT_SERVER };

/* A gauge that does not apply: its column is empty. */
#define STAT_BLANK INT64_MIN

/* Gauges are STAT_BLANK and texts NULL where they do not apply; an empty text is a value that happens to be empty. */
struct stat_row {
	enum stat_kind kind;
	bool http, checked;
	uint64_t counter[COUNTER_COUNT];
	/* Gauges. */
	int64_t process, proxy_id, server_id, type;
	int64_t queue, queue_max, sessions, sessions_max, session_limit;
	int64_t weight, user_weight, effective_weight, throttle, active, backup;
	int64_t changed_s, downtime_s, last_session_s, drain_since_s;
	int64_t session_rate, session_rate_max, request_rate, request_rate_max;
	int64_t check_code, check_duration_ms, check_rise, check_fall, check_health;
	int64_t queue_ms, connect_ms, response_ms, total_ms;
	int64_t queue_ms_max, connect_ms_max, response_ms_max, total_ms_max;
	int64_t idle, idle_limit, sources_uncounted;
	int64_t breaker_since_s, breaker_error_percent, breaker_requests, breaker_threshold_percent;
	int64_t breaker_opens, breaker_trials_ok, breaker_trials_need;
	int64_t latency_p50_us, latency_p90_us, latency_p99_us, latency_max_us;
	/* Texts: somebody else's, or in buffer. */
	const char *proxy, *object, *status, *check_status, *check_text, *check_description, *check_history;
	const char *address, *cookie, *mode, *algorithm, *dash, *health, *admin_state, *breaker_state;
	/* Room for the texts that are made for this row. */
	char status_buffer[64], check_buffer[16], address_buffer[128];
};

/* Everything blank but what each row has: kind, numbers, names. */
void stat_row_init(struct stat_row *row, enum stat_kind kind, const char *proxy, uint32_t proxy_id, const char *object);

#endif

/* show info: the figures of the process as plain data, and their three outputs, loops over the rows of info.def. Pure.
 */
#ifndef LBD_STATS_INFO_H
#define LBD_STATS_INFO_H

#include "base/text.h"

/* Texts that are NULL have no line. */
struct info_values {
	const char *name, *version, *release_date, *uptime, *node, *description, *tainted;
	uint64_t one, pid, threads, uptime_s, started_s, descriptor_limit;
	uint64_t maxconn, hard_maxconn, max_sockets, limit_waits, descriptor_shortages;
	uint64_t memory_limit, memory_limit_mb, memory_used, memory_refused, memory_closed;
	uint64_t connections, connections_total, requests_total, connection_rate, connection_rate_max, bytes_out_total;
	uint64_t idle_percent, stopping, jobs, listeners, log_dropped, generation;
};

/* "Name: lbd\n" and so on. descriptions: with :"help" at the end of each line. */
void info_write_text(struct text *out, const struct info_values *values, bool descriptions);
/* "6.Pid.1:SGP:u32:7999\n" */
void info_write_typed(struct text *out, const struct info_values *values, bool descriptions);
/* One array in one line, with its line end. */
void info_write_json(struct text *out, const struct info_values *values, bool descriptions);

#endif

/* show info, show version: the process. */
#include "config.h"

#include "admin/command.h"
#include "stats/info.h"

#include <stdio.h>
#include <unistd.h>

static const char show_info_release_date[] = "2026/11/21";

/* The level of the interface that tools compare, then our own version. */
const char *admin_version(void)
{
	return "2.6.0-lbd" PACKAGE_VERSION;
}

enum command_result command_show_version(struct command_call *call)
{
	text_add_c(call->out, admin_version());
	text_add_char(call->out, '\n');
	return COMMAND_DONE;
}

static void show_info_uptime(uint64_t seconds, char *out, size_t size)
{
	snprintf(out, size, "%ud %uh%02um%02us", (unsigned)(seconds / 86400), (unsigned)(seconds / 3600 % 24),
		(unsigned)(seconds / 60 % 60), (unsigned)(seconds % 60));
}

static struct info_values show_info_values(const struct process_info *info, const char *uptime)
{
	return (struct info_values){.name = "lbd",
		.version = admin_version(),
		.release_date = show_info_release_date,
		.uptime = uptime,
		.node = info->node && info->node[0] ? info->node : "localhost",
		.tainted = "0",
		.one = 1,
		.pid = (uint64_t)getpid(),
		.threads = info->threads,
		.uptime_s = info->uptime_us / 1000000,
		.started_s = info->started_wall_us / 1000000,
		.descriptor_limit = info->descriptor_limit,
		.maxconn = info->maxconn,
		.hard_maxconn = info->hard_maxconn,
		.max_sockets = info->max_sockets,
		.limit_waits = info->limit_waits,
		.descriptor_shortages = info->descriptor_shortages,
		.memory_limit = info->memory_limit,
		.memory_limit_mb = info->memory_limit >> 20,
		.memory_used = info->memory_used,
		.memory_refused = info->memory_refused,
		.memory_closed = info->memory_closed,
		.connections = info->connections,
		.connections_total = info->connections_total,
		.requests_total = info->requests_total,
		.connection_rate = info->connection_rate,
		.connection_rate_max = info->connection_rate_max,
		.bytes_out_total = info->bytes_out_total,
		.idle_percent = info->idle_percent,
		.stopping = info->stopping,
		.jobs = (uint64_t)info->connections + info->listeners,
		.listeners = info->listeners,
		.log_dropped = info->log_dropped,
		.generation = info->generation};
}

enum command_result command_show_info(struct command_call *call)
{
	struct process_info info = {0};
	bool typed = false, json = false, descriptions = false;
	char uptime[64];
	for (uint32_t i = 2; i < call->words.count; i++) {
		typed |= command_word_is(call, i, "typed");
		json |= command_word_is(call, i, "json");
		descriptions |= command_word_is(call, i, "desc");
	}
	call->host->process_info(call->host->context, &info);
	show_info_uptime(info.uptime_us / 1000000, uptime, sizeof uptime);
	struct info_values values = show_info_values(&info, uptime);
	if (json)
		info_write_json(call->out, &values, descriptions);
	else if (typed)
		info_write_typed(call->out, &values, descriptions);
	else
		info_write_text(call->out, &values, descriptions);
	return COMMAND_DONE;
}

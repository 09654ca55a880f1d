/* clear counters: the maxima, or with all of them what was counted too. */
#include "admin/command.h"

static void clear_counters_maxima(const struct proxies *p)
{
	for (uint32_t i = 0; i < p->frontend_count; i++) {
		atomic_store(&p->frontends[i]->sessions_max, 0);
		sampled_clear_max(&p->frontends[i]->sampled);
	}
	for (uint32_t i = 0; i < p->backend_count; i++) {
		struct backend *b = p->backends[i];
		sampled_clear_max(&b->sampled);
		atomic_store(&b->sessions_most, 0);
		atomic_store(&b->queue.most, 0);
		for (uint32_t j = 0; j < b->server_count; j++) {
			atomic_store(&b->servers[j]->in_flight_max, 0);
			sampled_clear_max(&b->servers[j]->sampled);
			counter_set_forget_times(&b->servers[j]->counters);
		}
	}
}

static bool clear_counters_of(struct counter_set *counters, struct sampled *sampled)
{
	sampled_clear(sampled, counters);
	return counter_set_clear(counters);
}

static bool clear_counters_everything(const struct proxies *p)
{
	bool done = true;
	for (uint32_t i = 0; i < p->frontend_count; i++)
		done &= clear_counters_of(&p->frontends[i]->counters, &p->frontends[i]->sampled);
	for (uint32_t i = 0; i < p->backend_count; i++) {
		struct backend *b = p->backends[i];
		done &= clear_counters_of(&b->counters, &b->sampled);
		for (uint32_t j = 0; j < b->server_count; j++)
			done &= clear_counters_of(&b->servers[j]->counters, &b->servers[j]->sampled);
	}
	return done;
}

enum command_result command_clear_counters(struct command_call *call)
{
	clear_counters_maxima(call->host->proxies);
	return command_changed(call);
}

enum command_result command_clear_counters_all(struct command_call *call)
{
	clear_counters_maxima(call->host->proxies);
	if (!clear_counters_everything(call->host->proxies))
		return command_fail(call, "Memory is out: not all counters were cleared; try again.");
	return command_changed(call);
}

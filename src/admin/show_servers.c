/* show servers state and conn, show backend: one line a server, in the forms that state files and scripts expect. */
#include "admin/lookup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct show_servers_check {
	const char *word;
	unsigned number; /* what HAProxy writes for it */
};

/* Calls line for each server of the backends that were asked for, in bounded steps. */
static enum command_result show_servers_each(struct command_call *call,
	void (*line)(struct command_call *call, const struct backend *b, const struct server *s))
{
	const struct proxies *p = call->host->proxies;
	const struct backend *only = command_word(call, 3).n ? lookup_backend(call, command_word(call, 3)) : NULL;
	for (; call->at.proxy < p->backend_count; call->at.proxy++, call->at.server = 0) {
		const struct backend *b = p->backends[call->at.proxy];
		if (command_word(call, 3).n && b != only)
			continue;
		for (; call->at.server < b->server_count; call->at.server++) {
			if (command_is_full(call))
				return COMMAND_MORE;
			line(call, b, b->servers[call->at.server]);
		}
	}
	return COMMAND_DONE;
}

/* Writes the header at the first call; false: there is no such backend. */
static bool show_servers_begin(struct command_call *call, const char *header)
{
	if (call->at.stage++)
		return true;
	if (command_word(call, 3).n && !lookup_backend(call, command_word(call, 3))) {
		command_fail(call, "Can't find backend.");
		return false;
	}
	text_add_c(call->out, header);
	return true;
}

static unsigned show_servers_check_number(const char *word)
{
	static const struct show_servers_check checks[] = {{"INI", 1}, {"SOCKERR", 5}, {"L4OK", 6}, {"L4TOUT", 7},
		{"L4CON", 8}, {"L7TOUT", 12}, {"L7RSP", 13}, {"L7OK", 15}, {"L7STS", 17}};
	for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++)
		if (!strcmp(checks[i].word, word))
			return checks[i].number;
	return 1;
}

/* 0 unknown, 2 failed, 3 passed, by the last probe. */
static unsigned show_servers_check_result(const struct server *s)
{
	size_t n = strlen(s->check.history);
	return !s->checked || !n ? 0 : s->check.history[n - 1] == 'o' ? 3 : 2;
}

static unsigned show_servers_op_state(const struct server *s)
{
	if (s->admin == SERVER_MAINT || s->health == SERVER_UNHEALTHY || !server_is_resolved(s))
		return 0;
	return s->health == SERVER_WARMING ? 1 : 2;
}

static unsigned show_servers_admin_state(const struct server *s)
{
	const struct config_server *conf = atomic_load_explicit(&s->conf, memory_order_relaxed);
	if (s->admin == SERVER_MAINT)
		return conf->disabled ? 5 : 1;
	return s->admin == SERVER_DRAIN ? 8 : 0;
}

/* HAProxy's bits: 1 in progress, 2 configured, 4 enabled, 8 paused. */
static unsigned show_servers_check_state(const struct server *s)
{
	unsigned paused = s->admin == SERVER_MAINT ? 8 : 0;
	if (!s->checked)
		return paused;
	return 2u | (s->checks_ignored ? 0 : 4) | paused | (s->check.in_flight ? 1 : 0);
}

/* The level user sees no addresses. */
static bool show_servers_hides(const struct command_call *call)
{
	return call->settings->level == CONFIG_LEVEL_USER;
}

/* Host and port; of a name that is not known "-", and the port as written; "-" and 0 for who may not see them. */
static unsigned show_servers_address(
	const struct command_call *call, const struct server *s, char host[ADDRESS_TEXT_MAX])
{
	memcpy(host, "-", 2);
	if (show_servers_hides(call))
		return 0;
	const char *written = atomic_load_explicit(&s->conf, memory_order_relaxed)->address.text;
	if (server_is_resolved(s)) {
		address_format_host(server_address(s), host);
		return address_port(server_address(s));
	}
	return (unsigned)strtoul(strrchr(written, ':') + 1, NULL, 10);
}

/* The name without its port; "-": the file has an address. */
static const char *show_servers_name(const struct command_call *call, const struct server *s, char name[256])
{
	const char *written = atomic_load_explicit(&s->conf, memory_order_relaxed)->address.text;
	if (show_servers_hides(call) || !address_is_name(written))
		return "-";
	snprintf(name, 256, "%.*s", (int)(strrchr(written, ':') - written), written);
	return name;
}

static void show_servers_state_line(struct command_call *call, const struct backend *b, const struct server *s)
{
	const struct config_backend *conf = atomic_load_explicit(&b->conf, memory_order_relaxed);
	uint64_t now_us = call->host->loop->now_us;
	uint64_t since_us = now_us > s->changed_us ? now_us - s->changed_us : 0;
	char host[ADDRESS_TEXT_MAX], name[256];
	unsigned port = show_servers_address(call, s, host);
	text_format(call->out, "%u %s %u %s %s %u %u %u %u %llu %u %u %u %u 0 0 0 %s %u - 0 %u - - 0\n", (unsigned)b->id,
		b->name, (unsigned)s->id, s->name, host, show_servers_op_state(s), show_servers_admin_state(s),
		(unsigned)s->weight, (unsigned)s->initial_weight, (unsigned long long)(since_us / 1000000),
		show_servers_check_number(s->check.status), show_servers_check_result(s), s->check.counter,
		show_servers_check_state(s), show_servers_name(call, s, name), port,
		show_servers_hides(call) ? 0 : (unsigned)conf->check.port);
}

enum command_result command_show_servers_state(struct command_call *call)
{
	static const char header[] =
		"1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight "
		"srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state "
		"srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port "
		"srv_check_addr srv_agent_addr srv_agent_port\n";
	if (!show_servers_begin(call, header))
		return COMMAND_DONE;
	return show_servers_each(call, show_servers_state_line);
}

static void show_servers_conn_line(struct command_call *call, const struct backend *b, const struct server *s)
{
	const struct config_backend *conf = atomic_load_explicit(&b->conf, memory_order_relaxed);
	uint32_t used = atomic_load_explicit(&s->live.in_flight, memory_order_relaxed);
	uint32_t used_max = atomic_load_explicit(&s->in_flight_max, memory_order_relaxed);
	uint32_t idle = server_idle_count(s);
	char host[ADDRESS_TEXT_MAX];
	unsigned port = show_servers_address(call, s, host);
	text_format(call->out, "%s/%s %u/%u %s %u - %llu %u %u %u 0 0 %u %u\n", b->name, s->name, (unsigned)b->id,
		(unsigned)s->id, host, port,
		(unsigned long long)(conf->pool.idle / 1000), (unsigned)used, (unsigned)used_max, (unsigned)used,
		(unsigned)conf->pool.max_idle, (unsigned)idle);
}

enum command_result command_show_servers_conn(struct command_call *call)
{
	static const char header[] = "# bkname/svname bkid/svid addr port - purge_delay used_cur used_max need_est "
				     "unsafe_nb safe_nb idle_lim idle_cur\n";
	if (!show_servers_begin(call, header))
		return COMMAND_DONE;
	return show_servers_each(call, show_servers_conn_line);
}

enum command_result command_show_backend(struct command_call *call)
{
	const struct proxies *p = call->host->proxies;
	if (!call->at.stage++)
		text_add_c(call->out, "# name\n");
	for (; call->at.proxy < p->backend_count; call->at.proxy++) {
		if (command_is_full(call))
			return COMMAND_MORE;
		text_format(call->out, "%s\n", p->backends[call->at.proxy]->name);
	}
	return COMMAND_DONE;
}

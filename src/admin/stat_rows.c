#include "admin/stat_rows.h"

#include <stdio.h>

static int64_t stat_rows_seconds(uint64_t since_us, uint64_t now_us)
{
	return now_us > since_us ? (int64_t)((now_us - since_us) / 1000000) : 0;
}

static int64_t stat_rows_downtime(uint64_t total_us, uint64_t down_since_us, uint64_t now_us)
{
	return (int64_t)(total_us / 1000000) + (down_since_us ? stat_rows_seconds(down_since_us, now_us) : 0);
}

/* What the three kinds have in common; returns when the last session was, 0: never. */
static uint64_t stat_rows_common(
	struct stat_row *row, const struct counter_set *counters, const struct sampled *sampled, enum config_mode mode)
{
	row->http = mode == CONFIG_MODE_HTTP;
	row->mode = row->http ? "http" : "tcp";
	row->session_rate = sampled->sessions.per_second;
	row->session_rate_max = sampled->sessions.max;
	row->request_rate = sampled->requests.per_second;
	row->request_rate_max = sampled->requests.max;
	return counter_set_shown(counters, row->counter);
}

static void stat_rows_averages(struct stat_row *row, const struct sampled *sampled)
{
	int64_t *average[] = {&row->queue_ms, &row->connect_ms, &row->response_ms, &row->total_ms};
	for (int i = 0; i < 4; i++)
		*average[i] = sampled->average_us[i] / 1000;
}

/* Called for each server of a row: its own, or all of the backend's. */
static void stat_rows_longest(struct stat_row *row, const struct server *s)
{
	int64_t *longest[COUNTER_TIMES] = {
		&row->queue_ms_max, &row->connect_ms_max, &row->response_ms_max, &row->total_ms_max};
	for (enum counter_time i = 0; i < COUNTER_TIMES; i++) {
		int64_t ms = (int64_t)(counter_set_longest(&s->counters, i) / 1000);
		if (ms > *longest[i])
			*longest[i] = ms;
	}
}

void stat_row_of_frontend(struct stat_row *row, struct frontend *f, const struct stat_view *view)
{
	uint32_t own = places_most(&f->places), limit = own ? own : view->frontend_limit;
	stat_row_init(row, STAT_FRONTEND, f->name, f->id, "FRONTEND");
	stat_rows_common(row, &f->counters, &f->sampled, f->mode);
	row->sessions = atomic_load_explicit(&f->sessions, memory_order_relaxed);
	row->sessions_max = atomic_load_explicit(&f->sessions_max, memory_order_relaxed);
	if (limit)
		row->session_limit = limit;
	if (f->source.open)
		row->sources_uncounted = (int64_t)count_table_uncounted(f->source.open);
	bool stopped = view->stopping || atomic_load_explicit(&f->shut, memory_order_relaxed);
	row->status = stopped ? "STOP" : atomic_load_explicit(&f->paused, memory_order_relaxed) ? "PAUSED" : "OPEN";
}

/* The probe's columns are empty when none counts: in maintenance, and with disable health. */
static void stat_rows_check(struct stat_row *row, const struct server *s, const struct config_check *conf)
{
	if (s->lookup_error && s->admin != SERVER_MAINT)
		row->check_text = s->lookup_error;
	if (!s->checked)
		return;
	row->check_history = s->check.history;
	if (s->admin == SERVER_MAINT || !server_is_probed(s))
		return;
	snprintf(row->check_buffer, sizeof row->check_buffer, "%s%s", s->check.in_flight ? "* " : "", s->check.status);
	row->check_status = row->check_buffer;
	row->check_description = server_check_description(s->check.status);
	if (!s->lookup_error)
		row->check_text = s->check.text;
	if (s->check.code)
		row->check_code = s->check.code;
	if (s->check.history[0])
		row->check_duration_ms = (int64_t)(s->check.duration_us / 1000);
	row->check_rise = conf->rise;
	row->check_fall = conf->fall;
	row->check_health = s->check.counter;
}

static void stat_rows_weight(struct stat_row *row, const struct server *s)
{
	uint32_t effective = server_effective_weight(s);
	row->user_weight = s->weight;
	row->effective_weight = effective;
	/* HAProxy keeps the weight of a server that is down or drains: 0 would be read as "set to 0". */
	row->weight = server_usable(s) ? effective : s->weight;
	if (s->health == SERVER_WARMING && s->weight)
		row->throttle = (int64_t)effective * 100 / s->weight;
}

void stat_row_of_server(struct stat_row *row, struct server *s, const struct stat_view *view)
{
	const struct backend *b = s->backend;
	const struct config_backend *backend_conf = atomic_load_explicit(&b->conf, memory_order_relaxed);
	const struct config_server *conf = atomic_load_explicit(&s->conf, memory_order_relaxed);
	uint32_t idle = server_idle_count(s);
	stat_row_init(row, STAT_SERVER, b->name, b->id, s->name);
	uint64_t last_us = stat_rows_common(row, &s->counters, &s->sampled, b->mode);
	stat_rows_averages(row, &s->sampled);
	stat_rows_longest(row, s);
	stat_rows_weight(row, s);
	row->checked = server_is_probed(s);
	stat_rows_check(row, s, &backend_conf->check);
	row->server_id = s->id;
	server_status_text(s, row->status_buffer);
	row->status = row->status_buffer;
	row->sessions = atomic_load_explicit(&s->live.in_flight, memory_order_relaxed);
	row->sessions_max = atomic_load_explicit(&s->in_flight_max, memory_order_relaxed);
	if (row->sessions_max < row->sessions)
		row->sessions_max = row->sessions;
	if (s->maxconn)
		row->session_limit = s->maxconn;
	/* Who waits, waits for any server: in the backend's row. */
	row->queue = row->queue_max = 0;
	row->active = !conf->backup;
	row->backup = conf->backup;
	row->changed_s = stat_rows_seconds(s->changed_us, view->now_us);
	row->downtime_s = stat_rows_downtime(s->downtime_us, s->down_since_us, view->now_us);
	row->last_session_s = last_us ? stat_rows_seconds(last_us, view->now_us) : -1;
	if (s->drain_since_us)
		row->drain_since_s = stat_rows_seconds(s->drain_since_us, view->now_us);
	row->idle = idle;
	row->idle_limit = backend_conf->pool.max_idle;
	row->health = server_health_word(s->health);
	row->admin_state = server_admin_word(s->admin);
	row->breaker_state = "-";
	if (!view->full)
		return;
	if (server_is_resolved(s))
		address_format(server_address(s), row->address_buffer);
	else
		snprintf(row->address_buffer, sizeof row->address_buffer, "%s", conf->address.text);
	row->address = row->address_buffer;
	if (backend_conf->sticky_cookie[0])
		row->cookie = s->name;
}

static void stat_rows_backend_sessions(struct stat_row *row, const struct backend *b)
{
	uint32_t noted = atomic_load_explicit(&b->sessions_most, memory_order_relaxed);
	row->sessions = backend_sessions(b);
	row->sessions_max = row->sessions;
	if (row->sessions_max < noted)
		row->sessions_max = noted;
	if (row->sessions_max < b->sampled.current_max)
		row->sessions_max = b->sampled.current_max;
}

void stat_row_of_backend(struct stat_row *row, struct backend *b, const struct stat_view *view)
{
	const struct config_backend *conf = atomic_load_explicit(&b->conf, memory_order_relaxed);
	stat_row_init(row, STAT_BACKEND, b->name, b->id, "BACKEND");
	uint64_t last_us = stat_rows_common(row, &b->counters, &b->sampled, b->mode);
	stat_rows_averages(row, &b->sampled);
	row->status = backend_is_up(b) ? "UP" : "DOWN";
	stat_rows_backend_sessions(row, b);
	row->queue = queue_total(&b->queue);
	row->queue_max = atomic_load_explicit(&b->queue.most, memory_order_relaxed);
	if (row->queue_max < row->queue)
		row->queue_max = row->queue;
	row->active = backend_usable(b, false);
	row->backup = backend_usable(b, true);
	row->weight = (int64_t)backend_weight(b);
	row->user_weight = 0;
	row->queue_ms_max = row->connect_ms_max = row->response_ms_max = row->total_ms_max = 0;
	for (uint32_t i = 0; i < b->server_count; i++) {
		row->user_weight += b->servers[i]->weight;
		stat_rows_longest(row, b->servers[i]);
	}
	row->changed_s = stat_rows_seconds(b->changed_us, view->now_us);
	if (b->server_count)
		row->downtime_s = stat_rows_downtime(b->downtime_us, b->down_since_us, view->now_us);
	row->last_session_s = last_us ? stat_rows_seconds(last_us, view->now_us) : -1;
	if (!view->full)
		return;
	row->algorithm = conf->algorithm.name;
	if (conf->sticky_cookie[0])
		row->cookie = conf->sticky_cookie;
}

/* Goes on with the servers of one backend; false when the slice is used up. */
static bool stat_sampler_backend(struct stat_sampler *sampler, struct backend *b, uint64_t now_us, uint32_t *slice)
{
	for (; sampler->server < b->server_count; sampler->server++) {
		struct server *s = b->servers[sampler->server];
		if (*slice < s->counters.workers)
			return false;
		*slice -= s->counters.workers;
		sampled_update(&s->sampled, &s->counters,
			atomic_load_explicit(&s->live.in_flight, memory_order_relaxed), now_us);
	}
	sampled_update(&b->sampled, &b->counters, backend_sessions(b), now_us);
	sampler->server = 0;
	return true;
}

void stat_sampler_run(struct stat_sampler *sampler, const struct proxies *proxies, uint32_t slice, uint64_t now_us)
{
	if (!sampler->running) {
		if (sampler->began_us && now_us - sampler->began_us < STAT_SAMPLER_ROUND_US)
			return;
		*sampler = (struct stat_sampler){.running = true, .began_us = now_us};
		for (uint32_t i = 0; i < proxies->frontend_count; i++) {
			struct frontend *f = proxies->frontends[i];
			sampled_update(&f->sampled, &f->counters,
				atomic_load_explicit(&f->sessions, memory_order_relaxed), now_us);
		}
	}
	while (sampler->backend < proxies->backend_count) {
		if (!stat_sampler_backend(sampler, proxies->backends[sampler->backend], now_us, &slice))
			return;
		sampler->backend++;
	}
	sampler->running = false;
}

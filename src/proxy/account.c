#include "proxy/account.h"

#include "base/log.h"
#include "proxy/access_log.h"
#include "proxy/admission.h"

static uint64_t account_span(uint64_t from_us, uint64_t to_us)
{
	return from_us && to_us >= from_us ? to_us - from_us : ACCESS_LOG_NEVER;
}

/* Bytes of the server may be on their way: a break is one of a transfer. */
static bool account_transferring(const struct exchange *x)
{
	return x->answered || (x->tunnel && x->at.connected);
}

/* Who leaves may do so at any time; who is too slow broke a transfer off only when there was one. */
static bool account_client_broke(const struct exchange *x, char cause)
{
	return cause == 'C' ? x->parsed || x->tunnel : cause == 'c' && account_transferring(x);
}

/* What happened to every object that took part. */
static void account_outcome(const struct exchange *x, struct counters *c, uint64_t in, uint64_t out)
{
	counter_add(c, COUNTER_BYTES_IN, in);
	counter_add(c, COUNTER_BYTES_OUT, out);
	/* One for each request, also when nothing could be said: the kinds together are the requests. */
	if (x->frontend->mode == CONFIG_MODE_HTTP && (x->status || x->parsed))
		counter_add_status(c, x->status);
	if (x->reason == REASON_NONE)
		return;
	char cause = reason_cause(x->reason);
	if (account_client_broke(x, cause))
		counter_add(c, COUNTER_CLIENT_ABORTS, 1);
	if (account_transferring(x) && !x->response_complete && (cause == 'S' || cause == 's'))
		counter_add(c, COUNTER_SERVER_ABORTS, 1);
	if (x->reason == REASON_MEMORY)
		counter_add(c, COUNTER_INTERNAL_ERRORS, 1);
}

static void account_frontend(const struct exchange *x, struct counters *c)
{
	enum reason_kind kind = reason_kind(x->reason);
	bool at_request = kind == REASON_KIND_REQUEST || (x->reason == REASON_CLIENT_CLOSED && !x->parsed);
	if (at_request && !x->tunnel)
		counter_add(c, COUNTER_BAD_REQUESTS, 1);
	if (kind == REASON_KIND_REFUSED)
		counter_add(c, COUNTER_DENIED_REQUESTS, 1);
	if (x->reason == REASON_RATE_LIMITED)
		counter_add(c, COUNTER_RATE_LIMITED, 1);
	if (kind == REASON_KIND_ANSWERED)
		counter_add(c, COUNTER_INTERCEPTED, 1);
}

static void account_server_side(const struct exchange *x, struct counters *c, uint64_t now_us)
{
	/* Without a server now, it is the reason of an attempt that was counted when it failed. */
	if (x->reserved && reason_kind(x->reason) == REASON_KIND_RESPONSE)
		counter_add(c, COUNTER_RESPONSE_ERRORS, 1);
	atomic_store_explicit(&c->last_us, now_us, memory_order_relaxed);
	if (!x->at.connected)
		return;
	counter_add(c, COUNTER_TIMED, 1);
	counter_add(c, COUNTER_QUEUE_US, x->waited_us);
	counter_add(c, COUNTER_CONNECT_US, x->at.connected - x->at.head - x->waited_us);
	if (x->at.response)
		counter_add(c, COUNTER_RESPONSE_US, x->at.response - x->at.connected);
	counter_add(c, COUNTER_TOTAL_US, now_us - x->at.start);
}

static void account_times(const struct exchange *x, struct counters *server, uint64_t now_us)
{
	if (!x->at.connected)
		return;
	counter_note_time(server, COUNTER_TIME_QUEUE, x->waited_us);
	counter_note_time(server, COUNTER_TIME_CONNECT, x->at.connected - x->at.head - x->waited_us);
	if (x->at.response)
		counter_note_time(server, COUNTER_TIME_RESPONSE, x->at.response - x->at.connected);
	counter_note_time(server, COUNTER_TIME_TOTAL, now_us - x->at.start);
}

static enum lbd_outcome account_verdict(const struct exchange *x)
{
	enum reason_kind kind = reason_kind(x->reason);
	if (kind == REASON_KIND_CONNECT || kind == REASON_KIND_RESPONSE)
		return LBD_FAILURE;
	if (!x->at.response && !x->tunnel)
		return LBD_NEUTRAL;
	const struct config_backend *conf = atomic_load_explicit(&x->backend->conf, memory_order_acquire);
	return config_statuses_contain(&conf->failure_statuses, x->status) ? LBD_FAILURE : LBD_SUCCESS;
}

/* The line counts who is left, as HAProxy's does: this exchange's own place is as good as given back. */
static uint32_t account_others(const struct exchange *x, uint32_t in_flight)
{
	return in_flight - (x->reserved && in_flight);
}

void account_attempt(struct exchange *x, enum reason reason, unsigned status)
{
	uint64_t now_us = x->worker->loop.now_us, took_us = now_us - x->at.picked;
	struct counters *server = server_counters(x->server, x->worker->index);
	const struct config_backend *conf = atomic_load_explicit(&x->backend->conf, memory_order_acquire);
	/* A shortage of our own says nothing of the server. */
	enum lbd_outcome outcome = reason == REASON_MEMORY ? LBD_NEUTRAL : LBD_FAILURE;
	if (status) {
		counter_add_status(server, status);
		if (!config_statuses_contain(&conf->failure_statuses, status))
			outcome = LBD_SUCCESS;
	}
	if (reason_kind(reason) == REASON_KIND_RESPONSE) {
		counter_add(server, COUNTER_RESPONSE_ERRORS, 1);
		counter_add(counter_set_block(&x->backend->counters, x->worker->index), COUNTER_RESPONSE_ERRORS, 1);
	}
	atomic_store_explicit(&server->last_us, now_us, memory_order_relaxed);
	backend_feedback(x->backend, x->server, outcome, status ? took_us : 0, took_us, now_us);
}

static void account_add_request(struct access_record *record, const struct http_request *request)
{
	record->method = request->method_text;
	record->host = request->host;
	record->path = request->path;
	record->query = request->query;
	record->target = request->target;
	record->version_minor = request->minor;
	record->request_fields = &request->fields;
}

static void account_log(const struct exchange *x, uint64_t in, uint64_t out, uint64_t now_us)
{
	const struct frontend *f = x->frontend;
	const struct config_frontend *conf = atomic_load_explicit(&f->conf, memory_order_acquire);
	if (conf->access_log.format == CONFIG_ACCESS_LOG_OFF)
		return;
	struct worker *w = x->worker;
	struct address client, peer;
	session_client(x->session, &client);
	session_peer(x->session, &peer);
	bool http = f->mode == CONFIG_MODE_HTTP;
	struct access_record record = {
		.date = &w->log_date,
		.client = &client,
		.peer = &peer,
		.accept_wall_us = loop_wall_us(&w->loop) - (now_us - x->at.start),
		.frontend = f->name,
		.backend = x->backend ? x->backend->name : f->name,
		.server = x->server ? x->server->name : NULL,
		.t_request = http ? account_span(x->at.start, x->at.head) : 0,
		.t_queue = x->at.picked || x->at.queued ? x->waited_us : ACCESS_LOG_NEVER,
		/* With the attempts that failed before. */
		.t_connect = account_span(x->at.head + x->waited_us, x->at.connected),
		.t_response = account_span(x->at.connected, x->at.response),
		.t_total = now_us - x->at.start,
		.status = http && x->status ? x->status : -1,
		.bytes_in = in,
		.bytes_out = out,
		.reason = x->reason,
		.detail = x->detail,
		.termination = {reason_cause(x->reason), x->phase},
		.active = places_taken(&w->limits->sessions),
		.frontend_active = atomic_load_explicit(&f->sessions, memory_order_relaxed),
		.backend_active = x->backend ? counter_set_open_sessions(&x->backend->counters) : 0,
		.server_active = account_others(
			x, x->server ? atomic_load_explicit(&x->server->live.in_flight, memory_order_relaxed) : 0),
		.retries = x->retries,
		.redispatched = x->redispatched,
		.request_id = x->request_id,
		.capture = &conf->capture,
		.captured = x->captured_count == conf->capture.response.count ? x->captured : NULL,
		.backend_queue = x->queue_position,
	};
	if (x->parsed)
		account_add_request(&record, &x->request);
	size_t n = access_log_format(conf->access_log.format, &record, w->log_line);
	/* A full ring has counted the loss. */
	(void)log_put_at(w->log, f->access_sink, LOG_LEVEL_INFO, loop_wall_us(&w->loop), str_make(w->log_line, n));
}

void account_exchange(struct exchange *x)
{
	uint32_t worker = x->worker->index;
	uint64_t now_us = x->worker->loop.now_us;
	uint64_t in = x->head_bytes_in + x->up.moved, out = x->head_bytes_out + x->down.moved;
	struct counters *frontend = counter_set_block(&x->frontend->counters, worker);
	account_outcome(x, frontend, in, out);
	if (x->reason != REASON_NONE) {
		account_frontend(x, frontend);
		counter_row_add(&x->frontend->ends, worker, x->reason);
	}
	if (x->backend) {
		struct counters *backend = counter_set_block(&x->backend->counters, worker);
		account_outcome(x, backend, in, out);
		account_server_side(x, backend, now_us);
		counter_add(backend, COUNTER_SESSIONS_CLOSED, 1);
	}
	if (x->frontend->access_sink)
		account_log(x, in, out, now_us);
	if (!x->server || !x->reserved)
		return;
	struct counters *server = server_counters(x->server, worker);
	account_outcome(x, server, in, out);
	account_server_side(x, server, now_us);
	account_times(x, server, now_us);
	uint64_t first = x->at.response > x->at.picked ? x->at.response - x->at.picked : 0;
	backend_feedback(x->backend, x->server, account_verdict(x), first, now_us - x->at.start, now_us);
}

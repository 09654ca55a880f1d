#include "proxy/exchange.h"

#include "base/invariant.h"
#include "http/head.h"
#include "proxy/account.h"
#include "proxy/forward.h"
#include "proxy/intercept.h"
#include "proxy/reply.h"

#include <errno.h>

/* What a step says to the driver. */
enum exchange_go {
	EXCHANGE_GO_NEXT,    /* the step that follows */
	EXCHANGE_GO_PICK,    /* back: another server */
	EXCHANGE_GO_CONNECT, /* back: another connection to the same server */
	EXCHANGE_GO_FINISH,  /* ahead: it is over */
	EXCHANGE_GO_WAIT,    /* until something happens; the same step again then */
	EXCHANGE_GO_DONE     /* the exchange does not exist any more after this */
};

#define EXCHANGE_STEP(id, function, phase) static enum exchange_go function(struct exchange *x);
#include "proxy/exchange_steps.def"
#undef EXCHANGE_STEP

struct exchange_step_row {
	enum exchange_go (*run)(struct exchange *x);
	char phase;
};

static const struct exchange_step_row exchange_steps[] = {
#define EXCHANGE_STEP(id, function, phase) {function, phase},
#include "proxy/exchange_steps.def"
#undef EXCHANGE_STEP
};

enum { EXCHANGE_INTERIMS_MAX = 32 };

static void exchange_run(struct exchange *x);
static void exchange_on_timeout(struct timeout *t);

static const struct config_frontend *exchange_frontend_conf(const struct exchange *x)
{
	return atomic_load_explicit(&x->frontend->conf, memory_order_acquire);
}

static const struct config_backend *exchange_backend_conf(const struct exchange *x)
{
	return atomic_load_explicit(&x->backend->conf, memory_order_acquire);
}

/* ---- the beginning ---- */

static struct exchange *exchange_create(struct session *s)
{
	struct worker *w = s->worker;
	struct exchange *x = pool_get(&w->exchanges);
	if (!x)
		return NULL;
	memset(x, 0, sizeof *x);
	x->session = s;
	x->worker = w;
	x->frontend = s->bind->frontend;
	x->phase = '-';
	x->up.done = x->down.done = true;
	x->at.start = s->request_us ? s->request_us : w->loop.now_us;
	timeout_init(&x->timeout, exchange_on_timeout);
	arena_init(&x->arena, x->memory, EXCHANGE_SIZE - sizeof *x);
	s->exchange = x;
	return x;
}

static void exchange_free(struct exchange *x)
{
	timeout_stop(&x->timeout);
	buffer_free(&x->unsent);
	arena_reset(&x->arena);
	pool_put(&x->worker->exchanges, x);
}

/* It is over, for this reason; the first reason stays. */
static enum exchange_go exchange_fail(struct exchange *x, enum reason reason, const char *detail)
{
	if (x->reason == REASON_NONE) {
		x->reason = reason;
		x->detail = detail;
		x->phase = exchange_steps[x->step].phase;
		if (!x->answered)
			x->status = (uint16_t)reason_status(reason);
	}
	return EXCHANGE_GO_FINISH;
}

/* Copies the head, so that it outlives the input it came in: a retry or a queue may need it again. */
static bool exchange_parse(struct exchange *x, struct str head, uint32_t lines)
{
	size_t at;
	x->request.fields.capacity = lines;
	x->request.fields.at = arena_alloc(&x->arena, sizeof(struct http_field) * lines);
	char *copy = arena_alloc(&x->arena, head.n);
	if (!copy || !x->request.fields.at)
		return exchange_fail(x, REASON_MEMORY, NULL) != EXCHANGE_GO_FINISH;
	memcpy(copy, head.p, head.n);
	enum http_error error = http_parse_request(&x->request, copy, head.n, &at);
	if (error) {
		exchange_fail(x, REASON_MALFORMED_REQUEST, http_error_word(error));
		x->status = http_error_status(error);
		return false;
	}
	x->parsed = true;
	if (!exchange_frontend_conf(x)->upgrade)
		x->request.upgrade_to = str_make(NULL, 0);
	return true;
}

void exchange_begin(struct session *s, struct str head, uint32_t lines, size_t taken)
{
	struct exchange *x = exchange_create(s);
	if (!x) {
		session_close(s, true);
		return;
	}
	x->head_bytes_in = (uint32_t)head.n;
	if (!exchange_parse(x, head, lines))
		x->step = EXCHANGE_STEP_FINISH;
	channel_take(&s->client, taken);
	x->at.head = x->parsed ? s->worker->loop.now_us : 0;
	x->close_client = !x->request.keep_alive || s->worker->stopping;
	counter_add(counter_set_block(&x->frontend->counters, s->worker->index), COUNTER_REQUESTS, 1);
	exchange_run(x);
}

void exchange_begin_refused(struct session *s, enum reason reason, const char *detail, unsigned status)
{
	struct exchange *x = exchange_create(s);
	if (!x) {
		session_close(s, true);
		return;
	}
	exchange_fail(x, reason, detail);
	x->status = (uint16_t)status;
	x->step = EXCHANGE_STEP_FINISH;
	exchange_run(x);
}

void exchange_begin_tunnel(struct session *s)
{
	struct exchange *x = exchange_create(s);
	if (!x) {
		s->state = SESSION_IDLE;
		session_close(s, true);
		return;
	}
	x->tunnel = true;
	x->close_client = true;
	x->at.head = x->at.start;
	exchange_run(x);
}

/* ---- the driver ---- */

/* Whose timeout runs while nothing happens: the one's from whom the next byte has to come, or who has to take it. */
static void exchange_arm(struct exchange *x)
{
	const struct config_timeouts *backend = &exchange_backend_conf(x)->timeouts;
	const struct config_timeouts *frontend = &exchange_frontend_conf(x)->timeouts;
	uint64_t duration;
	if (x->step == EXCHANGE_STEP_CONNECT) {
		if (timeout_running(&x->timeout))
			return;
		x->waits_for = 's';
		duration = backend->connect;
	} else if (x->tunnel && x->frontend->mode == CONFIG_MODE_HTTP) {
		x->waits_for = 't';
		duration = frontend->tunnel;
	} else if (x->tunnel) {
		x->waits_for = x->up.paused ? 's' : 'c';
		duration = x->up.paused ? backend->server : frontend->client;
	} else if (x->down.paused || x->session->client.blocked || (!x->up.done && !x->up.paused)) {
		x->waits_for = 'c';
		duration = frontend->client;
	} else {
		x->waits_for = 's';
		duration = backend->server;
	}
	timeout_start(&x->worker->loop, &x->timeout, duration);
}

static enum reason exchange_timeout_reason(const struct exchange *x)
{
	if (x->step == EXCHANGE_STEP_CONNECT)
		return REASON_CONNECT_TIMEOUT;
	if (x->waits_for == 't')
		return REASON_TUNNEL_TIMEOUT;
	return x->waits_for == 'c' ? REASON_CLIENT_TIMEOUT : REASON_SERVER_TIMEOUT;
}

static void exchange_check(const struct exchange *x)
{
	LBD_INVARIANT(x->step < EXCHANGE_STEP_COUNT);
	LBD_INVARIANT(x->session->exchange == x);
	LBD_INVARIANT(!x->upstream || x->upstream->exchange == x);
	LBD_INVARIANT(!x->upstream || x->server);
	LBD_INVARIANT(x->step <= EXCHANGE_STEP_PICK || x->step == EXCHANGE_STEP_FINISH || x->server);
}

static void exchange_run(struct exchange *x)
{
	for (;;) {
		exchange_check(x);
		if (x->session->failed && x->step != EXCHANGE_STEP_FINISH) {
			exchange_fail(x, REASON_CLIENT_CLOSED, NULL);
			x->step = EXCHANGE_STEP_FINISH;
		}
		switch (exchange_steps[x->step].run(x)) {
		case EXCHANGE_GO_NEXT:
			x->step++;
			break;
		case EXCHANGE_GO_PICK:
			x->step = EXCHANGE_STEP_PICK;
			break;
		case EXCHANGE_GO_CONNECT:
			x->step = EXCHANGE_STEP_CONNECT;
			break;
		case EXCHANGE_GO_FINISH:
			x->step = EXCHANGE_STEP_FINISH;
			break;
		case EXCHANGE_GO_WAIT:
			exchange_arm(x);
			return;
		case EXCHANGE_GO_DONE:
			return;
		}
	}
}

/* ---- which backend, which server ---- */

static enum exchange_go exchange_route(struct exchange *x)
{
	struct verdict verdict = intercept_decide(x);
	if (verdict.reason == REASON_RULE_ANSWERED && !intercept_send(x, &verdict.rules))
		return exchange_fail(x, REASON_MEMORY, NULL);
	if (!verdict.backend) {
		exchange_fail(x, verdict.reason, NULL);
		if (verdict.reason == REASON_DENIED)
			x->status = (uint16_t)verdict.rules.status;
		return EXCHANGE_GO_FINISH;
	}
	x->backend = verdict.backend;
	struct counters *c = counter_set_block(&x->backend->counters, x->worker->index);
	counter_add(c, COUNTER_SESSIONS, 1);
	counter_add(c, COUNTER_REQUESTS, 1);
	return EXCHANGE_GO_NEXT;
}

static void exchange_count_server_side(struct exchange *x, enum counter id)
{
	counter_add(server_counters(x->server, x->worker->index), id, 1);
	counter_add(counter_set_block(&x->backend->counters, x->worker->index), id, 1);
}

static enum exchange_go exchange_pick(struct exchange *x)
{
	struct worker *w = x->worker;
	struct pick_request request = {.now_us = w->loop.now_us,
		.random = random_next(&w->random),
		.worker = w->index,
		.tried_count = x->tried_count};
	memcpy(request.tried, x->tried, sizeof x->tried[0] * x->tried_count);
	struct server *server = backend_pick(x->backend, &request);
	if (!server && x->tried_count)
		return exchange_fail(x, x->attempt_reason, NULL);
	if (!server) {
		counter_add(counter_set_block(&x->backend->counters, w->index), COUNTER_CONNECT_ERRORS, 1);
		return exchange_fail(x, REASON_NO_SERVER, NULL);
	}
	if (x->tried_count) {
		exchange_count_server_side(x, COUNTER_RETRIES);
		exchange_count_server_side(x, COUNTER_REDISPATCHES);
		x->retries++;
		x->redispatched = true;
	}
	x->server = server;
	x->reserved = true;
	x->at.picked = w->loop.now_us;
	struct counters *c = server_counters(server, w->index);
	counter_add(c, COUNTER_SESSIONS, 1);
	counter_add(c, COUNTER_REQUESTS, 1);
	return EXCHANGE_GO_NEXT;
}

/* ---- an upstream ---- */

/* x->server stays as the one that was used last. */
static void exchange_give_back(struct exchange *x)
{
	if (x->reserved)
		server_release(x->server);
	x->reserved = false;
}

/* Back to before the connect: its timeout starts anew, and what the next connection takes is not this one's time. */
static void exchange_drop_upstream(struct exchange *x)
{
	timeout_stop(&x->timeout);
	x->at.connected = 0;
	if (x->upstream)
		upstream_close(x->upstream);
	x->upstream = NULL;
}

/* This server did not do; another one may, as long as attempts are left. */
static enum exchange_go exchange_try_other(struct exchange *x, enum reason reason)
{
	uint64_t now_us = x->worker->loop.now_us;
	if (x->tried_count + 1 >= exchange_backend_conf(x)->retry.attempts || x->tried_count + 1 >= LBD_TRIED_MAX)
		return exchange_fail(x, reason, NULL);
	/* What was written for this server is written anew for the next one, unless it holds part of the body. */
	if (buffer_used(&x->unsent) && x->up.begun)
		return exchange_fail(x, reason, NULL);
	buffer_free(&x->unsent);
	if (reason == REASON_SERVER_CLOSED)
		exchange_count_server_side(x, COUNTER_RESPONSE_ERRORS);
	x->tried[x->tried_count++] = x->server;
	x->attempt_reason = reason;
	backend_feedback(x->backend, x->server, LBD_FAILURE, 0, now_us - x->at.picked, now_us);
	exchange_give_back(x);
	return EXCHANGE_GO_PICK;
}

/* This server could not be reached, and nothing was sent: another one may take the request, whatever its method is. */
static enum exchange_go exchange_connect_failed(struct exchange *x, enum reason reason, int error)
{
	exchange_drop_upstream(x);
	exchange_count_server_side(x, COUNTER_CONNECT_ERRORS);
	/* Ports or descriptors of this machine: not the server's fault, and no better elsewhere. */
	if (error == EADDRNOTAVAIL || error == EMFILE || error == ENFILE || error == ENOMEM || error == ENOBUFS)
		return exchange_fail(x, REASON_MEMORY, error == EADDRNOTAVAIL ? "no_local_port" : NULL);
	return exchange_try_other(x, reason);
}

static enum exchange_go exchange_connect(struct exchange *x)
{
	if (!x->upstream && !x->fresh && !x->tunnel) {
		x->upstream = upstream_reuse(x->worker, x->server, x);
		if (x->upstream)
			exchange_count_server_side(x, COUNTER_REUSES);
	}
	if (!x->upstream) {
		exchange_count_server_side(x, COUNTER_CONNECTS);
		x->upstream = upstream_connect(x->worker, x->server, x);
		if (!x->upstream)
			return exchange_connect_failed(x, REASON_CONNECT_FAILED, errno);
	}
	if (x->timed_out) {
		x->timed_out = false;
		return exchange_connect_failed(x, REASON_CONNECT_TIMEOUT, 0);
	}
	if (x->upstream->failed)
		return exchange_connect_failed(x, REASON_CONNECT_FAILED, x->upstream->error);
	if (x->upstream->state == UPSTREAM_CONNECTING)
		return EXCHANGE_GO_WAIT;
	timeout_stop(&x->timeout);
	x->at.connected = x->worker->loop.now_us;
	return EXCHANGE_GO_NEXT;
}

/* ---- both messages ---- */

static enum exchange_go exchange_request(struct exchange *x)
{
	static const struct http_framing endless = {.kind = HTTP_BODY_UNTIL_CLOSE};
	struct channel *client = &x->session->client, *server = &x->upstream->channel;
	if (x->tunnel) {
		flow_start(&x->up, client, server, endless, false);
		flow_start(&x->down, server, client, endless, false);
	} else if (buffer_used(&x->unsent)) {
		channel_put_output(server, x->unsent);
		x->unsent = (struct buffer){0};
		x->up.to = server;
	} else {
		if (!forward_request_head(x))
			return exchange_fail(x, REASON_MEMORY, NULL);
		flow_start(&x->up, client, server, x->request.framing, x->request.framing.kind == HTTP_BODY_CHUNKED);
	}
	/* Reading may have stopped while there was nobody to send to. */
	if (!x->up.done && !client->reading && !x->session->eof)
		channel_resume(client);
	return EXCHANGE_GO_NEXT;
}

/* Moves what the client sent. True when the exchange is over because of it. */
static bool exchange_move_up(struct exchange *x)
{
	struct session *s = x->session;
	if (x->up.done)
		return false;
	if (x->upstream->unsendable) {
		/* The server stopped listening; its answer may still be on the way, and says why. */
		x->up.done = x->request_cut = true;
		return false;
	}
	enum flow_result result = flow_pump(&x->up);
	if (result == FLOW_MORE && s->eof && !channel_input(&s->client).n) {
		result = flow_end(&x->up);
		if (result == FLOW_BROKEN)
			return exchange_fail(x, REASON_CLIENT_CLOSED, NULL) == EXCHANGE_GO_FINISH;
		channel_shutdown(&x->upstream->channel);
	}
	if (result == FLOW_BAD) {
		exchange_fail(x, REASON_BODY_MALFORMED, http_error_word(x->up.error));
		return true;
	}
	if (result == FLOW_BROKEN)
		x->up.done = x->request_cut = true;
	return false;
}

/* An idle upstream that the server closed just before it was used: not the server's failure, and not an attempt. The
 * request may be sent again when nothing of it left, or when that does no harm and its body is not needed again. */
static bool exchange_may_send_again(const struct exchange *x)
{
	bool harmless = http_method_idempotent(x->request.method);
	return x->upstream->reused && !x->tunnel && x->parsed && !x->answered && harmless && !x->up.begun;
}

/* Bytes were sent and nothing came back: only a request that may be repeated, and whose body is not needed again. */
static bool exchange_may_retry(const struct exchange *x)
{
	const struct config_retry *retry = &exchange_backend_conf(x)->retry;
	if (x->tunnel || x->interims || x->request.framing.kind != HTTP_BODY_NONE || !(retry->on & CONFIG_RETRY_RESET))
		return false;
	for (uint32_t i = 0; i < retry->methods.count; i++)
		if (str_equal(str_of(retry->methods.at[i]), x->request.method_text))
			return true;
	return false;
}

static enum exchange_go exchange_response_lost(struct exchange *x)
{
	if (!channel_input(&x->upstream->channel).n && exchange_may_send_again(x)) {
		exchange_drop_upstream(x);
		x->fresh = true;
		return EXCHANGE_GO_CONNECT;
	}
	if (!exchange_may_retry(x))
		return exchange_fail(x, REASON_SERVER_CLOSED, NULL);
	exchange_drop_upstream(x);
	x->fresh = false;
	return exchange_try_other(x, REASON_SERVER_CLOSED);
}

/* An idle upstream speaks, or ends, while nothing of the request has left: what it says belongs to nobody. The request,
 * as far as it is written, goes to the same server on a new connection. */
static bool exchange_is_stale(const struct exchange *x)
{
	const struct upstream *u = x->upstream;
	return u->reused && upstream_unsent(u) && (channel_input(&u->channel).n || u->eof || u->failed);
}

static enum exchange_go exchange_replace_upstream(struct exchange *x)
{
	x->unsent = channel_take_output(&x->upstream->channel);
	exchange_drop_upstream(x);
	x->fresh = true;
	return EXCHANGE_GO_CONNECT;
}

static enum exchange_go exchange_interim(struct exchange *x, const struct http_response *response)
{
	static const struct http_framing none = {.kind = HTTP_BODY_NONE};
	if (++x->interims > EXCHANGE_INTERIMS_MAX)
		return exchange_fail(x, REASON_MALFORMED_RESPONSE, "too_many_interim");
	counter_add(counter_set_block(&x->frontend->counters, x->worker->index), COUNTER_STATUS_1XX, 1);
	/* HTTP/1.0 does not know them (RFC 9110 15.2). */
	if (x->request.minor == 0)
		return EXCHANGE_GO_NEXT;
	if (!forward_response_head(x, response, none, str_make(NULL, 0)))
		return exchange_fail(x, REASON_MEMORY, NULL);
	return EXCHANGE_GO_NEXT;
}

static enum exchange_go exchange_switch(struct exchange *x, const struct http_response *response)
{
	static const struct http_framing none = {.kind = HTTP_BODY_NONE};
	if (!x->request.upgrade_to.n || !http_upgrade_matches(x->request.upgrade_to, response->upgrade_to))
		return exchange_fail(x, REASON_MALFORMED_RESPONSE, "switch_not_asked_for");
	x->close_client = true;
	if (!forward_response_head(x, response, none, response->upgrade_to))
		return exchange_fail(x, REASON_MEMORY, NULL);
	x->tunnel = true;
	x->answered = true;
	x->status = response->status;
	x->at.response = x->worker->loop.now_us;
	enum exchange_go go = exchange_request(x);
	if (go == EXCHANGE_GO_NEXT && !x->upstream->channel.reading && !x->upstream->eof)
		channel_resume(&x->upstream->channel);
	return go;
}

/* How the final answer's body goes on to this client. */
static struct http_framing exchange_framing_out(struct exchange *x, struct http_framing in)
{
	bool endless = in.kind == HTTP_BODY_UNTIL_CLOSE || in.kind == HTTP_BODY_CHUNKED;
	if (!endless)
		return in;
	if (x->request.minor == 0) {
		x->until_close = x->close_client = true;
		return (struct http_framing){.kind = HTTP_BODY_UNTIL_CLOSE};
	}
	return (struct http_framing){.kind = HTTP_BODY_CHUNKED};
}

static enum exchange_go exchange_answer(struct exchange *x, const struct http_response *response)
{
	/* An answer before the end of the request: what the client still sends must never be read as a request. */
	if (!x->up.done || x->request_cut || x->worker->stopping)
		x->close_client = true;
	x->status = response->status;
	x->upstream_keeps = response->keep_alive;
	x->at.response = x->worker->loop.now_us;
	struct http_framing out = exchange_framing_out(x, response->framing);
	if (!forward_response_head(x, response, out, str_make(NULL, 0)))
		return exchange_fail(x, REASON_MEMORY, NULL);
	x->answered = true;
	flow_start(
		&x->down, &x->upstream->channel, &x->session->client, response->framing, out.kind == HTTP_BODY_CHUNKED);
	return EXCHANGE_GO_NEXT;
}

/* Reads one head, interim or final, from what the server sent. NEXT: the final one is on its way; CONNECT, FINISH as
 * they say; WAIT: no complete head is here. */
static enum exchange_go exchange_take_head(struct exchange *x)
{
	static const struct http_limits limits = {
		.line = WORKER_RESPONSE_HEAD, .head = WORKER_RESPONSE_HEAD, .fields = WORKER_RESPONSE_FIELDS};
	struct upstream *u = x->upstream;
	for (;;) {
		struct str input = channel_input(&u->channel);
		struct http_response response = {
			.fields = {.at = x->worker->response_fields, .capacity = WORKER_RESPONSE_FIELDS}};
		enum http_error error = HTTP_ERROR_NONE;
		size_t end = 0, at;
		enum http_scan_result found = HTTP_SCAN_MORE;
		if (input.n)
			found = http_scan_head(&u->scan, false, input.p, input.n, &limits, &end, &error);
		if (found == HTTP_SCAN_MORE)
			return u->eof || u->failed ? exchange_response_lost(x) : EXCHANGE_GO_WAIT;
		if (found == HTTP_SCAN_COMPLETE)
			error = http_parse_response(&response, x->request.method, input.p, end, &at);
		if (error)
			return exchange_fail(x, REASON_MALFORMED_RESPONSE, http_error_word(error));
		u->scan = (struct http_scan){0};
		enum exchange_go go;
		if (response.status == 101)
			go = exchange_switch(x, &response);
		else if (response.status < 200)
			go = exchange_interim(x, &response);
		else
			go = exchange_answer(x, &response);
		channel_take(&u->channel, end);
		if (go != EXCHANGE_GO_NEXT || response.status >= 200 || response.status == 101)
			return go;
	}
}

static enum exchange_go exchange_response(struct exchange *x)
{
	if (x->tunnel)
		return EXCHANGE_GO_NEXT;
	if (x->timed_out)
		return exchange_fail(x, exchange_timeout_reason(x), NULL);
	if (exchange_is_stale(x))
		return exchange_replace_upstream(x);
	if (exchange_move_up(x))
		return EXCHANGE_GO_FINISH;
	return exchange_take_head(x);
}

static bool exchange_move_down(struct exchange *x)
{
	struct upstream *u = x->upstream;
	if (x->down.done)
		return false;
	enum flow_result result = flow_pump(&x->down);
	if (result == FLOW_MORE && (u->eof || u->failed) && !channel_input(&u->channel).n) {
		/* A reset is not a clean end of a body that ends with the connection. */
		result = u->failed ? FLOW_BROKEN : flow_end(&x->down);
		if (result == FLOW_BROKEN)
			return exchange_fail(x, REASON_SERVER_CLOSED, NULL) == EXCHANGE_GO_FINISH;
		if (x->tunnel)
			channel_shutdown(&x->session->client);
	}
	if (result == FLOW_BAD)
		exchange_fail(x, REASON_MALFORMED_RESPONSE, http_error_word(x->down.error));
	if (result == FLOW_BROKEN)
		exchange_fail(x, REASON_CLIENT_CLOSED, NULL);
	return result == FLOW_BAD || result == FLOW_BROKEN;
}

static enum exchange_go exchange_relay(struct exchange *x)
{
	if (x->timed_out)
		return exchange_fail(x, exchange_timeout_reason(x), NULL);
	if (x->upstream && (exchange_move_up(x) || exchange_move_down(x)))
		return EXCHANGE_GO_FINISH;
	if (!x->down.done || (x->tunnel && !x->up.done))
		return EXCHANGE_GO_WAIT;
	if (x->upstream) {
		/* What the client said last has to reach the server before its connection ends. */
		if (x->tunnel && channel_pending(&x->upstream->channel) && !x->upstream->unsendable) {
			channel_flush(&x->upstream->channel);
			if (x->upstream->channel.blocked)
				return EXCHANGE_GO_WAIT;
		}
		bool clean = x->up.done && !x->request_cut && !x->tunnel && x->upstream_keeps;
		upstream_release(x->upstream, clean);
		x->upstream = NULL;
		if (!x->up.done)
			x->request_cut = x->up.done = true;
	}
	/* The exchange ends when the client has taken its answer, so far as we can see. */
	if (x->session->client.blocked)
		return EXCHANGE_GO_WAIT;
	x->response_complete = true;
	return EXCHANGE_GO_NEXT;
}

/* ---- the end ---- */

static void exchange_answer_failure(struct exchange *x)
{
	struct session *s = x->session;
	if (x->reason == REASON_NONE || x->answered || x->tunnel || s->failed || !x->status)
		return;
	if (x->reason == REASON_CLIENT_CLOSED)
		return;
	/* Only after a request that was read to its end is the connection in a known state. */
	bool whole = x->parsed && x->request.framing.kind == HTTP_BODY_NONE;
	const char *text = x->detail ? x->detail : reason_word(x->reason);
	if (!reply_send(x, x->status, text, !whole || x->close_client))
		s->failed = true;
}

static enum exchange_go exchange_finish(struct exchange *x)
{
	struct session *s = x->session;
	timeout_stop(&x->timeout);
	exchange_answer_failure(x);
	if (x->upstream && x->tunnel)
		upstream_cut(x->upstream);
	else if (x->upstream)
		upstream_close(x->upstream);
	x->upstream = NULL;
	account_exchange(x);
	exchange_give_back(x);
	bool keep = !x->close_client && x->response_complete && !x->request_cut;
	/* Without a length the client cannot see that something is missing, unless the connection breaks. */
	bool reset = !x->response_complete && (x->tunnel ? x->at.connected != 0 : x->answered && x->until_close);
	exchange_free(x);
	s->exchange = NULL;
	if (reset)
		session_close(s, true);
	else
		session_exchange_ended(s, keep);
	return EXCHANGE_GO_DONE;
}

void exchange_kill(struct exchange *x, enum reason reason)
{
	exchange_fail(x, reason, NULL);
	/* No further request of this session may begin. */
	x->close_client = true;
	x->step = EXCHANGE_STEP_FINISH;
	exchange_run(x);
}

/* ---- what session and upstream report ---- */

static void exchange_on_timeout(struct timeout *t)
{
	struct exchange *x = (struct exchange *)((char *)t - offsetof(struct exchange, timeout));
	x->timed_out = true;
	exchange_run(x);
}

void exchange_client_sent(struct exchange *x)
{
	/* It belongs to a request that comes later: whoever is waited for now is not to get more time by it. */
	if (x->up.done && !x->tunnel)
		return;
	exchange_run(x);
}

void exchange_client_ended(struct exchange *x)
{
	exchange_run(x);
}

void exchange_client_drained(struct exchange *x)
{
	if (x->upstream)
		flow_resume(&x->down);
	exchange_run(x);
}

void exchange_upstream_connected(struct exchange *x)
{
	exchange_run(x);
}

void exchange_upstream_sent(struct exchange *x)
{
	exchange_run(x);
}

void exchange_upstream_drained(struct exchange *x)
{
	flow_resume(&x->up);
	exchange_run(x);
}

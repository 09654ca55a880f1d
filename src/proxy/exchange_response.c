/* RESPONSE: the answer's heads, interim and final, read while the request's body still goes up. */
#include "http/head.h"
#include "proxy/access_capture.h"
#include "proxy/exchange_parts.h"
#include "proxy/forward.h"
#include "proxy/malformed.h"
#include "proxy/upstream_idle.h"

enum { EXCHANGE_INTERIMS_MAX = 32 };

/* Of an idle upstream that ended before a byte of the answer nobody can tell whether the server had read the request:
 * most likely not, but what must not be sent twice is not sent again here. A client may do so, when the connection that
 * is closed was used before (RFC 9112 9.3.1). */
static enum exchange_go exchange_leave_to_client(struct exchange *x)
{
	return exchange_fail(x, x->session->requests > 1 ? REASON_LEFT_TO_CLIENT : REASON_STALE_UPSTREAM, NULL);
}

static enum exchange_go exchange_response_lost(struct exchange *x)
{
	struct upstream *u = x->upstream;
	if (u->reused && !channel_input(&u->channel).n && !x->interims) {
		upstream_note_closed(u, u->idle_us);
		if (!exchange_may_send_again(x))
			return exchange_leave_to_client(x);
		exchange_drop_upstream(x);
		x->fresh = true;
		return EXCHANGE_GO_CONNECT;
	}
	return exchange_try_other(x, REASON_SERVER_CLOSED, CONFIG_RETRY_RESET);
}

/* The server's time is over. A server that has begun to answer is at work on it. */
static enum exchange_go exchange_response_late(struct exchange *x)
{
	enum reason reason = exchange_timeout_reason(x);
	if (reason != REASON_SERVER_TIMEOUT || channel_input(&x->upstream->channel).n)
		return exchange_fail(x, reason, NULL);
	return exchange_try_other(x, reason, CONFIG_RETRY_TIMEOUT);
}

/* An idle upstream speaks, or ends, while nothing of the request has left: what it says belongs to nobody. The request
 * goes to the same server on a new connection. */
static bool exchange_is_stale(const struct exchange *x)
{
	const struct upstream *u = x->upstream;
	return u->reused && upstream_unsent(u) &&
	       (channel_input(&u->channel).n || u->eof || u->failed || u->unsendable);
}

static enum exchange_go exchange_replace_upstream(struct exchange *x)
{
	upstream_note_closed(x->upstream, x->upstream->idle_us);
	exchange_keep_unsent(x);
	exchange_drop_upstream(x);
	x->fresh = true;
	return EXCHANGE_GO_CONNECT;
}

static enum exchange_go exchange_interim(struct exchange *x, const struct http_response *response)
{
	static const struct http_framing none = {.kind = HTTP_BODY_NONE};
	if (++x->interims > EXCHANGE_INTERIMS_MAX)
		return exchange_fail(x, REASON_MALFORMED_RESPONSE, "too_many_interim");
	/* What follows has the server's whole time, also when it has begun. */
	timeout_stop(&x->timeout);
	/* The client has seen part of an answer: no retry any more. */
	flow_drop_copy(&x->up);
	/* HTTP/1.0 does not know them (RFC 9110 15.2). */
	if (x->request.minor == 0)
		return EXCHANGE_GO_NEXT;
	if (!forward_response_head(x, response, none, str_make(NULL, 0)))
		return exchange_fail(x, REASON_MEMORY, NULL);
	return EXCHANGE_GO_NEXT;
}

/* For the log: the head is gone when the line is written. */
static void exchange_capture(struct exchange *x, const struct http_response *response)
{
	const struct config_capture *conf = &exchange_frontend_conf(x)->capture;
	if (!conf->response.count)
		return;
	x->captured = access_capture(&x->arena, &conf->response, conf->length, &response->fields);
	x->captured_count = x->captured ? conf->response.count : 0;
}

/* A 101 to the protocol that was asked for, or a 2xx to CONNECT. */
static bool exchange_switches(const struct exchange *x, const struct http_response *response)
{
	bool connected = x->request.method == HTTP_METHOD_CONNECT && response->status >= 200 && response->status < 300;
	return response->status == 101 || connected;
}

static enum exchange_go exchange_switch(struct exchange *x, const struct http_response *response)
{
	static const struct http_framing none = {.kind = HTTP_BODY_NONE};
	if (response->status == 101 &&
		(!x->request.upgrade_to.n || !http_upgrade_matches(x->request.upgrade_to, response->upgrade_to)))
		return exchange_fail(x, REASON_MALFORMED_RESPONSE, "switch_not_asked_for");
	x->close_client = true;
	if (!forward_response_head(x, response, none, response->upgrade_to))
		return exchange_fail(x, REASON_MEMORY, NULL);
	x->tunnel = true;
	x->answered = true;
	x->status = response->status;
	exchange_capture(x, response);
	x->at.response = x->worker->loop.now_us;
	timeout_stop(&x->total);
	enum exchange_go go = exchange_request(x);
	if (go == EXCHANGE_GO_NEXT && !x->upstream->channel.reading && !x->upstream->eof)
		channel_resume(&x->upstream->channel);
	return go;
}

/* How the final answer's body goes on to this client. */
static struct http_framing exchange_framing_out(struct exchange *x, const struct http_response *response)
{
	const struct http_framing in = response->framing;
	bool endless = in.kind == HTTP_BODY_UNTIL_CLOSE || in.kind == HTTP_BODY_CHUNKED;
	if (!endless)
		return in;
	if (x->request.minor == 0) {
		for (uint32_t i = 0; i < response->fields.count; i++)
			if (response->fields.at[i].id == HTTP_FIELD_TRAILER)
				response->fields.at[i].drop = HTTP_FIELD_DROPPED;
		x->until_close = x->close_client = true;
		return (struct http_framing){.kind = HTTP_BODY_UNTIL_CLOSE};
	}
	return (struct http_framing){.kind = HTTP_BODY_CHUNKED};
}

/* What an answer says of the connection that it came on. */
static LBD_COLD void exchange_note_connection(struct exchange *x, const struct http_response *response)
{
	struct upstream *u = x->upstream;
	u->bound |= response->binds;
	u->early = !x->up.done;
	u->doubtful = u->early || (x->request.method == HTTP_METHOD_HEAD && !response->framing.announced);
	if (response->keeps_s)
		u->keeps_s = response->keeps_s;
}

/* Most say nothing, and come on one that is in no doubt. */
static bool exchange_tells_of_connection(const struct exchange *x, const struct http_response *response)
{
	return !x->up.done || x->request.method == HTTP_METHOD_HEAD || response->binds || response->keeps_s ||
	       x->upstream->doubtful;
}

static bool exchange_passes_trailer_down(const struct flow *f, struct str name)
{
	return f->chunk_out && http_trailer_is_safe(name);
}

static enum exchange_go exchange_answer(struct exchange *x, const struct http_response *response)
{
	if (exchange_try_better(x, response))
		return EXCHANGE_GO_PICK;
	flow_drop_copy(&x->up);
	/* An answer before the end of the request: what the client still sends must never be read as a request. */
	if (!x->up.done || x->request_cut || x->worker->stopping)
		x->close_client = true;
	x->status = response->status;
	x->upstream_keeps = response->keep_alive;
	if (exchange_tells_of_connection(x, response))
		exchange_note_connection(x, response);
	exchange_capture(x, response);
	x->at.response = x->worker->loop.now_us;
	struct http_framing out = exchange_framing_out(x, response);
	if (!forward_response_head(x, response, out, str_make(NULL, 0)))
		return exchange_fail(x, REASON_MEMORY, NULL);
	x->answered = true;
	flow_start(
		&x->down, &x->upstream->channel, &x->session->client, response->framing, out.kind == HTTP_BODY_CHUNKED);
	x->down.passes_trailer = exchange_passes_trailer_down;
	return EXCHANGE_GO_NEXT;
}

static enum exchange_go exchange_head_malformed(struct exchange *x, enum http_error error, struct str input, size_t at)
{
	malformed_response(x, http_error_word(error), http_error_text(error),
		(struct malformed_place){.input = input, .position = at});
	return exchange_fail(x, REASON_MALFORMED_RESPONSE, http_error_word(error));
}

static enum exchange_go exchange_await_head(struct exchange *x)
{
	return x->upstream->eof || x->upstream->failed ? exchange_response_lost(x) : EXCHANGE_GO_WAIT;
}

/* A client that does not take interim answers gets nothing behind them before it has. */
static bool exchange_holds_interims(struct exchange *x)
{
	if (!x->interims)
		return false;
	channel_flush_full(&x->session->client);
	if (x->session->client.blocked)
		channel_pause(&x->upstream->channel);
	else if (!x->upstream->channel.reading && !x->upstream->eof && !x->upstream->failed)
		channel_resume(&x->upstream->channel);
	return x->session->client.blocked;
}

/* Reads one head, interim or final, from what the server sent. NEXT: the final one is on its way; PICK, CONNECT,
 * FINISH as they say; WAIT: no complete head is here. */
static enum exchange_go exchange_take_head(struct exchange *x)
{
	static const struct http_limits limits = {
		.line = WORKER_RESPONSE_HEAD, .head = WORKER_RESPONSE_HEAD, .fields = WORKER_RESPONSE_FIELDS};
	struct upstream *u = x->upstream;
	for (;;) {
		struct str input = channel_input(&u->channel);
		if (!input.n)
			return exchange_await_head(x);
		if (exchange_holds_interims(x))
			return EXCHANGE_GO_WAIT;
		struct http_response response = {.lenient = exchange_backend_conf(x)->lenient,
			.fields = {.at = x->worker->response_fields, .capacity = WORKER_RESPONSE_FIELDS}};
		size_t end = 0, at = 0;
		if (!u->scan.at)
			end = http_read_response(&response, x->request.method, input.p, input.n, &limits);
		if (!end) {
			enum http_error error = HTTP_ERROR_NONE;
			enum http_scan_result found =
				http_scan_head(&u->scan, false, input.p, input.n, &limits, &end, &error);
			if (found == HTTP_SCAN_MORE)
				return exchange_await_head(x);
			if (found == HTTP_SCAN_COMPLETE)
				error = http_parse_response(&response, x->request.method, input.p, end, &at);
			else
				at = end;
			if (error)
				return exchange_head_malformed(x, error, input, at);
		}
		u->scan = (struct http_scan){0};
		if (response.excused) {
			exchange_count_server_side(x, COUNTER_LENIENT_RESPONSES);
			x->detail = "chunked_twice";
		}
		enum exchange_go go;
		if (exchange_switches(x, &response))
			go = exchange_switch(x, &response);
		else if (response.status < 200)
			go = exchange_interim(x, &response);
		else
			go = exchange_answer(x, &response);
		if (go == EXCHANGE_GO_PICK)
			return go; /* this upstream is closed */
		if (x->reason == REASON_MALFORMED_RESPONSE)
			malformed_response(x, x->detail, NULL, (struct malformed_place){.input = input});
		channel_take(&u->channel, end);
		if (go != EXCHANGE_GO_NEXT || response.status >= 200 || response.status == 101)
			return go;
	}
}

enum exchange_go exchange_response(struct exchange *x)
{
	if (x->tunnel)
		return EXCHANGE_GO_NEXT;
	if (x->timed_out)
		return exchange_response_late(x);
	if (exchange_is_stale(x))
		return exchange_replace_upstream(x);
	if (upstream_unsent(x->upstream) && channel_input(&x->upstream->channel).n)
		return exchange_fail(x, REASON_MALFORMED_RESPONSE, "answer_before_request");
	if (!x->up.done && exchange_move_up(x))
		return EXCHANGE_GO_FINISH;
	return exchange_take_head(x);
}

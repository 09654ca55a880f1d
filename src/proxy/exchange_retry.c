/* What follows an attempt that failed: whether the request may be tried again, where, and with which part of its body.
 * The rules are those of the group retry: nothing is sent twice unless its method is listed, its body is still held and
 * the client has seen no byte of an answer; what never left may go to another server whatever it is. */
#include "backend/retry_budget.h"
#include "base/invariant.h"
#include "proxy/account.h"
#include "proxy/exchange_parts.h"

static bool exchange_method_listed(const struct exchange *x)
{
	const struct config_strings *methods = &exchange_backend_conf(x)->retry.methods;
	for (uint32_t i = 0; i < methods->count; i++)
		if (str_equal(str_of(methods->at[i]), x->request.method_text))
			return true;
	return false;
}

/* ---- the body ---- */

static bool exchange_may_need_body(const struct exchange *x)
{
	const struct config_retry *retry = &exchange_backend_conf(x)->retry;
	const struct http_framing *framing = &x->request.framing;
	bool again = retry->attempts > 1 && (retry->on & ~(unsigned)CONFIG_RETRY_CONNECT);
	bool fits = buffer_used(&x->copy.data) <= retry->body &&
		    (framing->kind != HTTP_BODY_LENGTH || framing->length <= retry->body);
	return again && retry->body && fits && exchange_method_listed(x);
}

/* Memory is spent only on a body that may be needed again. */
void exchange_keep_body(struct exchange *x)
{
	/* Most requests have no body. */
	if (x->up.done && !x->up.copy)
		return;
	if (!exchange_may_need_body(x)) {
		flow_drop_copy(&x->up);
		return;
	}
	if (!x->up.copy)
		x->copy = (struct flow_copy){.whole = true};
	x->copy.most = exchange_backend_conf(x)->retry.body;
	x->up.copy = &x->copy;
}

void exchange_keep_unsent(struct exchange *x)
{
	if (!upstream_unsent(x->upstream))
		return;
	x->unsent = channel_take_output(&x->upstream->channel);
	buffer_consume(&x->unsent, x->head_length);
	x->unsent_kept = true;
}

/* ---- may it be sent again ---- */

bool exchange_may_repeat(const struct exchange *x)
{
	return !x->tunnel && x->parsed && !x->answered && !x->interims && (!x->up.begun || x->copy.whole) &&
	       exchange_method_listed(x);
}

/* An idle upstream that the server closed just before it was used: not the server's failure, and not an attempt. */
bool exchange_may_send_again(const struct exchange *x)
{
	if (!x->upstream->reused || x->tunnel || !x->parsed || x->answered || x->interims)
		return false;
	if (exchange_may_repeat(x))
		return true;
	return http_method_idempotent(x->request.method) && !x->up.begun;
}

bool exchange_goes_once(const struct exchange *x)
{
	const struct http_framing *framing = &x->request.framing;
	if (http_framing_is_empty(framing))
		return !http_method_idempotent(x->request.method) && !exchange_method_listed(x);
	if (!exchange_may_need_body(x) || (x->up.begun && !x->copy.whole))
		return true;
	/* How long a chunked body is, nobody knows before its end. */
	return framing->kind != HTTP_BODY_LENGTH && !x->up.complete;
}

static bool exchange_attempts_left(const struct exchange *x, unsigned on)
{
	const struct config_retry *retry = &exchange_backend_conf(x)->retry;
	return (retry->on & on) && x->round_attempts + 1 < retry->attempts;
}

static bool exchange_afford_retry(struct exchange *x)
{
	uint32_t percent = exchange_backend_conf(x)->retry.budget;
	if (retry_budget_take(x->backend->retries, percent, x->worker->loop.now_us))
		return true;
	counter_add(counter_set_block(&x->backend->counters, x->worker->index), COUNTER_RETRIES_REFUSED, 1);
	return false;
}

/* ---- where to ---- */

static bool exchange_is_hopeless(const struct exchange *x, uint32_t tried)
{
	return x->hopeless >> tried & 1;
}

/* True when one of them was forgotten. */
static bool exchange_forget(struct exchange *x, bool also_last)
{
	uint32_t kept = 0, count = x->tried_count, hopeless = 0;
	for (uint32_t i = 0; i < count; i++) {
		bool keep = exchange_is_hopeless(x, i) || (i + 1 == count && !also_last);
		if (!keep)
			continue;
		hopeless |= (uint32_t)exchange_is_hopeless(x, i) << kept;
		x->tried[kept++] = x->tried[i];
	}
	x->tried_count = kept;
	x->hopeless = hopeless;
	return kept < count;
}

/* With every server tried and attempts left, one that lost an answer or gave a bad one may be asked again, the one
 * before only when there is no other. One that took no connection, or was silent for the whole of its timeout, would
 * most likely do the same again while the client waits. */
bool exchange_forget_tried(struct exchange *x)
{
	return exchange_forget(x, false) || exchange_forget(x, true);
}

static struct pick_request exchange_pick_again(const struct exchange *x)
{
	struct pick_request request;
	pick_request_init(&request, x->worker->loop.now_us, x->at.picked, x->worker->index);
	request.peek = true;
	for (uint32_t i = 0; i < x->tried_count; i++)
		if (exchange_is_hopeless(x, i))
			request.tried[request.tried_count++] = x->tried[i];
	return request;
}

/* Whether another attempt would find a server, which may have to be waited for. */
static bool exchange_other_is_there(const struct exchange *x, bool hopeless)
{
	struct pick_request request = exchange_pick_again(x);
	if (hopeless)
		request.tried[request.tried_count++] = x->server;
	return pick_has_candidate(x->backend, &request);
}

/* The same, at once: an answer is not given up for a place in a queue. */
static bool exchange_other_is_free(const struct exchange *x, bool hopeless)
{
	struct pick_request request = exchange_pick_again(x);
	if (hopeless)
		request.tried[request.tried_count++] = x->server;
	return !queue_length(&x->backend->queue) && backend_pick(x->backend, &request) != NULL;
}

/* ---- the attempt ends ---- */

/* The server is left as if it had never had the request; what was written for it and never left is kept. */
static void exchange_leave_server(struct exchange *x, bool hopeless, unsigned on)
{
	if (x->upstream)
		exchange_keep_unsent(x);
	exchange_drop_upstream(x);
	exchange_give_back(x);
	x->fresh = x->timed_out = false;
	/* retry.attempts allows no more in a round. */
	LBD_INVARIANT(x->tried_count < LBD_TRIED_MAX);
	x->hopeless |= (uint32_t)hopeless << x->tried_count;
	x->tried[x->tried_count++] = x->server;
	x->failed_attempts++;
	x->round_attempts++;
	x->lost_answers += on != CONFIG_RETRY_CONNECT;
}

/* ---- rounds: no server takes a connection ---- */

static bool exchange_connects_failed(const struct exchange *x)
{
	/* The latter is no_local_port. */
	return reason_kind(x->attempt_reason) == REASON_KIND_CONNECT || x->attempt_reason == REASON_MEMORY;
}

/* What is left of retry.connect_for, which began with the first connect that failed. */
static uint64_t exchange_round_patience(const struct exchange *x)
{
	uint64_t most_us = exchange_backend_conf(x)->retry.connect_for;
	uint64_t took_us = x->worker->loop.now_us - x->connecting_us;
	return took_us < most_us ? most_us - took_us : 0;
}

/* Answers that were lost count for all rounds together: a request that ends its server is not sent again and again. */
static bool exchange_may_go_round(const struct exchange *x)
{
	const struct config_backend *conf = exchange_backend_conf(x);
	return (conf->retry.on & CONFIG_RETRY_CONNECT) && conf->retry.attempts > 1 &&
	       x->lost_answers < conf->retry.attempts && conf->queue_max && exchange_round_patience(x);
}

enum exchange_go exchange_next_round(struct exchange *x)
{
	if (!exchange_connects_failed(x) || !exchange_may_go_round(x))
		return exchange_fail(x, x->attempt_reason, NULL);
	x->tried_count = x->hopeless = 0;
	x->round_attempts = x->lost_answers;
	switch (exchange_begin_pause(x, exchange_round_patience(x))) {
	case QUEUE_WAITS:
		return EXCHANGE_GO_QUEUE;
	case QUEUE_FULL:
		return exchange_refuse_wait(x, REASON_QUEUE_FULL);
	default:
		return exchange_fail(x, x->attempt_reason, NULL);
	}
}

/* ---- what follows ---- */

enum exchange_go exchange_try_other(struct exchange *x, enum reason reason, unsigned on)
{
	bool unsent = on == CONFIG_RETRY_CONNECT || upstream_unsent(x->upstream), hopeless = on != CONFIG_RETRY_RESET;
	bool other = exchange_attempts_left(x, on) && exchange_other_is_there(x, hopeless);
	bool round = !other && on == CONFIG_RETRY_CONNECT && exchange_may_go_round(x);
	if (!other && !round)
		return exchange_fail(x, reason, NULL);
	if (!unsent && (!exchange_may_repeat(x) || !exchange_afford_retry(x)))
		return exchange_fail(x, reason, NULL);
	account_attempt(x, reason, 0);
	x->attempt_reason = reason;
	exchange_leave_server(x, hopeless, on);
	return round ? exchange_next_round(x) : EXCHANGE_GO_PICK;
}

static unsigned exchange_retry_status(unsigned status)
{
	switch (status) {
	case 502:
		return CONFIG_RETRY_502;
	case 503:
		return CONFIG_RETRY_503;
	case 504:
		return CONFIG_RETRY_504;
	default:
		return 0;
	}
}

/* Retry-After (RFC 9110 10.2.3), unless it says 0: what that server answers at once is known. */
static bool exchange_says_later(const struct http_response *response)
{
	const struct http_field *field = http_fields_find_name(&response->fields, str_of("Retry-After"));
	for (size_t i = 0; field && i < field->value.n; i++)
		if (field->value.p[i] != '0')
			return true;
	return false;
}

bool exchange_try_better(struct exchange *x, const struct http_response *response)
{
	unsigned on = exchange_retry_status(response->status);
	if (!on || !exchange_attempts_left(x, on) || !exchange_may_repeat(x))
		return false;
	bool later = exchange_says_later(response);
	if (!exchange_other_is_free(x, later) || !exchange_afford_retry(x))
		return false;
	account_attempt(x, REASON_NONE, response->status);
	x->attempt_reason = REASON_NO_SERVER;
	exchange_leave_server(x, later, on);
	return true;
}

#include "proxy/exchange.h"

#include "backend/retry_budget.h"
#include "base/invariant.h"
#include "http/head.h"
#include "proxy/account.h"
#include "proxy/exchange_parts.h"
#include "proxy/identity.h"
#include "proxy/intercept.h"
#include "proxy/malformed.h"
#include "proxy/reply.h"

struct exchange_step_row {
	enum exchange_go (*run)(struct exchange *x);
	char phase;
};

static const struct exchange_step_row exchange_steps[] = {
#define EXCHANGE_STEP(id, function, phase) {function, phase},
#include "proxy/exchange_steps.def"
#undef EXCHANGE_STEP
};

/* A head that comes in one piece is parsed at once when it is not larger than this. */
enum {
	EXCHANGE_WHOLE_BYTES = 1536,
	EXCHANGE_WHOLE_FIELDS = 24,
	EXCHANGE_PIECE = 4096, /* bytes of an answer, while its client does not take what it has */
	EXCHANGE_WHOLE_MEMORY = EXCHANGE_WHOLE_BYTES + EXCHANGE_WHOLE_FIELDS * sizeof(struct http_field)
};

/* ---- the beginning ---- */

/* For a constant size gcc puts in "rep stos", which takes five times as long here as the memset of the C library; so the
 * size is hidden from it. */
static void exchange_clear(struct exchange *x)
{
	size_t n = offsetof(struct exchange, tried);
	__asm__("" : "+r"(n));
	memset(x, 0, n);
}

static struct exchange *exchange_create(struct session *s)
{
	struct worker *w = session_worker(s);
	struct exchange *x = pool_get(&w->exchanges);
	if (!x)
		return NULL;
	exchange_clear(x);
	x->session = s;
	x->worker = w;
	x->frontend = s->bind->frontend;
	x->phase = '-';
	x->up.done = x->down.done = true;
	x->at.start = s->request_us ? s->request_us : w->loop.now_us;
	exchange_init_timeouts(x);
	arena_init(&x->arena, x->memory, EXCHANGE_SIZE - sizeof *x);
	s->exchange = x;
	return x;
}

static void exchange_free(struct exchange *x)
{
	LBD_INVARIANT(!timeout_running(&x->timeout) && !timeout_running(&x->total) && !timeout_running(&x->pace));
	buffer_free(&x->copy.data);
	buffer_free(&x->unsent);
	buffer_free(&x->up.trailers);
	buffer_free(&x->down.trailers);
	arena_reset(&x->arena);
	pool_put(&x->worker->exchanges, x);
}

/* It is over, for this reason; the first reason stays. */
enum exchange_go exchange_fail(struct exchange *x, enum reason reason, const char *detail)
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

static bool exchange_protocol_is_allowed(const struct config_strings *allowed, struct str name)
{
	for (uint32_t i = 0; i < allowed->count; i++)
		if (str_equal_nocase(name, str_of(allowed->at[i])))
			return true;
	return false;
}

/* All that it asks for are protocols that may become a tunnel. */
static bool exchange_may_upgrade(const struct exchange *x)
{
	struct str list = x->request.upgrade_to, protocol;
	while (str_next_element(&list, &protocol))
		if (!exchange_protocol_is_allowed(&exchange_frontend_conf(x)->upgrade, http_upgrade_name(protocol)))
			return false;
	return true;
}

static LBD_COLD void exchange_refuse_underscore(struct exchange *x)
{
	const struct http_fields *fields = &x->request.fields;
	/* The head lies in one piece, as it was received. */
	const char *head = x->request.method_text.p, *at = NULL;
	for (uint32_t i = 0; i < fields->count && !at; i++)
		at = memchr(fields->at[i].name.p, '_', fields->at[i].name.n);
	malformed_request(x->session, HTTP_ERROR_UNDERSCORE,
		(struct malformed_place){
			.input = str_make(head, x->head_bytes_in), .position = at ? (size_t)(at - head) : 0});
	exchange_fail(x, REASON_MALFORMED_REQUEST, http_error_word(HTTP_ERROR_UNDERSCORE));
	x->step = EXCHANGE_STEP_FINISH;
}

/* What was parsed is the exchange's request from now on. */
static void exchange_take_request(struct exchange *x, size_t head_bytes)
{
	x->parsed = true;
	x->head_bytes_in = (uint32_t)head_bytes;
	if (x->request.upgrade_to.n && !exchange_may_upgrade(x))
		x->request.upgrade_to = str_make(NULL, 0);
	identity_begin(x);
	if (x->request.underscores && exchange_frontend_conf(x)->underscores == CONFIG_UNDERSCORES_REFUSE)
		exchange_refuse_underscore(x);
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
	x->request.connect_allowed = exchange_frontend_conf(x)->connect;
	enum http_error error = http_parse_request(&x->request, copy, head.n, &at);
	if (error) {
		exchange_fail(x, REASON_MALFORMED_REQUEST, http_error_word(error));
		x->status = http_error_status(error);
		malformed_request(x->session, error, (struct malformed_place){.input = head, .position = at});
		return false;
	}
	exchange_take_request(x, head.n);
	return true;
}

void exchange_start(struct exchange *x, size_t taken)
{
	struct session *s = x->session;
	channel_take(&s->client, taken);
	x->at.head = x->parsed ? session_worker(s)->loop.now_us : 0;
	/* What follows a CONNECT was meant for a tunnel, and is never read as a request. */
	x->close_client =
		!x->request.keep_alive || session_worker(s)->stopping || x->request.method == HTTP_METHOD_CONNECT;
	counter_add(counter_set_block(&x->frontend->counters, session_worker(s)->index), COUNTER_REQUESTS, 1);
	exchange_run(x);
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
	exchange_start(x, taken);
}

/* To parse the beginning of a long head would be for nothing. */
static bool exchange_has_empty_line(const char *p, size_t n)
{
	const char *end = p + n;
	while ((p = memchr(p, '\n', (size_t)(end - p))) && ++p < end)
		if (*p == '\r')
			return true;
	return false;
}

struct exchange *exchange_read(struct session *s, struct str input, const struct http_limits *limits)
{
	size_t n = input.n;
	if (n > EXCHANGE_WHOLE_BYTES) {
		n = EXCHANGE_WHOLE_BYTES;
		if (!exchange_has_empty_line(input.p, n))
			return NULL;
	}
	struct exchange *x = exchange_create(s);
	if (!x)
		return NULL;
	char *copy = x->memory;
	memcpy(copy, input.p, n);
	x->request.fields.at = (struct http_field *)(void *)(x->memory + EXCHANGE_WHOLE_BYTES);
	x->request.fields.capacity = EXCHANGE_WHOLE_FIELDS;
	x->request.connect_allowed = exchange_frontend_conf(x)->connect;
	size_t end = http_read_request(&x->request, copy, n, limits);
	if (!end) {
		exchange_free(x);
		s->exchange = NULL;
		return NULL;
	}
	/* The head and its fields have the first memory of the arena. */
	arena_init(&x->arena, x->memory + EXCHANGE_WHOLE_MEMORY, EXCHANGE_SIZE - sizeof *x - EXCHANGE_WHOLE_MEMORY);
	exchange_take_request(x, end);
	return x;
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
	/* Nobody got as far as a request before the PROXY header. */
	if (reason != REASON_PROXY_HEADER)
		counter_add(counter_set_block(&x->frontend->counters, x->worker->index), COUNTER_REQUESTS, 1);
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
	x->at.head = session_worker(s)->loop.now_us; /* behind the PROXY header, if there was one */
	exchange_run(x);
}

/* ---- the driver ---- */

static void exchange_check(const struct exchange *x)
{
	LBD_INVARIANT(x->step < EXCHANGE_STEP_COUNT);
	LBD_INVARIANT(x->session->exchange == x);
	LBD_INVARIANT(!x->upstream || x->upstream->exchange == x);
	LBD_INVARIANT(!x->upstream || x->server);
	LBD_INVARIANT(
		!x->waiter || (x->step == EXCHANGE_STEP_QUEUE && !x->reserved) || x->step == EXCHANGE_STEP_FINISH);
	LBD_INVARIANT(x->step <= EXCHANGE_STEP_QUEUE || x->step == EXCHANGE_STEP_FINISH || x->server);
}

bool exchange_go_on(struct exchange *x, enum exchange_go go)
{
	switch (go) {
	case EXCHANGE_GO_NEXT:
		x->step++;
		return true;
	case EXCHANGE_GO_PICK:
		x->step = EXCHANGE_STEP_PICK;
		return true;
	case EXCHANGE_GO_QUEUE:
		x->step = EXCHANGE_STEP_QUEUE;
		return true;
	case EXCHANGE_GO_CONNECT:
		x->step = EXCHANGE_STEP_CONNECT;
		return true;
	case EXCHANGE_GO_FINISH:
		x->step = EXCHANGE_STEP_FINISH;
		return true;
	case EXCHANGE_GO_WAIT:
		exchange_arm(x);
		return false;
	case EXCHANGE_GO_DONE:
		return false;
	}
	return false;
}

void exchange_run(struct exchange *x)
{
	enum exchange_go go;
	do {
		exchange_check(x);
		if (x->session->failed && x->step != EXCHANGE_STEP_FINISH) {
			exchange_fail(x, REASON_CLIENT_CLOSED, NULL);
			x->step = EXCHANGE_STEP_FINISH;
		}
		go = exchange_steps[x->step].run(x);
	} while (exchange_go_on(x, go));
}

/* ---- which backend ---- */

static bool exchange_body_is_too_large(const struct exchange *x)
{
	uint64_t most = exchange_frontend_conf(x)->limits.body;
	return most && x->request.framing.kind == HTTP_BODY_LENGTH && x->request.framing.length > most;
}

/* The backend that the rules choose; NULL when they end the exchange. */
static struct backend *exchange_ask_rules(struct exchange *x)
{
	struct verdict verdict = intercept_decide(x);
	if (verdict.backend)
		return verdict.backend;
	if (verdict.reason == REASON_RULE_ANSWERED && !intercept_send(x, &verdict.rules))
		verdict.reason = REASON_MEMORY;
	exchange_fail(
		x, verdict.reason, verdict.reason == REASON_MALFORMED_REQUEST ? http_error_word(verdict.error) : NULL);
	/* As HAProxy writes it: the search for a server has failed, not the request. */
	if (x->reason == REASON_NO_BACKEND)
		x->phase = 'C';
	if (verdict.reason == REASON_DENIED || verdict.reason == REASON_RATE_LIMITED || verdict.reason == REASON_COSTLY)
		x->status = (uint16_t)verdict.rules.status;
	x->retry_after_s = (uint32_t)((verdict.rules.wait_us + 999999) / 1000000);
	return NULL;
}

enum exchange_go exchange_route(struct exchange *x)
{
	uint64_t wait_us = 0;
	enum reason too_many = x->parsed ? source_requests(x, &wait_us) : REASON_NONE;
	if (too_many) {
		x->retry_after_s = (uint32_t)((wait_us + 999999) / 1000000);
		return exchange_fail(x, too_many, NULL);
	}
	struct backend *backend = atomic_load_explicit(&x->frontend->default_backend, memory_order_acquire);
	if (!backend || intercept_has_rules(x))
		backend = exchange_ask_rules(x);
	if (!backend)
		return EXCHANGE_GO_FINISH;
	if (exchange_body_is_too_large(x))
		return exchange_fail(x, REASON_BODY_TOO_LARGE, NULL);
	if (x->parsed && x->request.forwards_left == 0) {
		exchange_fail(x, REASON_MAX_FORWARDS, NULL);
		/* TRACE is not served: an echo of the head would tell its reader what only servers are to know. */
		x->status = x->request.method == HTTP_METHOD_TRACE ? 405 : 200;
		return EXCHANGE_GO_FINISH;
	}
	x->backend = backend;
	struct counters *c = counter_set_block(&x->backend->counters, x->worker->index);
	counter_add(c, COUNTER_SESSIONS, 1);
	counter_add(c, COUNTER_REQUESTS, 1);
	retry_budget_note_request(x->backend->retries, x->worker->index, x->worker->loop.now_us);
	exchange_arm_total(x);
	return exchange_wants_buffer(x) ? EXCHANGE_GO_NEXT : EXCHANGE_GO_PICK;
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
	bool whole = x->parsed && http_framing_is_empty(&x->request.framing);
	if (!reply_send(x, !whole || x->close_client))
		s->failed = true;
}

enum exchange_go exchange_finish(struct exchange *x)
{
	struct session *s = x->session;
	timeout_stop(&x->timeout);
	exchange_leave_queue(x);
	timeout_stop(&x->total);
	timeout_stop(&x->pace);
	exchange_answer_failure(x);
	if (x->upstream && x->tunnel)
		upstream_cut(x->upstream);
	else if (x->upstream)
		upstream_close(x->upstream);
	x->upstream = NULL;
	account_exchange(x);
	source_note_end(x);
	exchange_give_back(x);
	if (x->at.connected)
		queue_server_answers(x->backend);
	bool whole = x->response_complete && !x->request_cut;
	bool keep = whole && !x->close_client;
	/* Bodies may have an empty line behind them, from clients that know no better. */
	s->last = whole && x->parsed && !x->request.keep_alive && x->request.framing.kind == HTTP_BODY_NONE;
	/* Without a length the client cannot see that something is missing, unless the connection breaks. */
	bool reset = x->reason == REASON_PROXY_HEADER;
	reset |= !x->response_complete && (x->tunnel ? x->at.connected != 0 : x->answered && x->until_close);
	/* Who takes nothing of its answer has had its time. */
	reset |= x->reason == REASON_CLIENT_TIMEOUT && s->client.blocked;
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

bool exchange_splice_up(struct exchange *x, ssize_t *got)
{
	/* The request's body goes up while the answer is waited for, but not before its head. */
	bool open = x->step == EXCHANGE_STEP_RESPONSE || x->step == EXCHANGE_STEP_RELAY;
	return open && x->upstream && flow_splice(&x->up, got);
}

bool exchange_splice_down(struct exchange *x, ssize_t *got)
{
	return exchange_is_relaying(x) && flow_splice(&x->down, got);
}

size_t exchange_server_room(const struct exchange *x)
{
	const struct channel *client = &x->session->client;
	if (!client->blocked)
		return loop_room(client->loop);
	/* What the client has not taken is kept already; an answer is taken up in pieces that a head is made of. */
	size_t kept = channel_pending(client);
	return kept + EXCHANGE_PIECE < LOOP_AHEAD ? LOOP_AHEAD - kept : EXCHANGE_PIECE;
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

#include "proxy/session.h"

#include "base/invariant.h"
#include "proxy/admission.h"
#include "proxy/exchange.h"
#include "proxy/malformed.h"
#include "proxy/session_parts.h"
#include "proxy/session_walk.h"
#include "proxy/upstream.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* What a client still sends after its last answer is dropped, so much in a tick, and no longer than this where
 * timeouts.client_fin has no end. */
enum { SESSION_LINGER_BYTES = 4 << 20, SESSION_LINGER_TICK_US = 50000, SESSION_LINGER_MOST_US = 30000000 };
/* What one client is answered here in one turn of the loop, in units of a few us; then it is the turn of others. A
 * request is one, and so is each of these sizes. */
enum { SESSION_SHARE = 16, SESSION_UNIT_BYTES = 4096, SESSION_UNIT_STEPS = 512 };
/* While stopping, an idle client may have its next request under way. */
enum { SESSION_FAREWELL_US = 500000 };

static void session_on_readable(struct channel *c);
static void session_on_drained(struct channel *c);
static void session_on_failed(struct channel *c, int error);
static void session_on_timeout(struct timeout *t);
static void session_linger(struct session *s);

static const struct channel_owner session_channel_owner = {
	.readable = session_on_readable,
	.drained = session_on_drained,
	.failed = session_on_failed,
};

static struct session *session_of_channel(struct channel *c)
{
	return (struct session *)((char *)c - offsetof(struct session, client));
}

static const struct config_frontend *session_conf(const struct session *s)
{
	return atomic_load_explicit(&s->bind->frontend->conf, memory_order_acquire);
}

static void session_count_start(struct frontend *f, uint32_t worker)
{
	uint32_t now = atomic_fetch_add_explicit(&f->sessions, 1, memory_order_relaxed) + 1;
	uint32_t most = atomic_load_explicit(&f->sessions_max, memory_order_relaxed);
	while (now > most && !atomic_compare_exchange_weak_explicit(
				     &f->sessions_max, &most, now, memory_order_relaxed, memory_order_relaxed))
		;
	counter_add(counter_set_block(&f->counters, worker), COUNTER_SESSIONS, 1);
}

void session_begin_tunnel(struct session *s)
{
	s->state = SESSION_BUSY;
	exchange_begin_tunnel(s);
}

static LBD_COLD void session_turn_away(struct worker *w, struct frontend *f, int fd, enum reason reason)
{
	counter_add(counter_set_block(&f->counters, w->index), COUNTER_DENIED_SESSIONS, 1);
	counter_row_add(&f->ends, w->index, reason);
	if (reason == REASON_MEMORY_LIMIT)
		atomic_fetch_add_explicit(&w->limits->memory_refused, 1, memory_order_relaxed);
	close(fd);
	admission_session_ended(w, f);
}

void session_start(struct worker *w, struct bind_point *bind, int fd, const struct address *peer)
{
	if (atomic_load_explicit(&w->limits->memory_level, memory_order_relaxed) != MEMORY_FREE) {
		session_turn_away(w, bind->frontend, fd, REASON_MEMORY_LIMIT);
		return;
	}
	count_word *counted = NULL;
	/* Behind a PROXY header it is known later who it is. */
	const struct config_frontend *conf = atomic_load_explicit(&bind->frontend->conf, memory_order_acquire);
	bool known = !session_owes_proxy_header(&conf->accept_proxy, peer);
	if (known && source_connects(bind->frontend, w->index, peer, w->loop.now_us, &counted)) {
		close(fd);
		admission_session_ended(w, bind->frontend);
		return;
	}
	struct session *s = pool_get(&w->sessions);
	if (!s) {
		count_table_give(counted);
		session_turn_away(w, bind->frontend, fd, REASON_MEMORY);
		return;
	}
	admission_got_descriptor(w, fd);
	*s = (struct session){.bind = bind,
		.serial = ++w->session_serial,
		.accepted_wall_us = loop_wall_us(&w->loop),
		.request_us = w->loop.now_us,
		.state = SESSION_IDLE,
		.counted = counted,
		.peer = session_pack(peer)};
	timeout_init(&s->timeout, session_on_timeout);
	list_init(&s->idle);
	list_append(&w->open_sessions, &s->link);
	w->session_count++;
	session_count_start(bind->frontend, w->index);
	channel_open(&s->client, &w->loop, fd, &session_channel_owner, false);
	bool tcp = bind->frontend->mode == CONFIG_MODE_TCP;
	if (!known)
		s->state = SESSION_PROXY;
	else if (tcp)
		session_begin_tunnel(s);
	if (s->state == SESSION_PROXY)
		timeout_start(&w->loop, &s->timeout, tcp ? conf->timeouts.client : conf->timeouts.http_request);
	if (s->state != SESSION_IDLE)
		return;
	session_time_head(s);
	idle_sessions_enter(s);
}

/* ---- the head of a request ---- */

void session_time_head(struct session *s)
{
	const struct config_frontend *conf = session_conf(s);
	uint64_t most = conf->timeouts.http_request;
	/* In ticks, the odd rest first, so that the last one ends where all of it does. */
	if (conf->limits.min_rate)
		most = most ? (most - 1) % SESSION_PACE_TICK_US + 1 : SESSION_PACE_TICK_US;
	timeout_start(&session_worker(s)->loop, &s->timeout, most);
}

static bool session_head_is_slow(const struct session *s)
{
	uint64_t rate = session_conf(s)->limits.min_rate, took_us = session_worker(s)->loop.now_us - s->head_us;
	uint64_t due = took_us / SESSION_PACE_TICK_US * rate;
	return rate && channel_input(&s->client).n + SESSION_PACE_GRACE_S * rate <= due;
}

/* True when only a tick is over. */
static bool session_head_has_time(struct session *s)
{
	const struct config_frontend *conf = session_conf(s);
	uint64_t most = conf->timeouts.http_request, took_us = session_worker(s)->loop.now_us - s->request_us;
	bool waits = s->state == SESSION_IDLE && !s->requests && !session_worker(s)->stopping;
	if (!conf->limits.min_rate || (most && took_us >= most) || !(waits || s->state == SESSION_HEAD))
		return false;
	return waits || !session_head_is_slow(s);
}

static void session_begin_head(struct session *s)
{
	if (s->state != SESSION_IDLE)
		return;
	idle_sessions_leave(s);
	s->state = SESSION_HEAD;
	s->scan = (struct http_scan){0};
	s->head_us = session_worker(s)->loop.now_us;
	/* The first request's time began with the accept: its timeout is running. */
	if (s->requests) {
		s->request_us = session_worker(s)->loop.now_us;
		session_time_head(s);
	}
}

static void session_refuse(struct session *s, enum reason reason, const char *detail, unsigned status)
{
	timeout_stop(&s->timeout);
	s->state = SESSION_BUSY;
	exchange_begin_refused(s, reason, detail, status);
}

static void session_head_is_here(struct session *s)
{
	timeout_stop(&s->timeout);
	idle_sessions_leave(s);
	s->state = SESSION_BUSY;
	s->requests++;
}

/* Most heads come in one piece: no timeout of their own, and no search for their end. */
static bool session_begin_whole(struct session *s, struct str input, const struct http_limits *limits)
{
	if (s->requests)
		s->request_us = session_worker(s)->loop.now_us;
	struct exchange *x = exchange_read(s, input, limits);
	if (!x)
		return false;
	session_head_is_here(s);
	exchange_start(x, x->head_bytes_in);
	return true;
}

/* Empty lines belong to no request (RFC 9112 2.2): a client that sent nothing else is as idle as before. */
static bool session_has_more_than_empty_lines(struct str input)
{
	size_t i = 0;
	while (i < input.n && (input.p[i] == '\r' || input.p[i] == '\n'))
		i++;
	return i < input.n;
}

static bool session_awaits_head(const struct session *s)
{
	return s->state == SESSION_IDLE || s->state == SESSION_HEAD;
}

/* Looks for a head in what was received. True when an exchange began, so that the next head has to wait for its end. */
static bool session_take_head(struct session *s)
{
	struct str input = channel_input(&s->client);
	/* A client that does not take its answers gets no more of them. */
	if (!input.n || s->client.blocked || s->client.error)
		return false;
	const struct config_limits *conf = &session_conf(s)->limits;
	struct http_limits limits = {.line = conf->request_line, .head = conf->header_bytes, .fields = conf->headers};
	if (s->state == SESSION_IDLE && session_begin_whole(s, input, &limits))
		return true;
	if (session_has_more_than_empty_lines(input))
		session_begin_head(s);
	enum http_error error = HTTP_ERROR_NONE;
	size_t end = 0;
	switch (http_scan_head(&s->scan, true, input.p, input.n, &limits, &end, &error)) {
	case HTTP_SCAN_MORE:
		return false;
	case HTTP_SCAN_BAD:
		session_begin_head(s);
		malformed_request(s, error, (struct malformed_place){.input = input, .position = end});
		session_refuse(s, REASON_MALFORMED_REQUEST, http_error_word(error), http_error_status(error));
		return true;
	case HTTP_SCAN_COMPLETE:
		break;
	}
	session_head_is_here(s);
	struct str head = str_make(input.p + s->scan.skipped, end - s->scan.skipped);
	exchange_begin(s, head, s->scan.lines, end);
	return true;
}

static void session_ended_by_client(struct session *s)
{
	/* Nothing, or only part of a head: a client that went away between two requests did nothing wrong. */
	if (s->state == SESSION_HEAD)
		session_refuse(s, REASON_CLIENT_CLOSED, NULL, 400);
	else
		session_linger(s);
}

/* Nothing more can come, and what was answered may still have to leave. */
static void session_close_when_sent(struct session *s)
{
	channel_flush(&s->client);
	if (s->failed || !channel_pending(&s->client))
		session_close(s, false);
}

/* A close would answer what still comes with a reset, which can destroy the answer on its way; so it is dropped, for as
 * long and as fast as is good for a client that writes all of its body before it reads. */
static void session_drop_input(struct session *s)
{
	struct loop *loop = &session_worker(s)->loop;
	ssize_t got = channel_discard(&s->client);
	if (got == CHANNEL_AGAIN)
		return;
	s->eof = got == CHANNEL_CLOSED;
	s->failed = got < 0;
	if (s->eof) {
		channel_pause(&s->client);
		session_close_when_sent(s);
	} else if (s->failed || loop->now_us >= s->linger_until_us) {
		session_close(s, false);
	} else if ((s->lingered += (uint32_t)got) >= SESSION_LINGER_BYTES) {
		channel_pause(&s->client);
		s->paced = true;
		timeout_start(loop, &s->timeout, SESSION_LINGER_TICK_US);
	}
}

/* Bytes that may be received now. What comes ahead of its time, while it is another's turn, an exchange runs or the
 * answers are not taken, is kept, and so it is not received without end. A head has its own limits. */
static size_t session_room(const struct session *s)
{
	if (s->state == SESSION_HEAD)
		return LOOP_AHEAD;
	size_t kept = channel_input(&s->client).n, ahead = kept < LOOP_AHEAD ? LOOP_AHEAD - kept : 0;
	if (s->state == SESSION_BUSY && exchange_wants_body(s->exchange))
		return flow_may_receive(&s->exchange->up, ahead);
	return ahead;
}

static void session_on_readable(struct channel *c)
{
	struct session *s = session_of_channel(c);
	ssize_t got;
	/* Asked again in the next turn, which is soon. */
	if (s->waits_turn)
		return;
	if (s->state == SESSION_LINGER) {
		session_drop_input(s);
		return;
	}
	size_t room = session_room(s);
	if (!room || (session_awaits_head(s) && c->blocked)) {
		channel_pause(c);
		return;
	}
	if (s->state != SESSION_BUSY || !exchange_splice_up(s->exchange, &got))
		got = channel_receive(c, room);
	if (got == CHANNEL_AGAIN)
		return;
	if (got <= 0) {
		s->eof = got == CHANNEL_CLOSED;
		s->failed = got != CHANNEL_CLOSED;
		channel_pause(c);
	}
	switch ((enum session_state)s->state) {
	case SESSION_PROXY:
		session_take_proxy(s);
		break;
	case SESSION_IDLE:
	case SESSION_HEAD:
		if (s->failed)
			session_ended_by_client(s);
		else
			session_continue(s);
		break;
	case SESSION_BUSY:
		if (got > 0)
			exchange_client_sent(s->exchange);
		else
			exchange_client_ended(s->exchange);
		/* Pipelined requests wait here, but not without end. */
		if (s->state == SESSION_BUSY && channel_input(c).n >= LOOP_AHEAD)
			channel_pause(c);
		break;
	case SESSION_LINGER:
	case SESSION_ENDED:
		break;
	}
}

static void session_on_drained(struct channel *c)
{
	struct session *s = session_of_channel(c);
	/* It is in the loop's list, and goes on at the end of this turn. */
	if (s->waits_turn)
		return;
	if (s->state == SESSION_BUSY)
		exchange_client_drained(s->exchange);
	else if (s->state == SESSION_LINGER && s->eof)
		session_close(s, false);
	else if (session_worker(s)->stopping && s->state == SESSION_LINGER)
		session_stop(s);
	else
		session_continue(s);
}

/* It would keep more than there is memory for. */
static LBD_COLD void session_out_of_memory(struct session *s)
{
	struct worker *w = session_worker(s);
	bool near = atomic_load_explicit(&w->limits->memory_level, memory_order_relaxed) != MEMORY_FREE;
	enum reason reason = near ? REASON_MEMORY_LIMIT : REASON_MEMORY;
	if (near)
		atomic_fetch_add_explicit(&w->limits->memory_closed, 1, memory_order_relaxed);
	if (s->state == SESSION_BUSY)
		exchange_kill(s->exchange, reason);
	else
		counter_row_add(&s->bind->frontend->ends, w->index, reason);
	session_close(s, true);
}

static void session_on_failed(struct channel *c, int error)
{
	struct session *s = session_of_channel(c);
	s->failed = true;
	if (error == ENOMEM)
		session_out_of_memory(s);
	else if (s->state == SESSION_BUSY)
		exchange_client_ended(s->exchange);
	else
		session_close(s, false);
}

static uint64_t session_linger_us(const struct session *s)
{
	uint64_t most = session_conf(s)->timeouts.client_fin;
	/* A stop waits for answers, and not for clients that have theirs and forget to close. An answer that leaves at
	 * the end of this turn is as good as sent. */
	bool answered = session_worker(s)->stopping && !s->client.blocked;
	return answered && (!most || most > SESSION_FAREWELL_US) ? SESSION_FAREWELL_US : most;
}

/* True when the answer did not leave at once after all, and so the time that ran was too short. */
static bool session_is_owed_time(const struct session *s)
{
	uint64_t ran = s->timeout.deadline_us - s->timeout.started_us, most = session_linger_us(s);
	return s->client.blocked && (!most || ran < most);
}

static void session_time_linger(struct session *s)
{
	struct loop *loop = &session_worker(s)->loop;
	uint64_t most = session_linger_us(s);
	s->linger_until_us = loop->now_us + (most ? most : SESSION_LINGER_MOST_US);
	timeout_start(loop, &s->timeout, s->paced ? SESSION_LINGER_TICK_US : most);
}

static bool session_lingers_on(struct session *s)
{
	struct loop *loop = &session_worker(s)->loop;
	if (!s->paced && session_is_owed_time(s)) {
		session_time_linger(s);
		return true;
	}
	if (!s->paced || loop->now_us >= s->linger_until_us)
		return false;
	s->lingered = 0;
	if (!s->eof)
		channel_resume(&s->client);
	timeout_start(loop, &s->timeout, SESSION_LINGER_TICK_US);
	return true;
}

static void session_on_timeout(struct timeout *t)
{
	struct session *s = (struct session *)((char *)t - offsetof(struct session, timeout));
	if (s->waits_turn)
		timeout_start(&session_worker(s)->loop, &s->timeout, session_conf(s)->timeouts.keep_alive);
	else if (s->state == SESSION_PROXY && channel_input(&s->client).n)
		session_refuse_proxy(s, "timeout");
	else if (session_head_has_time(s))
		timeout_start(&session_worker(s)->loop, t, SESSION_PACE_TICK_US);
	else if (s->state == SESSION_HEAD)
		session_refuse(s, session_head_is_slow(s) ? REASON_TOO_SLOW : REASON_REQUEST_TIMEOUT, NULL, 408);
	else if (s->state != SESSION_LINGER || !session_lingers_on(s))
		session_close(s, false);
}

/* ---- between two exchanges, and the end ---- */

static void session_wait_turn(struct session *s)
{
	s->waits_turn = true;
	list_append(&session_worker(s)->loop.later, &s->idle);
}

void session_go_on(struct list *link)
{
	struct session *s = (struct session *)((char *)link - offsetof(struct session, idle));
	s->waits_turn = false;
	session_continue(s);
}

/* How much of its share is used, from what stood at the counters when its turn began. */
static uint64_t session_used(const struct session *s, unsigned requests, uint64_t sent, uint64_t steps)
{
	return requests + (s->client.sent - sent) / SESSION_UNIT_BYTES +
	       (session_worker(s)->rule_steps - steps) / SESSION_UNIT_STEPS;
}

/* Begins the next request when it is here already. Exchanges that end at once come back here while this is on the
 * stack; so they leave the rest to the loop below instead of going deeper. */
void session_continue(struct session *s)
{
	LBD_INVARIANT(!s->waits_turn);
	if (s->continuing)
		return;
	s->continuing = true;
	unsigned requests = 0;
	uint64_t sent = s->client.sent, steps = session_worker(s)->rule_steps;
	while (session_awaits_head(s) && session_used(s, requests, sent, steps) < SESSION_SHARE &&
		session_take_head(s)) {
		requests++;
		channel_flush_full(&s->client);
	}
	s->continuing = false;
	if (!session_awaits_head(s))
		return;
	if (s->client.blocked)
		channel_pause(&s->client); /* until it has taken what waits */
	else if (channel_input(&s->client).n && session_used(s, requests, sent, steps) >= SESSION_SHARE)
		session_wait_turn(s);
	else if (s->eof || s->failed)
		session_ended_by_client(s);
	else if (!s->client.reading)
		channel_resume(&s->client);
	if (s->state == SESSION_IDLE && !s->waits_turn)
		idle_sessions_enter(s);
}

/* The answer is complete and the connection will not be used again: FIN behind the answer. A close now would turn what
 * the client is still sending into a reset, which can destroy the answer on its way. */
static void session_linger(struct session *s)
{
	idle_sessions_leave(s);
	s->state = SESSION_LINGER;
	idle_sessions_enter(s);
	s->lingered = 0;
	if (s->upstream)
		upstream_close(s->upstream);
	if (s->eof || s->failed)
		session_close_when_sent(s);
	if (s->state == SESSION_ENDED)
		return;
	channel_take(&s->client, channel_input(&s->client).n);
	channel_shutdown(&s->client);
	session_time_linger(s);
	if (!s->eof)
		channel_resume(&s->client);
}

/* No further request will be read. A client that said so itself sends nothing that a close could turn into a reset. */
static void session_end(struct session *s)
{
	if (s->last && !channel_input(&s->client).n)
		session_close_when_sent(s);
	if (s->state != SESSION_ENDED)
		session_linger(s);
}

void session_exchange_ended(struct session *s, bool keep)
{
	s->exchange = NULL;
	if (s->failed) {
		session_close(s, false);
		return;
	}
	if (!keep) {
		session_end(s);
		return;
	}
	s->state = SESSION_IDLE;
	s->scan = (struct http_scan){0};
	timeout_start(&session_worker(s)->loop, &s->timeout, session_conf(s)->timeouts.keep_alive);
	session_continue(s);
	if (session_worker(s)->stopping)
		session_stop(s);
}

static void session_free(struct doomed *doomed, void *owner)
{
	struct session *s = (struct session *)((char *)doomed - offsetof(struct session, doomed));
	struct worker *w = owner;
	free(s->proxied);
	pool_put(&w->sessions, s);
	if (--w->session_count == 0 && w->stopping)
		w->emptied(w);
}

void session_close(struct session *s, bool reset)
{
	if (s->state == SESSION_ENDED)
		return;
	LBD_INVARIANT(!s->exchange);
	if (s->upstream)
		upstream_close(s->upstream);
	idle_sessions_leave(s);
	s->state = SESSION_ENDED;
	timeout_stop(&s->timeout);
	channel_close(&s->client, reset);
	session_cursors_skip(s);
	list_remove(&s->link);
	struct frontend *f = s->bind->frontend;
	counter_add(counter_set_block(&f->counters, session_worker(s)->index), COUNTER_SESSIONS_CLOSED, 1);
	count_table_give(s->counted);
	/* Before the place is free: never more sessions than places. */
	atomic_fetch_sub_explicit(&f->sessions, 1, memory_order_relaxed);
	admission_session_ended(session_worker(s), f);
	loop_doom(&session_worker(s)->loop, &s->doomed, session_free);
}

void session_stop(struct session *s)
{
	if (s->state == SESSION_IDLE || s->state == SESSION_PROXY)
		timeout_start(&session_worker(s)->loop, &s->timeout, SESSION_FAREWELL_US);
	else if (s->state == SESSION_LINGER)
		session_time_linger(s);
}

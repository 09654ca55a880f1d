/* Every wait of an exchange has a deadline: the one of whoever is waited for now, and, when they are configured, one
 * for the whole and a least rate for the request's body. */
#include "proxy/exchange_parts.h"

static void exchange_on_timeout(struct timeout *t);
static void exchange_on_total_timeout(struct timeout *t);
static void exchange_on_pace(struct timeout *t);

void exchange_init_timeouts(struct exchange *x)
{
	timeout_init(&x->timeout, exchange_on_timeout);
	timeout_init(&x->total, exchange_on_total_timeout);
	timeout_init(&x->pace, exchange_on_pace);
}

/* 0 is endless. */
static uint64_t exchange_shorter(uint64_t a, uint64_t b)
{
	return a && (!b || a < b) ? a : b;
}

void exchange_arm_total(struct exchange *x)
{
	uint64_t shorter = exchange_shorter(
		exchange_frontend_conf(x)->timeouts.request, exchange_backend_conf(x)->timeouts.request);
	if (shorter && !x->tunnel) /* which is no request */
		timeout_start(&x->worker->loop, &x->total, shorter);
}

/* Who has to do something for a tunnel to go on: c, s, or t for either of them. As long as one of them has said nothing
 * it is no different from a request and its answer; nor is it when one of them has ended, for a client that just went
 * away ends like one that has asked its last. */
static char exchange_tunnel_waits_for(const struct exchange *x)
{
	bool server_blocked = x->upstream && x->upstream->channel.blocked;
	if (x->down.done)
		return server_blocked ? 's' : 'c';
	if (x->up.done)
		return x->session->client.blocked ? 'c' : 's';
	if (x->frontend->mode == CONFIG_MODE_HTTP || (x->up.begun && x->down.begun))
		return 't';
	return x->up.begun ? 's' : 'c';
}

static uint64_t exchange_tunnel_patience(
	struct exchange *x, const struct config_timeouts *frontend, const struct config_timeouts *backend)
{
	x->waits_for = exchange_tunnel_waits_for(x);
	uint64_t most = exchange_shorter(frontend->tunnel, backend->tunnel), own = 0;
	if (x->waits_for == 's')
		own = backend->server;
	else if (x->waits_for == 'c')
		own = x->down.done ? frontend->client_fin : frontend->client;
	uint64_t patience = exchange_shorter(own, most);
	if (patience != own)
		x->waits_for = 't';
	return patience;
}

/* Whose timeout runs while nothing happens, and how long: the one's from whom the next byte has to come, or who has to
 * take it. */
static uint64_t exchange_patience(struct exchange *x)
{
	const struct config_timeouts *backend = &exchange_backend_conf(x)->timeouts;
	const struct config_timeouts *frontend = &exchange_frontend_conf(x)->timeouts;
	if (x->step == EXCHANGE_STEP_QUEUE)
		return x->pause_us ? x->pause_us : exchange_queue_patience(x);
	if (x->step == EXCHANGE_STEP_BUFFER) {
		/* What comes before a server is asked is a matter of both. */
		x->waits_for = 'c';
		return exchange_shorter(frontend->client, frontend->http_request);
	}
	if (x->step == EXCHANGE_STEP_CONNECT) {
		x->waits_for = 's';
		return backend->connect;
	}
	if (x->tunnel)
		return exchange_tunnel_patience(x, frontend, backend);
	if (x->down.paused || x->session->client.blocked || (!x->up.done && !x->up.paused))
		x->waits_for = 'c';
	else
		x->waits_for = 's';
	return x->waits_for == 's' ? backend->server : frontend->client;
}

/* The one who has to take what waits, when that is what is waited for. In a tunnel it may be either. */
static const struct channel *exchange_slow_reader(const struct exchange *x)
{
	const struct channel *client = &x->session->client, *server = x->upstream ? &x->upstream->channel : NULL;
	if (x->step <= EXCHANGE_STEP_CONNECT)
		return NULL;
	if (x->waits_for != 's' && client->blocked)
		return client;
	return x->waits_for != 'c' && server && server->blocked ? server : NULL;
}

/* A slow reader is not heard of for minutes while it takes what the kernel holds for it. So it is looked at in quarters
 * of its time. */
static void exchange_arm_quarter(struct exchange *x, uint64_t patience)
{
	timeout_start(&x->worker->loop, &x->timeout, (patience + 3) / 4);
}

/* True when part of the answer's head is here and the server's time for it runs: a head that comes byte by byte gets no
 * more of it than one that does not come. before: who was waited for until now. */
static bool exchange_head_is_timed(const struct exchange *x, char before, uint64_t patience)
{
	const struct timeout *t = &x->timeout;
	return x->step == EXCHANGE_STEP_RESPONSE && before == 's' && x->waits_for == 's' &&
	       channel_input(&x->upstream->channel).n && timeout_running(t) &&
	       t->deadline_us - t->started_us == patience;
}

void exchange_arm(struct exchange *x)
{
	/* These two are for the whole of their step, whatever happens meanwhile. */
	bool whole = x->step == EXCHANGE_STEP_QUEUE || x->step == EXCHANGE_STEP_CONNECT;
	if (whole && timeout_running(&x->timeout))
		return;
	char before = x->waits_for;
	uint64_t patience = exchange_patience(x);
	bool reads_slowly = exchange_slow_reader(x);
	if (!reads_slowly && exchange_head_is_timed(x, before, patience))
		return;
	x->heard_us = x->worker->loop.now_us;
	if (reads_slowly)
		exchange_arm_quarter(x, patience);
	else
		timeout_start(&x->worker->loop, &x->timeout, patience);
}

/* True when the one who is waited for gets more time. */
static bool exchange_is_read_slowly(struct exchange *x)
{
	const struct channel *reader = exchange_slow_reader(x);
	if (!reader)
		return false;
	uint64_t patience = exchange_patience(x), now_us = x->worker->loop.now_us;
	uint64_t taken = channel_taken(reader);
	if (taken != x->taken) {
		x->taken = taken;
		x->heard_us = now_us;
	} else if (now_us - x->heard_us >= patience) {
		return false;
	}
	exchange_arm_quarter(x, patience);
	return true;
}

enum reason exchange_timeout_reason(const struct exchange *x)
{
	if (x->step == EXCHANGE_STEP_QUEUE)
		return REASON_QUEUE_TIMEOUT;
	if (x->step == EXCHANGE_STEP_CONNECT)
		return REASON_CONNECT_TIMEOUT;
	/* No failure of a server that served its client as long as that was there. */
	bool served = x->tunnel && (x->at.response || x->down.begun || x->up.done);
	if (x->waits_for == 't' ? x->up.paused : served && x->waits_for == 's')
		return REASON_TUNNEL_SERVER_TIMEOUT;
	if (x->waits_for == 't')
		return REASON_TUNNEL_TIMEOUT;
	return x->waits_for == 'c' ? REASON_CLIENT_TIMEOUT : REASON_SERVER_TIMEOUT;
}

static void exchange_on_timeout(struct timeout *t)
{
	struct exchange *x = (struct exchange *)((char *)t - offsetof(struct exchange, timeout));
	if (exchange_is_read_slowly(x))
		return;
	x->timed_out = true;
	exchange_run(x);
}

static void exchange_on_total_timeout(struct timeout *t)
{
	struct exchange *x = (struct exchange *)((char *)t - offsetof(struct exchange, total));
	exchange_fail(x, REASON_EXCHANGE_TIMEOUT, NULL);
	x->step = EXCHANGE_STEP_FINISH;
	exchange_run(x);
}

/* ---- limits.min_rate ---- */

void exchange_arm_pace(struct exchange *x)
{
	uint64_t rate = exchange_frontend_conf(x)->limits.min_rate;
	if (!rate || x->tunnel || x->up.done)
		return;
	x->pace_moved = x->up.moved;
	x->pace_credit = SESSION_PACE_GRACE_S * rate;
	timeout_start(&x->worker->loop, &x->pace, SESSION_PACE_TICK_US);
}

/* For all of this tick nothing but the client could have kept its body back. Who has an answer already may not care to
 * send the rest; it ends with the answer. */
static bool exchange_body_was_due(const struct exchange *x)
{
	bool reads = x->step == EXCHANGE_STEP_BUFFER || x->step == EXCHANGE_STEP_RESPONSE ||
		     x->step == EXCHANGE_STEP_RELAY;
	bool asked = !x->request.expect_continue || x->up.begun || x->interims;
	return reads && asked && !x->up.held && !x->answered;
}

/* A tick counts as one second even when this loop was late: what came meanwhile is still in the kernel. */
static void exchange_on_pace(struct timeout *t)
{
	struct exchange *x = (struct exchange *)((char *)t - offsetof(struct exchange, pace));
	uint64_t rate = exchange_frontend_conf(x)->limits.min_rate, came = x->up.moved - x->pace_moved;
	if (!rate || x->up.done)
		return;
	if (exchange_body_was_due(x)) {
		x->pace_credit += came;
		if (x->pace_credit <= rate) {
			exchange_fail(x, REASON_TOO_SLOW, NULL);
			x->step = EXCHANGE_STEP_FINISH;
			exchange_run(x);
			return;
		}
		x->pace_credit -= rate;
	}
	/* What came fast buys no pause later. */
	if (x->pace_credit > SESSION_PACE_GRACE_S * rate)
		x->pace_credit = SESSION_PACE_GRACE_S * rate;
	x->pace_moved = x->up.moved;
	x->up.held = x->up.paused;
	timeout_start(&x->worker->loop, t, SESSION_PACE_TICK_US);
}

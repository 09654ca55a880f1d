/* PICK and CONNECT: a server and an upstream to it, and what follows when one of them does not do. */
#include "proxy/exchange_parts.h"

#include <errno.h>

/* ---- which server ---- */

void exchange_count_server_side(struct exchange *x, enum counter id)
{
	counter_add(server_counters(x->server, x->worker->index), id, 1);
	counter_add(counter_set_block(&x->backend->counters, x->worker->index), id, 1);
}

void exchange_pick_request(struct exchange *x, struct pick_request *request)
{
	struct worker *w = x->worker;
	pick_request_init(request, w->loop.now_us, random_next(&w->random), w->index);
	request->tried_count = x->tried_count;
	if (x->tried_count)
		memcpy(request->tried, x->tried, sizeof x->tried[0] * x->tried_count);
}

void exchange_take_server(struct exchange *x, struct server *server)
{
	struct worker *w = x->worker;
	bool again = x->failed_attempts || x->same_server;
	if (again) {
		exchange_count_server_side(x, COUNTER_RETRIES);
		x->retries++;
	}
	if (again && server != x->server) {
		exchange_count_server_side(x, COUNTER_REDISPATCHES);
		x->redispatched = true;
	}
	x->server = server;
	x->reserved = true;
	x->at.picked = w->loop.now_us;
	struct counters *c = server_counters(server, w->index);
	counter_add(c, COUNTER_SESSIONS, 1);
	counter_add(c, COUNTER_REQUESTS, 1);
}

enum exchange_go exchange_no_server(struct exchange *x)
{
	if (x->failed_attempts)
		return exchange_next_round(x);
	counter_add(counter_set_block(&x->backend->counters, x->worker->index), COUNTER_CONNECT_ERRORS, 1);
	return exchange_fail(x, REASON_NO_SERVER, NULL);
}

/* Only the server of a connection that was authenticated knows of it: another one would ask for credentials again, and
 * a handshake of several requests would never end. */
static bool exchange_stays(struct exchange *x)
{
	const struct upstream *own = x->session->upstream;
	if (!own || !own->bound || own->server->backend != x->backend || x->tried_count)
		return false;
	return !queue_length(&x->backend->queue) && backend_take_place(own->server, x->worker->index);
}

/* Those who wait already are before us: then, and when all are full, the next step waits. */
enum exchange_go exchange_pick(struct exchange *x)
{
	if (exchange_stays(x)) {
		exchange_take_server(x, x->session->upstream->server);
		return EXCHANGE_GO_CONNECT;
	}
	do {
		struct pick_request request;
		exchange_pick_request(x, &request);
		struct server *server = NULL;
		if (!queue_length(&x->backend->queue))
			server = backend_pick(x->backend, &request);
		if (server) {
			exchange_take_server(x, server);
			return EXCHANGE_GO_CONNECT;
		}
		if (pick_has_candidate(x->backend, &request))
			return EXCHANGE_GO_NEXT;
	} while (exchange_forget_tried(x));
	return exchange_no_server(x);
}

/* ---- an upstream ---- */

/* x->server stays as the one that was used last. */
void exchange_give_back(struct exchange *x)
{
	if (x->reserved)
		server_release(x->server, x->worker->index);
	x->reserved = false;
}

/* Back to before the connect: its timeout starts anew, and what the next connection takes is not this one's time. */
void exchange_drop_upstream(struct exchange *x)
{
	timeout_stop(&x->timeout);
	x->at.connected = 0;
	if (x->upstream)
		upstream_close(x->upstream);
	x->upstream = NULL;
}

/* retry.same_server: the first server that takes no connection gets more chances, each after a pause. Where there is
 * no room to wait, another server is asked at once. */
static bool exchange_pauses_for_same(struct exchange *x)
{
	const struct config_retry *retry = &exchange_backend_conf(x)->retry;
	if (!(retry->on & CONFIG_RETRY_CONNECT) || retry->attempts < 2 || x->failed_attempts ||
		x->same_server >= retry->same_server || exchange_begin_pause(x, UINT64_MAX) != QUEUE_WAITS)
		return false;
	x->same_server++;
	x->same_again = true;
	exchange_give_back(x);
	return true;
}

/* No port of this machine is left for this server's address: no failure of the server. One of another address may still
 * be reached, and in a while there is a port, or an idle upstream, again. */
static enum exchange_go exchange_without_port(struct exchange *x)
{
	enum exchange_go go = exchange_try_other(x, REASON_MEMORY, CONFIG_RETRY_CONNECT);
	if (go == EXCHANGE_GO_FINISH && x->reason == REASON_MEMORY)
		x->detail = "no_local_port";
	return go;
}

/* This server could not be reached, and nothing was sent: another one may take the request, whatever its method is. */
static enum exchange_go exchange_connect_failed(struct exchange *x, enum reason reason, int error)
{
	exchange_drop_upstream(x);
	if (!x->connecting_us)
		x->connecting_us = x->at.picked;
	if (error == EADDRNOTAVAIL)
		return exchange_without_port(x);
	/* Of this machine: not the server's fault, and no better elsewhere. */
	if (error == EMFILE || error == ENFILE || error == ENOMEM || error == ENOBUFS)
		return exchange_fail(x, REASON_MEMORY, NULL);
	exchange_count_server_side(x, COUNTER_CONNECT_ERRORS);
	x->attempt_reason = reason;
	if (exchange_pauses_for_same(x))
		return EXCHANGE_GO_QUEUE;
	return exchange_try_other(x, reason, CONFIG_RETRY_CONNECT);
}

enum exchange_go exchange_connect(struct exchange *x)
{
	if (!x->upstream && !x->fresh && !x->tunnel) {
		x->upstream = upstream_reuse(x->worker, x->server, x, exchange_goes_once(x));
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
		upstream_blame_address(x->upstream);
		return exchange_connect_failed(x, REASON_CONNECT_TIMEOUT, 0);
	}
	if (x->upstream->failed)
		return exchange_connect_failed(x, REASON_CONNECT_FAILED, x->upstream->error);
	if (x->upstream->state == UPSTREAM_CONNECTING)
		return EXCHANGE_GO_WAIT;
	timeout_stop(&x->timeout);
	/* An answer to nothing: whose it is, and what follows it, nobody can tell. */
	if (!x->upstream->reused && !x->tunnel && upstream_has_spoken(x->upstream))
		return exchange_fail(x, REASON_MALFORMED_RESPONSE, "answer_before_request");
	x->at.connected = x->worker->loop.now_us;
	queue_server_answers(x->backend);
	if (!x->upstream->reused && !upstream_announce(x->upstream, x->session))
		return exchange_fail(x, REASON_MEMORY, NULL);
	return EXCHANGE_GO_NEXT;
}

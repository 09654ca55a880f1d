/* QUEUE: a request that found no free slot waits for one in its backend's queue, and one that found no server to take
 * its connection until it may try again. The slot comes by mail, so that it does not matter which worker frees it. The
 * place in the queue is an object of its own, since a slot may be on its way to an exchange that has ended: then it is
 * passed on when it arrives. */
#include "proxy/exchange_parts.h"

static void exchange_on_granted(struct mail *mail, void *receiver);

static void exchange_waiter_free(struct exchange *x)
{
	pool_put(&x->worker->waiters, x->waiter);
	x->waiter = NULL;
}

static void exchange_end_wait(struct exchange *x)
{
	timeout_stop(&x->timeout);
	x->pause_us = 0;
	x->waited_us += x->worker->loop.now_us - x->at.queued;
}

enum exchange_go exchange_refuse_wait(struct exchange *x, enum reason reason)
{
	counter_add(counter_set_block(&x->backend->counters, x->worker->index), COUNTER_CONNECT_ERRORS, 1);
	exchange_fail(x, reason, NULL);
	x->phase = 'Q';
	return EXCHANGE_GO_FINISH;
}

/* The servers that it waited for are gone: one that it tried may be asked again. */
static enum exchange_go exchange_turned_away(struct exchange *x)
{
	return exchange_forget_tried(x) ? EXCHANGE_GO_PICK : exchange_no_server(x);
}

static bool exchange_make_waiter(struct exchange *x)
{
	struct worker *w = x->worker;
	x->waiter = pool_get(&w->waiters);
	if (!x->waiter)
		return false;
	*x->waiter = (struct waiter){.mail = {.deliver = exchange_on_granted}, .loop = &w->loop, .owner = x};
	exchange_pick_request(x, &x->waiter->pick);
	return true;
}

/* ---- for a slot ---- */

/* Waits of odd lengths are rounded up, for each length is a list of its own (timeouts.h). */
static uint64_t exchange_in_steps(uint64_t us)
{
	enum { EXCHANGE_WAIT_STEP_US = 50000 };
	return (us + EXCHANGE_WAIT_STEP_US - 1) / EXCHANGE_WAIT_STEP_US * EXCHANGE_WAIT_STEP_US;
}

static bool exchange_has_waited_enough(const struct exchange *x)
{
	uint64_t most_us = exchange_backend_conf(x)->timeouts.queue;
	return most_us && x->waited_us >= most_us;
}

uint64_t exchange_queue_patience(const struct exchange *x)
{
	uint64_t most_us = exchange_backend_conf(x)->timeouts.queue;
	if (!most_us || !x->waited_us)
		return most_us;
	return exchange_in_steps(exchange_has_waited_enough(x) ? 1 : most_us - x->waited_us);
}

static enum exchange_go exchange_enter_queue(struct exchange *x)
{
	struct worker *w = x->worker;
	if (exchange_has_waited_enough(x))
		return exchange_refuse_wait(x, REASON_QUEUE_TIMEOUT);
	if (!exchange_make_waiter(x))
		return exchange_fail(x, REASON_MEMORY, NULL);
	enum queue_result result = queue_enter(x->backend, x->waiter);
	if (result == QUEUE_WAITS) {
		counter_add(counter_set_block(&x->backend->counters, w->index), COUNTER_QUEUED, 1);
		x->at.queued = w->loop.now_us;
		return EXCHANGE_GO_WAIT;
	}
	struct server *server = x->waiter->server;
	exchange_waiter_free(x);
	if (result == QUEUE_FULL)
		return exchange_refuse_wait(x, REASON_QUEUE_FULL);
	if (result == QUEUE_NO_SERVER)
		return exchange_turned_away(x);
	exchange_take_server(x, server);
	return EXCHANGE_GO_NEXT;
}

/* ---- before another connect ---- */

/* The configured one, twice as long each time, up to a second. */
static uint64_t exchange_next_pause(const struct exchange *x, uint64_t most_us)
{
	enum { EXCHANGE_PAUSE_MOST_US = 1000000, EXCHANGE_PAUSE_DOUBLINGS = 16 };
	uint64_t first_us = exchange_backend_conf(x)->retry.pause, patience_us = exchange_queue_patience(x);
	uint64_t pause_us = first_us << (x->pauses < EXCHANGE_PAUSE_DOUBLINGS ? x->pauses : EXCHANGE_PAUSE_DOUBLINGS);
	if (pause_us > EXCHANGE_PAUSE_MOST_US)
		pause_us = first_us > EXCHANGE_PAUSE_MOST_US ? first_us : EXCHANGE_PAUSE_MOST_US;
	if (most_us < pause_us && exchange_in_steps(most_us) < pause_us)
		pause_us = exchange_in_steps(most_us);
	return patience_us && patience_us < pause_us ? patience_us : pause_us;
}

enum queue_result exchange_begin_pause(struct exchange *x, uint64_t most_us)
{
	if (!exchange_make_waiter(x))
		return QUEUE_NO_SERVER;
	enum queue_result result = queue_pause(x->backend, x->waiter);
	if (result != QUEUE_WAITS) {
		exchange_waiter_free(x);
		return result;
	}
	if (!x->pauses)
		counter_add(counter_set_block(&x->backend->counters, x->worker->index), COUNTER_QUEUED, 1);
	x->pause_us = exchange_next_pause(x, most_us);
	x->pauses++;
	x->at.queued = x->worker->loop.now_us;
	return result;
}

static enum exchange_go exchange_pause_is_over(struct exchange *x)
{
	if (exchange_has_waited_enough(x))
		return exchange_refuse_wait(x, REASON_QUEUE_TIMEOUT);
	bool same = x->same_again;
	x->same_again = false;
	if (!same || queue_length(&x->backend->queue) || !backend_take_place(x->server, x->worker->index))
		return EXCHANGE_GO_PICK;
	x->reserved = true;
	x->at.picked = x->worker->loop.now_us;
	x->retries++;
	exchange_count_server_side(x, COUNTER_RETRIES);
	return EXCHANGE_GO_CONNECT;
}

/* ---- both ---- */

/* A slot given to a client that is gone is lost for one that is still there. In TCP mode the end of what the client
 * sends does not say that: it may be all of its request. */
static bool exchange_client_is_gone(const struct exchange *x)
{
	return x->session->eof && !(x->tunnel && channel_input(&x->session->client).n);
}

enum exchange_go exchange_queue(struct exchange *x)
{
	if (x->reserved)
		return EXCHANGE_GO_NEXT;
	if (exchange_client_is_gone(x))
		return exchange_fail(x, REASON_CLIENT_CLOSED, NULL);
	if (x->timed_out && x->pause_us) {
		x->timed_out = false;
		exchange_leave_queue(x);
		return exchange_pause_is_over(x);
	}
	if (x->timed_out)
		return exchange_refuse_wait(x, REASON_QUEUE_TIMEOUT);
	return x->waiter ? EXCHANGE_GO_WAIT : exchange_enter_queue(x);
}

/* A slot came, or the word that there is nothing to wait for any more, or no reason to pause. */
static void exchange_on_granted(struct mail *mail, void *receiver)
{
	struct worker *w = receiver;
	struct waiter *waiter = (struct waiter *)((char *)mail - offsetof(struct waiter, mail));
	struct exchange *x = waiter->owner;
	struct server *server = waiter->server;
	uint32_t position = waiter->position;
	bool paused = waiter->pauses;
	pool_put(&w->waiters, waiter);
	if (!x) {
		if (server)
			server_release(server, w->index);
		if (--w->grants_due == 0 && w->stopping && !w->session_count)
			w->emptied(w);
		return;
	}
	x->waiter = NULL;
	x->queue_position += position;
	exchange_end_wait(x);
	if (server) {
		counter_add(server_counters(server, w->index), COUNTER_QUEUED, 1);
		exchange_take_server(x, server);
	} else {
		(void)exchange_go_on(x, paused ? exchange_pause_is_over(x) : exchange_turned_away(x));
	}
	exchange_run(x);
}

void exchange_leave_queue(struct exchange *x)
{
	if (!x->waiter)
		return;
	exchange_end_wait(x);
	bool left = queue_leave(x->backend, x->waiter);
	/* Out of the list it does not change any more. */
	x->queue_position += x->waiter->position;
	if (left) {
		exchange_waiter_free(x);
		return;
	}
	x->waiter->owner = NULL;
	x->waiter = NULL;
	x->worker->grants_due++;
}

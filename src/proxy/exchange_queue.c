/* QUEUE: a request that found no free slot waits for one in its backend's queue. The slot comes by mail, so that it
 * does not matter which worker frees it. The place in the queue is an object of its own, since a slot may be on its way
 * to an exchange that has ended: then it is passed on when it arrives. */
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
	x->waited_us += x->worker->loop.now_us - x->at.queued;
}

static enum exchange_go exchange_refuse_wait(struct exchange *x, enum reason reason)
{
	counter_add(counter_set_block(&x->backend->counters, x->worker->index), COUNTER_CONNECT_ERRORS, 1);
	return exchange_fail(x, reason, NULL);
}

/* The servers that it waited for are gone: one that it tried may be asked again. */
static enum exchange_go exchange_turned_away(struct exchange *x)
{
	return exchange_forget_tried(x) ? EXCHANGE_GO_PICK : exchange_no_server(x);
}

static enum exchange_go exchange_enter_queue(struct exchange *x)
{
	struct worker *w = x->worker;
	x->waiter = pool_get(&w->waiters);
	if (!x->waiter)
		return exchange_fail(x, REASON_MEMORY, NULL);
	*x->waiter = (struct waiter){.mail = {.deliver = exchange_on_granted}, .loop = &w->loop, .owner = x};
	exchange_pick_request(x, &x->waiter->pick);
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
	if (x->timed_out)
		return exchange_refuse_wait(x, REASON_QUEUE_TIMEOUT);
	return x->waiter ? EXCHANGE_GO_WAIT : exchange_enter_queue(x);
}

/* A slot came, or the word that there is nothing to wait for any more. */
static void exchange_on_granted(struct mail *mail, void *receiver)
{
	struct worker *w = receiver;
	struct waiter *waiter = (struct waiter *)((char *)mail - offsetof(struct waiter, mail));
	struct exchange *x = waiter->owner;
	struct server *server = waiter->server;
	uint32_t position = waiter->position;
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
		x->step = exchange_turned_away(x) == EXCHANGE_GO_PICK ? EXCHANGE_STEP_PICK : EXCHANGE_STEP_FINISH;
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

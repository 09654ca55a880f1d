/* What the files of the exchange share: what a step may say, and the helpers that more than one step needs. Included by
 * exchange*.c only. Own worker only. */
#ifndef LBD_PROXY_EXCHANGE_PARTS_H
#define LBD_PROXY_EXCHANGE_PARTS_H

#include "proxy/exchange.h"

/* What a step says to the driver. */
enum exchange_go {
	EXCHANGE_GO_NEXT,    /* the step that follows */
	EXCHANGE_GO_PICK,    /* back: another server */
	EXCHANGE_GO_QUEUE,   /* back: a pause, or a slot, is waited for */
	EXCHANGE_GO_CONNECT, /* a connection to this server; back: another one */
	EXCHANGE_GO_FINISH,  /* ahead: it is over */
	EXCHANGE_GO_WAIT,    /* until something happens; the same step again then */
	EXCHANGE_GO_DONE     /* the exchange does not exist any more after this */
};

#define EXCHANGE_STEP(id, function, phase) enum exchange_go function(struct exchange *x);
#include "proxy/exchange_steps.def"
#undef EXCHANGE_STEP

/* Valid for this turn. */
static inline const struct config_frontend *exchange_frontend_conf(const struct exchange *x)
{
	return atomic_load_explicit(&x->frontend->conf, memory_order_acquire);
}

static inline const struct config_backend *exchange_backend_conf(const struct exchange *x)
{
	return atomic_load_explicit(&x->backend->conf, memory_order_acquire);
}

/* exchange.c: it is over, for this reason; the first reason stays. */
enum exchange_go exchange_fail(struct exchange *x, enum reason reason, const char *detail);
/* exchange.c: the step that a step, or what ended its wait, asks for. False: none, it waits or is done. */
bool exchange_go_on(struct exchange *x, enum exchange_go go);
/* exchange.c: the driver; step after step until one waits. x may be gone after it. */
void exchange_run(struct exchange *x);

/* exchange_timeout.c */
void exchange_init_timeouts(struct exchange *x);
/* The backend is known: timeouts.request begins, the shorter one of frontend and backend. */
void exchange_arm_total(struct exchange *x);
/* The request's body is read from now on: limits.min_rate. */
void exchange_arm_pace(struct exchange *x);
/* Nothing more can be done now: the timeout of whoever is waited for begins anew. */
void exchange_arm(struct exchange *x);
/* Why the timeout that ran out was running. */
enum reason exchange_timeout_reason(const struct exchange *x);

/* exchange_attempt.c */
/* What a pick has to know of it, as of now. */
void exchange_pick_request(struct exchange *x, struct pick_request *request);
/* A place on this server is ours. */
void exchange_take_server(struct exchange *x, struct server *server);
/* No server is open to this request any more. */
enum exchange_go exchange_no_server(struct exchange *x);
void exchange_count_server_side(struct exchange *x, enum counter id);
/* The place on the server; x->server stays as the one that was used last. */
void exchange_give_back(struct exchange *x);
/* Back to before the connect. */
void exchange_drop_upstream(struct exchange *x);

/* exchange_retry.c: the attempt on this server failed, for this reason, which is this one of CONFIG_RETRY_*. PICK:
 * another one may do, and this one is accounted for; FINISH: it is over. */
enum exchange_go exchange_try_other(struct exchange *x, enum reason reason, unsigned on);
/* No server is left that was not tried, and none of them took a connection: a pause and another round, or the end. */
enum exchange_go exchange_next_round(struct exchange *x);
/* Whether this answer is dropped, because another server may have a better one: as PICK above. */
bool exchange_try_better(struct exchange *x, const struct http_response *response);
/* Whether a request may be sent twice: to another server, or on a new connection for one that was dead. */
bool exchange_may_repeat(const struct exchange *x);
bool exchange_may_send_again(const struct exchange *x);
/* The same of one that is not sent yet: what is lost on a dead connection cannot be sent on another one. */
bool exchange_goes_once(const struct exchange *x);
/* No server is left that was not tried. True: some of those tried may be asked again. */
bool exchange_forget_tried(struct exchange *x);
/* The request's body, which begins now or was buffered, is kept as far as it may be needed again. */
void exchange_keep_body(struct exchange *x);
/* Of a request that was written and of which nothing has left, the body as far as it was written. */
void exchange_keep_unsent(struct exchange *x);

/* exchange_buffer.c: with buffer_request, a body is to be read before a server is picked. */
bool exchange_wants_buffer(const struct exchange *x);

/* exchange_queue.c */
/* How long the next wait for a slot may last, by timeouts.queue, which counts all waits together; 0: without end. */
uint64_t exchange_queue_patience(const struct exchange *x);
/* It may not wait, or not any longer. */
enum exchange_go exchange_refuse_wait(struct exchange *x, enum reason reason);
/* The pause before the next connect begins, for most_us at most: WAITS, or why it does not. A place on a server is to be
 * given back after it. */
enum queue_result exchange_begin_pause(struct exchange *x, uint64_t most_us) LBD_MUST_CHECK;
/* Out of the queue, if it is in it; a slot that is on its way to us goes to another one. */
void exchange_leave_queue(struct exchange *x);

/* exchange_messages.c: the request's body begins; to is NULL while it is only kept. */
void exchange_start_up(struct exchange *x, struct channel *to);
/* exchange_messages.c: moves what the client sent. True when the exchange is over because of it. */
bool exchange_move_up(struct exchange *x);

#endif

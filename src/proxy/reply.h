/* The proxy's own answers to what failed or is refused. Their body says what a client can do something about: what is
 * wrong with its request. What went wrong behind us is one sentence for each status, so that nobody learns of queues,
 * servers and rules by asking; with the frontend's x_reason a field tells it. */
#ifndef LBD_PROXY_REPLY_H
#define LBD_PROXY_REPLY_H

#include "proxy/exchange.h"

/* Writes the answer, x->status for x->reason, into the client's output and notes it in the exchange. False when memory
 * is out. */
bool reply_send(struct exchange *x, bool close) LBD_MUST_CHECK;

#endif

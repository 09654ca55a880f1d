/* The end of an exchange, told to everybody who counts: frontend, backend, server, algorithm, access log. The one place
 * where exchanges are accounted for. */
#ifndef LBD_PROXY_ACCOUNT_H
#define LBD_PROXY_ACCOUNT_H

#include "proxy/exchange.h"

void account_exchange(struct exchange *x);
/* The attempt on x->server is over, and another one follows: REASON_NONE when the server gave an answer of this status
 * that nobody will see. */
void account_attempt(struct exchange *x, enum reason reason, unsigned status);

#endif

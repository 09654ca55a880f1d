/* The end of an exchange, told to everybody who counts: frontend, backend, server, algorithm, access log. The one place
 * where exchanges are accounted for. */
#ifndef LBD_PROXY_ACCOUNT_H
#define LBD_PROXY_ACCOUNT_H

#include "proxy/exchange.h"

void account_exchange(struct exchange *x);

#endif

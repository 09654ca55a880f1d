/* The proxy's own answers: short text with the reason, never the address of a server. */
#ifndef LBD_PROXY_REPLY_H
#define LBD_PROXY_REPLY_H

#include "proxy/exchange.h"

/* Writes an answer into the client's output and notes it in the exchange. False when memory is out. */
bool reply_send(struct exchange *x, unsigned status, const char *text, bool close) LBD_MUST_CHECK;

#endif

/* Heads on their way: written anew for the other side from what was parsed, with the fields that a proxy owes. */
#ifndef LBD_PROXY_FORWARD_H
#define LBD_PROXY_FORWARD_H

#include "proxy/exchange.h"

/* The request's head into the upstream's output. False when memory is out. */
bool forward_request_head(struct exchange *x) LBD_MUST_CHECK;
/* A response's head, interim or final, into the client's output. framing, upgrade_to: as it goes on from here. */
bool forward_response_head(struct exchange *x, const struct http_response *response, struct http_framing framing,
	struct str upgrade_to) LBD_MUST_CHECK;

#endif

/* Who the client is, and which request this is, as servers are told: X-Forwarded-*, Forwarded (RFC 7239), X-Request-Id,
 * traceparent. What a peer among the frontend's trusted_proxies said is kept and added to; what others said is
 * replaced. doc/decisions/0002-who-the-client-is.md. Own worker only. */
#ifndef LBD_PROXY_IDENTITY_H
#define LBD_PROXY_IDENTITY_H

#include "http/message.h"
#include "net/address.h"

#include <netinet/in.h>

struct exchange;

enum { IDENTITY_FIELDS = 7, IDENTITY_PORT_MAX = 6 };

/* Memory that the fields of one head point into. */
struct identity_texts {
	char peer[ADDRESS_TEXT_MAX], port[IDENTITY_PORT_MAX];
};

/* Finds out who the client is, takes away what it may not say, and gives the request its id when the frontend wants one:
 * as soon as the request is parsed, so that rules see what servers will, and every end can be logged with it. */
void identity_begin(struct exchange *x);
/* Whether the client may say this behind the body of its request, as in front of it. */
bool identity_passes_trailer(const struct exchange *x, struct str name) LBD_MUST_CHECK;
/* Fills at[0..IDENTITY_FIELDS) with what is added to the request's head, and drops the fields that it replaces. Returns
 * how many; negative when memory is out. May be called again for another attempt. */
int identity_fields(struct exchange *x, struct identity_texts *texts, struct http_field *at) LBD_MUST_CHECK;

#endif

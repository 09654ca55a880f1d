/* Which backend takes a request, or which answer it gets: a pure function of the configuration and the request head.
 * The data path and the explain command call the same one. */
#ifndef LBD_PROXY_ROUTE_H
#define LBD_PROXY_ROUTE_H

#include "http/message.h"
#include "net/address.h"
#include "proxy/frontend.h"
#include "proxy/reason.h"

struct verdict {
	struct backend *backend; /* NULL: reason says why none */
	enum reason reason;
	enum http_error error;         /* of REASON_MALFORMED_REQUEST */
	struct frontend_rules *source; /* the rules that were asked; NULL: there are none. For this turn only */
	struct rule_verdict rules;
};

/* request is NULL in TCP mode. Which rate tables are asked is known here; the rest of tools->limits is the caller's. */
struct verdict route_decide(const struct frontend *frontend, const struct http_request *request,
	const struct address *client, const struct address *peer, const struct rule_tools *tools);

#endif

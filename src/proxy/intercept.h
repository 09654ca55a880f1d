/* Answers that a rule gives instead of a server: redirect and return. */
#ifndef LBD_PROXY_INTERCEPT_H
#define LBD_PROXY_INTERCEPT_H

#include "proxy/exchange.h"
#include "proxy/route.h"

/* Without rules there is nothing to decide: the frontend's default backend takes everything. */
bool intercept_has_rules(const struct exchange *x);
/* Decides on the exchange's request, counts what the rules did, and keeps their edits in the exchange. */
struct verdict intercept_decide(struct exchange *x);
/* Writes the answer of a verdict with REASON_RULE_ANSWERED into the client's output and notes it in the exchange. False
 * when memory is out. */
bool intercept_send(struct exchange *x, const struct rule_verdict *v) LBD_MUST_CHECK;

#endif

/* What one source, an address or the network that it is in, may have and do: frontend.limits.source. Of a frontend, and
 * shared by its workers without a lock. Peers among the trusted_proxies are exempt, for they speak for others; a
 * request that they pass on counts for the client that they name. */
#ifndef LBD_PROXY_SOURCE_LIMITS_H
#define LBD_PROXY_SOURCE_LIMITS_H

#include "config/config.h"
#include "net/address.h"
#include "proxy/reason.h"
#include "rules/count_table.h"
#include "rules/rate_table.h"

struct exchange;
struct frontend;

struct source_limits {
	struct siphash_key seed;
	struct count_table *open;                 /* connections; NULL: no limit, as below */
	struct rate_table *rate, *requests, *bad; /* of connections, of requests, of bad requests */
};

/* False: memory is out. source_limits_end is to be called in any case. */
bool source_limits_init(
	struct source_limits *l, const struct config_source_limits *conf, uint64_t now_us) LBD_MUST_CHECK;
void source_limits_end(struct source_limits *l);

/* A connection of this peer. REASON_NONE: it may stay, and *held is to be given to count_table_give at its end. Else why
 * not; counted. Own worker, as all below. */
enum reason source_connects(struct frontend *f, uint32_t worker, const struct address *peer, uint64_t now_us,
	count_word **held) LBD_MUST_CHECK;
/* A request of this exchange's client. REASON_NONE: it may go on; else why not, and *wait_us until one may. */
enum reason source_requests(const struct exchange *x, uint64_t *wait_us) LBD_MUST_CHECK;
/* It ended: a bad request is remembered. */
void source_note_end(const struct exchange *x);

#endif

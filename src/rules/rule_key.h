/* What of a request tells one client from another: the key of a split or a rate limit. Pure. */
#ifndef LBD_RULES_RULE_KEY_H
#define LBD_RULES_RULE_KEY_H

#include "base/siphash.h"
#include "rules/ruleset.h"

enum rule_key_kind {
	RULE_KEY_NONE, /* nothing: all requests are one */
	RULE_KEY_SRC,
	RULE_KEY_URI,
	RULE_KEY_PATH,
	RULE_KEY_HOST,
	RULE_KEY_HEADER,
	RULE_KEY_COOKIE,
	RULE_KEY_QUERY
};

struct rule_key {
	enum rule_key_kind kind;
	struct str name;           /* of the header, cookie or parameter */
	uint32_t v4_bits, v6_bits; /* SRC: how much of the address counts */
};

/* text as the configuration has checked it: "", src, uri, path, host, header:NAME, cookie:NAME or query:NAME. The whole
 * address counts. */
struct rule_key rule_key_make(const char *text);
/* Takes from budget what reading costs. False: the request has no such thing, or it is too costly to find. */
bool rule_key_hash(const struct rule_key *key, const struct rule_request *request, const struct siphash_key *seed,
	uint32_t *budget, uint64_t *hash) LBD_MUST_CHECK;

#endif

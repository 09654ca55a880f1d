/* The rules of a frontend: compiled once, shared by all workers, and asked with a request: message in, verdict out.
 *
 * Rules are tested in order, on the request as it was received: no rule sees what another one changed. All conditions
 * of a rule must hold. The first rule with a terminal action ends it; edits of the rules before it, and its own, are
 * collected. A rate limit is asked as soon as its rule applies, before anything else of that rule: above the rate it
 * ends the decision, within it the rule and those behind it go on; what one limit gave is not given back when a later
 * one refuses.
 *
 * All patterns of a decision, and whatever else grows with the request, share one budget, so that no request can cost
 * more than about a millisecond. What is to be kept out must not come in by being hard to read: when a rule cannot be
 * decided within the budget, the decision ends there and the request is refused. With on_costly = "pass" such a rule
 * does not apply, except that one that denies does, and that a rate limit counts. */
#ifndef LBD_RULES_RULESET_H
#define LBD_RULES_RULESET_H

#include "base/arena.h"
#include "base/text.h"
#include "config/config.h"
#include "http/message.h"
#include "rules/pattern.h"
#include "rules/rate_table.h"

struct ruleset;

/* What rules may look at. */
struct rule_request {
	bool http; /* false: a connection in TCP mode; only src and peer are known */
	struct str method, host, query;
	struct str path;                  /* in its normal form, where ruleset_reads_path asks for it */
	struct str raw_path;              /* as received */
	const struct http_fields *fields; /* NULL: none */
	struct in6_addr src;              /* the client; IPv4 as v4-mapped */
	struct in6_addr peer;             /* the other end of the connection: a proxy, or the client itself */
	bool has_src, has_peer;           /* false for a Unix socket: in no network */
};

enum rule_action { RULE_PASS, RULE_BACKEND, RULE_DENY, RULE_LIMIT, RULE_COSTLY, RULE_REDIRECT, RULE_RETURN };
enum rule_edit_kind { RULE_EDIT_SET, RULE_EDIT_ADD, RULE_EDIT_DEL };

struct rule_edit {
	struct rule_edit *next;
	enum rule_edit_kind kind;
	struct str name, value;
};

/* What is changed of the request that goes to the server. p is NULL where nothing is. */
struct rule_changes {
	struct str path; /* may hold a query of its own */
	struct str host;
	struct rule_edit *edits; /* in the order of the rules */
};

struct rule_hit {
	struct rule_hit *next;
	uint32_t rule;
	bool limited; /* above its rate, refused or not */
};

/* What a decision needs besides the question. With the same of all these the verdict is the same. */
struct rule_tools {
	struct pattern_scratch *scratch; /* the thread's own */
	struct arena *arena;             /* takes the texts of the verdict */
	uint64_t random;                 /* decides splits that have no key to go by */
	struct rule_limits {
		struct rate_table *const *by_rule; /* NULL: nothing is limited */
		uint64_t now_us;
		bool peek; /* look only, and take nothing */
	} limits;
};

/* All texts but body are in the arena that the decision was given; body is the configuration's. */
struct rule_verdict {
	enum rule_action action;
	uint32_t rule;    /* whose action it is; nothing for RULE_PASS */
	uint32_t part;    /* RULE_BACKEND: which of the split's; 0 without one */
	unsigned status;  /* of deny, limit, costly, redirect and return */
	uint64_t wait_us; /* RULE_LIMIT: until it would be within the rate */
	struct str location, body;
	struct rule_changes changes;
	struct rule_hit *hits; /* every rule that applied, in order */
	bool costly;           /* a condition was given up, first in costly_rule */
	uint32_t costly_rule;
	uint32_t steps; /* what it cost, of PATTERN_BUDGET */
};

/* The rules' texts must outlive the result. Appends "FILE:LINE: error: ..." for each rule that is wrong; NULL then, or
 * when memory is out (which is a message too). */
struct ruleset *ruleset_compile(const struct config_frontend *frontend, struct text *messages) LBD_MUST_CHECK;
/* Whether a decision needs the path in its normal form (http/path.h). */
bool ruleset_reads_path(const struct ruleset *set);
/* May be NULL. */
void ruleset_free(struct ruleset *set);
/* Appends "FILE:LINE: warning: ..." for each rule that no request can reach, because a rule before it ends every
 * request that it could match, and for patterns of a path that no normal form matches. Finds the plain cases; silence
 * proves nothing. */
void ruleset_warn(const struct ruleset *set, struct text *messages);

/* Pure, but for what it takes from the arena and, unless it only peeks, from the rate tables. Any thread. False: memory
 * is out. */
bool ruleset_decide(const struct ruleset *set, const struct rule_request *request, const struct rule_tools *tools,
	struct rule_verdict *verdict) LBD_MUST_CHECK;

#endif

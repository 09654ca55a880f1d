/* One compiled rule; inside of rules/ only. */
#ifndef LBD_RULES_RULE_H
#define LBD_RULES_RULE_H

#include "rules/rule_key.h"
#include "rules/ruleset.h"

enum rule_condition_kind {
	RULE_CONDITION_METHOD,
	RULE_CONDITION_SRC,
	RULE_CONDITION_PEER,
	RULE_CONDITION_HOST,
	RULE_CONDITION_QUERY,
	RULE_CONDITION_HEADER,
	RULE_CONDITION_COOKIE,
	RULE_CONDITION_RAW_PATH,
	RULE_CONDITION_PATH
};

struct rule_condition {
	enum rule_condition_kind kind;
	bool negated;
	struct pattern *pattern;        /* owned; NULL for METHOD, SRC and PEER */
	const char *text;               /* of the pattern */
	struct str name;                /* of the header or cookie */
	struct config_strings methods;  /* METHOD */
	struct config_networks sources; /* SRC, PEER */
};

/* A text with groups of the path pattern in it. */
struct rule_piece {
	struct str text;
	uint32_t group;
	bool is_group;
};

struct rule_template {
	struct rule_piece *pieces; /* NULL: there is no such action */
	uint32_t count;
};

enum { RULE_CONDITIONS_MAX = 2 * (RULE_CONDITION_PATH + 1) }; /* each kind, and negated */

/* Conditions stand in the order in which they are tested: cheap ones first, and the path pattern whose groups are
 * wanted last, because the next match overwrites them. */
struct rule {
	const struct config_rule *conf;
	struct rule_condition *conditions;
	uint32_t condition_count;
	struct rule_template redirect, rewrite, set, add, host;
	struct rule_key split_key, limit_key;
	uint64_t split_weight; /* the sum */
};

struct ruleset {
	struct arena arena;
	struct rule *rules;
	uint32_t count;
	bool costly_passes, reads_path;
};

enum rule_truth { RULE_FALSE, RULE_TRUE, RULE_UNKNOWN };

/* All conditions together. UNKNOWN: nothing speaks against it, but a pattern was too costly. */
enum rule_truth rule_test(const struct rule *rule, const struct rule_request *request, struct pattern_scratch *scratch,
	uint32_t *budget) LBD_MUST_CHECK;

/* What a decision costs besides its patterns is paid from the same budget; a step is about 10 ns. False: there is not
 * enough left, and nothing is then. */
enum { RULE_BYTES_A_STEP = 8, RULE_FIELDS_A_STEP = 8, RULE_STEPS_A_MATCH = 8 };
static inline bool rule_charge(uint32_t *budget, size_t steps)
{
	bool enough = steps < *budget;
	*budget = enough ? *budget - (uint32_t)steps : 0;
	return enough;
}
/* The next field of this name in any case, from *index on, which goes behind it. NULL: there is none, or the budget is
 * used up. */
const struct http_field *rule_next_field(
	const struct http_fields *fields, uint32_t *index, struct str name, uint32_t *budget) LBD_MUST_CHECK;
/* The next NAME=VALUE of a Cookie header (RFC 6265 4.2.1). False at the end, or when the budget is used up. */
bool rule_next_cookie(struct str *list, struct str *name, struct str *value, uint32_t *budget) LBD_MUST_CHECK;
/* Without its port, so that a pattern with '$' does not depend on where the daemon listens, and without the dot at its
 * end, which names the same host. */
struct str rule_host_name(struct str host);

/* groups: of the path pattern; none without one. False: error says what is wrong. */
bool rule_template_compile(struct rule_template *t, struct arena *arena, const char *text, uint32_t groups, char *error,
	size_t error_size) LBD_MUST_CHECK;
/* With the groups of the last match; a text of the arena that ends in NUL. False: memory is out. */
bool rule_template_expand(const struct rule_template *t, const struct pattern_scratch *scratch, struct arena *arena,
	struct str *out) LBD_MUST_CHECK;

#endif

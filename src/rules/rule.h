/* One compiled rule; inside of rules/ only. */
#ifndef LBD_RULES_RULE_H
#define LBD_RULES_RULE_H

#include "rules/ruleset.h"

enum rule_condition_kind {
	RULE_CONDITION_METHOD,
	RULE_CONDITION_SRC,
	RULE_CONDITION_HOST,
	RULE_CONDITION_QUERY,
	RULE_CONDITION_HEADER,
	RULE_CONDITION_COOKIE,
	RULE_CONDITION_PATH
};

struct rule_condition {
	enum rule_condition_kind kind;
	bool negated;
	struct pattern *pattern;        /* owned; NULL for METHOD and SRC */
	const char *text;               /* of the pattern */
	struct str name;                /* of the header or cookie */
	struct config_strings methods;  /* METHOD */
	struct config_networks sources; /* SRC */
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

enum { RULE_CONDITIONS_MAX = 14 }; /* each kind, and negated */

/* Conditions stand in the order in which they are tested: cheap ones first, and the path pattern whose groups are
 * wanted last, because the next match overwrites them. */
struct rule {
	const struct config_rule *conf;
	struct rule_condition *conditions;
	uint32_t condition_count;
	struct rule_template redirect, rewrite, set, add, host;
};

struct ruleset {
	struct arena arena;
	struct rule *rules;
	uint32_t count;
};

enum rule_truth { RULE_FALSE, RULE_TRUE, RULE_UNKNOWN };

/* All conditions together. UNKNOWN: nothing speaks against it, but a pattern was too costly. */
enum rule_truth rule_test(const struct rule *rule, const struct rule_request *request, struct pattern_scratch *scratch,
	uint32_t *budget) LBD_MUST_CHECK;

/* groups: of the path pattern; none without one. False: error says what is wrong. */
bool rule_template_compile(struct rule_template *t, struct arena *arena, const char *text, uint32_t groups, char *error,
	size_t error_size) LBD_MUST_CHECK;
/* With the groups of the last match; a text of the arena that ends in NUL. False: memory is out. */
bool rule_template_expand(const struct rule_template *t, const struct pattern_scratch *scratch, struct arena *arena,
	struct str *out) LBD_MUST_CHECK;

#endif

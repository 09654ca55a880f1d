/* Rulesets from rules that a test writes down. */
#ifndef LBD_TEST_RULES_FIXTURE_H
#define LBD_TEST_RULES_FIXTURE_H

#include "rules/ruleset.h"

/* One request, decided; messages and texts live until rules_end. */
struct rules_fixture {
	struct config_frontend frontend;
	struct ruleset *set; /* NULL: the rules are wrong */
	struct text messages;
	struct pattern_scratch *scratch;
	struct arena arena;
	struct rule_tools tools; /* with this scratch and arena; the rest is the test's */
	struct rule_verdict verdict;
};

void rules_begin(struct rules_fixture *f, enum config_mode mode, struct config_rule *rules, uint32_t count);
/* With on_costly = "pass". */
void rules_begin_costly(struct rules_fixture *f, struct config_rule *rules, uint32_t count);
/* target: "/path?query"; header: a field's value, of the field X, may be NULL; cookie: likewise. */
void rules_decide(
	struct rules_fixture *f, const char *method, const char *target, const char *header, const char *cookie);
/* Of the messages. */
bool rules_said(const struct rules_fixture *f, const char *needle);
void rules_end(struct rules_fixture *f);

#endif

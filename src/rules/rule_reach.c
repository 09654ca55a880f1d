/* Rules that no request can reach. A rule shadows a later one when it ends every request that the later one could
 * match: each of its conditions is also one of the later rule's, or follows from one of them, or always holds. And a
 * rule may exclude with one condition what another one demands. */
#include "http/path.h"
#include "rules/rule.h"

#include <ctype.h>
#include <stdlib.h>

enum { REACH_COMPARISONS = 2000000 }; /* of rules with rules */

static bool reach_is_terminal(const struct rule *rule)
{
	const struct config_rule *conf = rule->conf;
	return conf->backend || conf->split_count || conf->deny || conf->redirect_to || conf->return_status;
}

/* The bytes that a pattern such as "^/api/" demands at the beginning, when that is all that it demands: 0 for others.
 */
static size_t reach_prefix(const char *text)
{
	size_t n = text[0] == '^' ? 1 : 0;
	while (n && text[n] && !strchr("\\^$.[|()?*+{", text[n]))
		n++;
	return n > 1 && text[n] == '\0' ? n : 0;
}

/* Whatever matches narrow, a pattern, matches wide. */
static bool reach_pattern_implies(const char *narrow, const char *wide)
{
	if (strcmp(narrow, wide) == 0)
		return true;
	size_t n = reach_prefix(wide);
	return n && strncmp(narrow, wide, n) == 0 && !strchr(narrow, '|') && !strchr("?*{", narrow[n]);
}

static bool reach_methods_within(const struct config_strings *narrow, const struct config_strings *wide)
{
	for (uint32_t i = 0; i < narrow->count; i++) {
		bool found = false;
		for (uint32_t k = 0; k < wide->count; k++)
			found |= strcmp(narrow->at[i], wide->at[k]) == 0;
		if (!found)
			return false;
	}
	return true;
}

static bool reach_network_within(const struct config_network *narrow, const struct config_network *wide)
{
	unsigned whole = wide->prefix / 8, rest = wide->prefix % 8;
	if (narrow->prefix < wide->prefix || memcmp(narrow->address.s6_addr, wide->address.s6_addr, whole) != 0)
		return false;
	return !rest || (narrow->address.s6_addr[whole] ^ wide->address.s6_addr[whole]) >> (8 - rest) == 0;
}

static bool reach_networks_within(const struct config_networks *narrow, const struct config_networks *wide)
{
	for (uint32_t i = 0; i < narrow->count; i++) {
		bool found = false;
		for (uint32_t k = 0; k < wide->count; k++)
			found |= reach_network_within(&narrow->at[i], &wide->at[k]);
		if (!found)
			return false;
	}
	return true;
}

/* What in matches, negated or not, out matches too. Both are of one kind. */
static bool reach_within(const struct rule_condition *in, const struct rule_condition *out)
{
	if (in->kind == RULE_CONDITION_METHOD)
		return reach_methods_within(&in->methods, &out->methods);
	if (in->kind == RULE_CONDITION_SRC || in->kind == RULE_CONDITION_PEER)
		return reach_networks_within(&in->sources, &out->sources);
	bool same = in->kind == RULE_CONDITION_COOKIE ? str_equal(in->name, out->name)
						      : str_equal_nocase(in->name, out->name);
	return same && reach_pattern_implies(in->text, out->text);
}

/* Where narrow holds, wide holds. */
static bool reach_implies(const struct rule_condition *narrow, const struct rule_condition *wide)
{
	if (narrow->kind != wide->kind || narrow->negated != wide->negated)
		return false;
	/* Of two negated conditions the one that excludes more is the narrow one. */
	return narrow->negated ? reach_within(wide, narrow) : reach_within(narrow, wide);
}

/* Every request has a path, and there are some usual ways to say "any". */
static bool reach_always_holds(const struct rule_condition *c)
{
	static const char *const any[] = {".*", "^.*", ".*$", "^.*$", "^"};
	bool path = c->kind == RULE_CONDITION_PATH || c->kind == RULE_CONDITION_RAW_PATH;
	for (size_t i = 0; path && i < sizeof any / sizeof *any; i++)
		if (strcmp(c->text, any[i]) == 0)
			return !c->negated;
	return false;
}

/* No request can fulfil all conditions of this rule. */
static bool reach_contradicts_itself(const struct rule *rule)
{
	for (uint32_t i = 0; i < rule->condition_count; i++) {
		const struct rule_condition *a = &rule->conditions[i];
		bool empty_list = a->kind == RULE_CONDITION_METHOD ? !a->methods.count
				  : !a->pattern                    ? !a->sources.count
								   : false;
		if (empty_list && !a->negated)
			return true;
		for (uint32_t k = 0; k < rule->condition_count; k++) {
			const struct rule_condition *b = &rule->conditions[k];
			if (a->kind == b->kind && !a->negated && b->negated && reach_within(a, b))
				return true;
		}
	}
	return false;
}

static bool reach_shadows(const struct rule *early, const struct rule *late)
{
	for (uint32_t i = 0; i < early->condition_count; i++) {
		bool implied = reach_always_holds(&early->conditions[i]);
		for (uint32_t k = 0; k < late->condition_count && !implied; k++)
			implied = reach_implies(&late->conditions[k], &early->conditions[i]);
		if (!implied)
			return false;
	}
	return true;
}

/* What a pattern of the path asks for and no normal form has, so that only raw_path could match it; NULL: nothing. */
static const char *reach_is_not_normal(const char *pattern)
{
	bool any_case = strstr(pattern, "(?i") != NULL;
	if (strstr(pattern, "//"))
		return "several slashes, which are one there";
	if (strstr(pattern, "\\\\"))
		return "a backslash, which is a slash there";
	for (const char *p = pattern; (p = strchr(p, '%')); p++) {
		if (!isxdigit((unsigned char)p[1]) || !isxdigit((unsigned char)p[2]))
			continue;
		if (!any_case && (islower((unsigned char)p[1]) || islower((unsigned char)p[2])))
			return "a percent sequence with lower-case digits, which are upper-case there";
		if (http_path_is_unreserved((int)strtol((const char[]){p[1], p[2], '\0'}, NULL, 16)))
			return "a percent sequence of a character that is decoded there";
	}
	return NULL;
}

static void reach_warn_of_paths(const struct rule *rule, struct text *messages)
{
	for (uint32_t i = 0; i < rule->condition_count; i++) {
		const struct rule_condition *c = &rule->conditions[i];
		const char *why = c->kind == RULE_CONDITION_PATH ? reach_is_not_normal(c->text) : NULL;
		if (why)
			text_format(messages,
				"%s:%u: warning: the pattern \"%.80s\" of the path in its normal form asks for %s; "
				"raw_path is the path as received\n",
				rule->conf->file, rule->conf->line, c->text, why);
	}
}

void ruleset_warn(const struct ruleset *set, struct text *messages)
{
	uint32_t comparisons = 0;
	for (uint32_t i = 0; i < set->count; i++)
		reach_warn_of_paths(&set->rules[i], messages);
	for (uint32_t i = 0; i < set->count; i++)
		if (reach_contradicts_itself(&set->rules[i]))
			text_format(messages,
				"%s:%u: warning: this rule can never be reached: no request fulfils all of its "
				"conditions\n",
				set->rules[i].conf->file, set->rules[i].conf->line);
	for (uint32_t late = 1; late < set->count; late++)
		for (uint32_t early = 0; early < late && comparisons < REACH_COMPARISONS; early++, comparisons++) {
			const struct rule *a = &set->rules[early], *b = &set->rules[late];
			if (!reach_is_terminal(a) || !reach_shadows(a, b))
				continue;
			text_format(messages,
				"%s:%u: warning: this rule can never be reached: the rule at %s:%u ends every request "
				"that it would match\n",
				b->conf->file, b->conf->line, a->conf->file, a->conf->line);
			break;
		}
}

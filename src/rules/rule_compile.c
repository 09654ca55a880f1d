/* From the rules of a configuration to a ruleset. All rules are compiled before it gives up, so that one run shows all
 * that is wrong. */
#include "http/bytes.h"
#include "http/path.h"
#include "rules/rule.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

struct rule_compiler {
	struct ruleset *set;
	const struct config_frontend *frontend;
	struct text *messages;
	bool good;
};

static void compile_error(struct rule_compiler *c, const struct rule *rule, const char *what, const char *why)
{
	text_format(c->messages, "%s:%u: error: %s of a rule of frontend \"%s\": %s\n", rule->conf->file,
		rule->conf->line, what, c->frontend->name, why);
	c->good = false;
}

/* ---- conditions ---- */

static struct rule_condition *compile_add(struct rule *rule, enum rule_condition_kind kind, bool negated)
{
	struct rule_condition *condition = &rule->conditions[rule->condition_count++];
	condition->kind = kind;
	condition->negated = negated;
	return condition;
}

struct compile_pattern {
	const char *key;
	enum rule_condition_kind kind;
	bool negated;
	const char *name, *text; /* text NULL: not written */
};

static void compile_pattern(struct rule_compiler *c, struct rule *rule, const struct compile_pattern *row)
{
	char error[512];
	if (!row->text)
		return;
	struct rule_condition *condition = compile_add(rule, row->kind, row->negated);
	condition->text = row->text;
	if (row->name)
		condition->name = str_of(row->name);
	if (row->kind == RULE_CONDITION_HOST)
		condition->pattern = pattern_compile_nocase(row->text, error, sizeof error);
	else
		condition->pattern = pattern_compile(row->text, error, sizeof error);
	if (!condition->pattern)
		compile_error(c, rule, row->key, error);
}

static void compile_conditions(struct rule_compiler *c, struct rule *rule)
{
	const struct config_rule *conf = rule->conf;
	const struct compile_pattern rows[] = {
		{"not_host", RULE_CONDITION_HOST, true, NULL, conf->not_host},
		{"host", RULE_CONDITION_HOST, false, NULL, conf->host},
		{"not_query", RULE_CONDITION_QUERY, true, NULL, conf->not_query},
		{"query", RULE_CONDITION_QUERY, false, NULL, conf->query},
		{"not_header.match", RULE_CONDITION_HEADER, true, conf->not_header_name, conf->not_header_match},
		{"header.match", RULE_CONDITION_HEADER, false, conf->header_name, conf->header_match},
		{"not_cookie.match", RULE_CONDITION_COOKIE, true, conf->not_cookie_name, conf->not_cookie_match},
		{"cookie.match", RULE_CONDITION_COOKIE, false, conf->cookie_name, conf->cookie_match},
		{"not_raw_path", RULE_CONDITION_RAW_PATH, true, NULL, conf->not_raw_path},
		{"raw_path", RULE_CONDITION_RAW_PATH, false, NULL, conf->raw_path},
		{"not_path", RULE_CONDITION_PATH, true, NULL, conf->not_path},
		{"path", RULE_CONDITION_PATH, false, NULL, conf->path},
	};
	if (conf->method.at)
		compile_add(rule, RULE_CONDITION_METHOD, false)->methods = conf->method;
	if (conf->not_method.at)
		compile_add(rule, RULE_CONDITION_METHOD, true)->methods = conf->not_method;
	if (conf->src.at)
		compile_add(rule, RULE_CONDITION_SRC, false)->sources = conf->src;
	if (conf->not_src.at)
		compile_add(rule, RULE_CONDITION_SRC, true)->sources = conf->not_src;
	if (conf->peer.at)
		compile_add(rule, RULE_CONDITION_PEER, false)->sources = conf->peer;
	if (conf->not_peer.at)
		compile_add(rule, RULE_CONDITION_PEER, true)->sources = conf->not_peer;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		compile_pattern(c, rule, &rows[i]);
}

/* ---- actions ---- */

static void compile_template(
	struct rule_compiler *c, struct rule *rule, const char *key, const char *text, struct rule_template *out)
{
	char error[256];
	const struct rule_condition *last = rule->condition_count ? &rule->conditions[rule->condition_count - 1] : NULL;
	uint32_t groups = 0;
	if (!text)
		return;
	if (rule->conf->path) {
		if (!last || !last->pattern)
			return; /* the pattern is wrong, which was said */
		groups = pattern_groups(last->pattern);
	}
	if (!rule_template_compile(out, &c->set->arena, text, groups, error, sizeof error))
		compile_error(c, rule, key, error);
}

/* Fields that frame the message or its connection are the proxy's own. */
static bool compile_header_is_ours(const char *name)
{
	static const char *const names[] = {
#define FIELD(id, name, hop) hop ? name : NULL,
#include "http/fields.def"
#undef FIELD
		"Expect", "X-Forwarded-For"};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (names[i] && str_equal_folded(str_of(names[i]), str_of(name)))
			return true;
	return false;
}

static void compile_header_name(struct rule_compiler *c, struct rule *rule, const char *key, const char *name)
{
	char why[384];
	if (!name || !compile_header_is_ours(name))
		return;
	snprintf(why, sizeof why, "\"%s\" is written by the proxy itself%s", name,
		strcasecmp(name, "Host") == 0 ? "; use host_header" : "");
	compile_error(c, rule, key, why);
}

static void compile_texts(struct rule_compiler *c, struct rule *rule)
{
	const char *path = rule->conf->rewrite_path, *end = path ? path + strlen(path) : NULL;
	if (path && http_find_target_end(path, end) != end)
		compile_error(c, rule, "rewrite_path", "it holds a byte that no request target may, such as a blank");
	if (path && http_path_has_dots(str_make(path, strcspn(path, "?"))))
		compile_error(c, rule, "rewrite_path", "it has a segment \".\" or \"..\"");
	for (const char *at = rule->conf->host_header; at && *at; at++)
		if (!http_byte_is_host(*at) && !strchr(":[]", *at)) {
			compile_error(c, rule, "host_header", "it is no host name");
			break;
		}
}

static void compile_actions(struct rule_compiler *c, struct rule *rule)
{
	const struct config_rule *conf = rule->conf;
	compile_header_name(c, rule, "set_header.name", conf->set_header_name);
	compile_header_name(c, rule, "add_header.name", conf->add_header_name);
	compile_header_name(c, rule, "del_header", conf->del_header);
	compile_texts(c, rule);
	compile_template(c, rule, "redirect.to", conf->redirect_to, &rule->redirect);
	compile_template(c, rule, "rewrite_path", conf->rewrite_path, &rule->rewrite);
	compile_template(
		c, rule, "set_header.value", conf->set_header_name ? conf->set_header_value : NULL, &rule->set);
	compile_template(
		c, rule, "add_header.value", conf->add_header_name ? conf->add_header_value : NULL, &rule->add);
	compile_template(c, rule, "host_header", conf->host_header, &rule->host);
}

static void compile_keys(struct rule *rule)
{
	const struct config_rate_limit *limit = &rule->conf->rate_limit;
	rule->split_key = rule_key_make(rule->conf->split_key);
	for (uint32_t i = 0; i < rule->conf->split_count; i++)
		rule->split_weight += rule->conf->split[i].weight;
	rule->limit_key = rule_key_make(limit->key);
	rule->limit_key.v4_bits = limit->v4_prefix;
	rule->limit_key.v6_bits = limit->v6_prefix;
}

/* Without HTTP there is nothing to look at but the client's address, and nothing to answer or to change. */
static void compile_check_tcp(struct rule_compiler *c, struct rule *rule)
{
	const struct config_rule *conf = rule->conf;
	bool other = conf->redirect_to || conf->return_status || conf->set_header_name || conf->add_header_name ||
		     conf->del_header || conf->rewrite_path || conf->host_header;
	for (uint32_t i = 0; i < rule->condition_count; i++)
		other |= rule->conditions[i].kind != RULE_CONDITION_SRC &&
			 rule->conditions[i].kind != RULE_CONDITION_PEER;
	other |= rule->split_key.kind > RULE_KEY_SRC || rule->limit_key.kind > RULE_KEY_SRC;
	if (other)
		compile_error(c, rule, "a part",
			"in mode tcp a rule can only test src and peer, or that they are others (not_src, not_peer), "
			"has no key but src, and can only limit the rate, or end in backend, split or deny");
}

static bool compile_reads_path(const struct rule *rule)
{
	enum rule_key_kind split = rule->split_key.kind, limit = rule->limit_key.kind;
	bool keys = split == RULE_KEY_PATH || split == RULE_KEY_URI || limit == RULE_KEY_PATH || limit == RULE_KEY_URI;
	return rule->conf->path || rule->conf->not_path || keys;
}

static void compile_rule(struct rule_compiler *c, struct rule *rule)
{
	rule->conditions = arena_zero(&c->set->arena, RULE_CONDITIONS_MAX, sizeof *rule->conditions);
	if (!rule->conditions) {
		compile_error(c, rule, "a part", "memory is out");
		return;
	}
	compile_conditions(c, rule);
	compile_actions(c, rule);
	compile_keys(rule);
	c->set->reads_path |= compile_reads_path(rule);
	if (c->frontend->mode == CONFIG_MODE_TCP)
		compile_check_tcp(c, rule);
}

struct ruleset *ruleset_compile(const struct config_frontend *frontend, struct text *messages)
{
	struct ruleset *set = calloc(1, sizeof *set);
	struct rule_compiler c = {.set = set, .frontend = frontend, .messages = messages, .good = true};
	if (set) {
		arena_init(&set->arena, NULL, 0);
		set->rules = arena_zero(&set->arena, frontend->rule_count, sizeof *set->rules);
	}
	if (!set || (frontend->rule_count && !set->rules)) {
		text_format(messages, "%s:%u: error: rules of frontend \"%s\": memory is out\n", frontend->file,
			frontend->line, frontend->name);
		ruleset_free(set);
		return NULL;
	}
	set->costly_passes = frontend->on_costly == CONFIG_COSTLY_PASS;
	for (uint32_t i = 0; i < frontend->rule_count; i++) {
		set->rules[i].conf = &frontend->rules[i];
		set->count++;
		compile_rule(&c, &set->rules[i]);
	}
	if (c.good)
		return set;
	ruleset_free(set);
	return NULL;
}

bool ruleset_reads_path(const struct ruleset *set)
{
	return set->reads_path;
}

void ruleset_free(struct ruleset *set)
{
	if (!set)
		return;
	for (uint32_t i = 0; i < set->count; i++)
		for (uint32_t k = 0; k < set->rules[i].condition_count; k++)
			pattern_free(set->rules[i].conditions[k].pattern);
	arena_reset(&set->arena);
	free(set);
}

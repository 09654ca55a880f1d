/* The decision: rules in order, what applies is collected, the first terminal action ends it. */
#include "rules/ruleset.h"

#include "http/bytes.h"
#include "http/path.h"
#include "rules/rule.h"

struct ruleset_decision {
	const struct rule_request *request;
	const struct rule_tools *tools;
	struct pattern_scratch *scratch;
	struct arena *arena;
	uint32_t budget;
	struct rule_verdict *verdict;
	struct rule_hit **last_hit;
	struct rule_edit **last_edit;
};

static bool ruleset_note_hit(struct ruleset_decision *d, uint32_t rule, bool limited)
{
	struct rule_hit *hit = arena_zero(d->arena, 1, sizeof *hit);
	if (!hit)
		return false;
	hit->rule = rule;
	hit->limited = limited;
	*d->last_hit = hit;
	d->last_hit = &hit->next;
	return true;
}

/* Copies, because an edit is made anew for each attempt and may outlive this configuration. */
static bool ruleset_note_edit(
	struct ruleset_decision *d, enum rule_edit_kind kind, const char *name, const struct rule_template *value)
{
	if (!name)
		return true;
	struct rule_edit *edit = arena_zero(d->arena, 1, sizeof *edit);
	char *copy = arena_copy(d->arena, str_of(name));
	if (!edit || !copy)
		return false;
	edit->kind = kind;
	edit->name = str_of(copy);
	*d->last_edit = edit;
	d->last_edit = &edit->next;
	return !value || rule_template_expand(value, d->scratch, d->arena, &edit->value);
}

/* A text that begins with "//" names another host, and browsers read '\\' like '/'. Only who writes a rule may name
 * one: what a client's path makes of "/$1" or "$1" stays here. Returns what stands behind the slashes at the beginning,
 * and in *here whether there were any. Blanks and control characters, which browsers skip, are in no path; "%2F" and
 * "%09" are no slash and no blank to them. */
static struct str ruleset_stay_here(struct str text, const char *as_written, bool *here)
{
	*here = false;
	if (as_written[0] == '/' && as_written[1] == '/')
		return text;
	while (text.n > 0 && (text.p[0] == '/' || text.p[0] == '\\')) {
		text = str_make(text.p + 1, text.n - 1);
		*here = true;
	}
	return text;
}

/* The path as a request target. "/new/$1" and "/old../x" make "/new/../x", which leaves what the rule is about. */
static bool ruleset_rewrite(struct ruleset_decision *d, const struct rule *rule)
{
	struct str path;
	bool here;
	if (!rule_template_expand(&rule->rewrite, d->scratch, d->arena, &path))
		return false;
	const char *query = memchr(path.p, '?', path.n);
	if (http_path_has_dots(str_make(path.p, query ? (size_t)(query - path.p) : path.n))) {
		d->verdict->action = RULE_DENY;
		d->verdict->status = 400;
	}
	struct str rest = ruleset_stay_here(path, rule->conf->rewrite_path, &here);
	if (path.n == 0 || path.p[0] != '/' || (here && rest.n + 1 != path.n)) {
		char *rooted = arena_alloc(d->arena, rest.n + 1);
		if (!rooted)
			return false;
		rooted[0] = '/';
		memcpy(rooted + 1, rest.p, rest.n);
		path = str_make(rooted, rest.n + 1);
	}
	d->verdict->changes.path = path;
	return true;
}

static bool ruleset_host_is_sound(struct str host)
{
	for (size_t i = 0; i < host.n; i++)
		if (!http_byte_is_host(host.p[i]) && !strchr(":[]", host.p[i]))
			return false;
	return host.n > 0;
}

static bool ruleset_edit(struct ruleset_decision *d, const struct rule *rule)
{
	const struct config_rule *conf = rule->conf;
	if (!ruleset_note_edit(d, RULE_EDIT_DEL, conf->del_header, NULL) ||
		!ruleset_note_edit(d, RULE_EDIT_SET, conf->set_header_name, &rule->set) ||
		!ruleset_note_edit(d, RULE_EDIT_ADD, conf->add_header_name, &rule->add))
		return false;
	/* The target of a CONNECT is no path, and its Host says the same (RFC 9110 9.3.6). */
	if (str_equal(d->request->method, str_of("CONNECT")))
		return true;
	if (rule->host.pieces) {
		struct str host;
		if (!rule_template_expand(&rule->host, d->scratch, d->arena, &host))
			return false;
		/* A group of the path can hold what no Host may. */
		if (ruleset_host_is_sound(host))
			d->verdict->changes.host = host;
	}
	return !rule->rewrite.pieces || ruleset_rewrite(d, rule);
}

static bool ruleset_redirect(struct ruleset_decision *d, const struct rule *rule)
{
	const char *to = rule->conf->redirect_to;
	bool here;
	struct str query = d->request->query, location;
	if (!rule_template_expand(&rule->redirect, d->scratch, d->arena, &location))
		return false;
	bool empty = location.n == 0;
	location = ruleset_stay_here(location, to, &here);
	/* A "?" behind the "#" is part of the fragment, and what the client sent has no "#". */
	size_t plain = strcspn(to, "?#");
	bool keeps_query = query.p && to[plain] != '?';
	const char *fragment = location.n ? memchr(location.p, '#', location.n) : NULL;
	int before = (int)(fragment ? fragment - location.p : (ptrdiff_t)location.n);
	char *whole = arena_format(d->arena, "%s%.*s%s%.*s%.*s", here || empty ? "/" : "", before, location.p,
		keeps_query ? "?" : "", keeps_query ? (int)query.n : 0, keeps_query ? query.p : "",
		(int)location.n - before, fragment ? fragment : "");
	if (!whole)
		return false;
	d->verdict->location = str_of(whole);
	return true;
}

/* Splits of all versions on all machines agree, so that a client stays where it is. */
static const struct siphash_key ruleset_split_seed = {0x6c62642d73706c69u, 0x742d6b6579206f31u};

/* The parts lie side by side in their order, so a part that grows keeps the clients that it has. */
static uint32_t ruleset_split(struct ruleset_decision *d, const struct rule *rule)
{
	uint64_t hash;
	if (rule->split_key.kind == RULE_KEY_NONE ||
		!rule_key_hash(&rule->split_key, d->request, &ruleset_split_seed, &d->budget, &hash))
		hash = d->tools->random;
	uint64_t point = (hash >> 32) * rule->split_weight >> 32, sum = 0;
	for (uint32_t i = 0; i < rule->conf->split_count; i++) {
		sum += rule->conf->split[i].weight;
		if (point < sum)
			return i;
	}
	return 0;
}

static bool ruleset_end(struct ruleset_decision *d, const struct rule *rule)
{
	const struct config_rule *conf = rule->conf;
	struct rule_verdict *v = d->verdict;
	if (conf->backend) {
		v->action = RULE_BACKEND;
	} else if (conf->split_count) {
		v->action = RULE_BACKEND;
		v->part = ruleset_split(d, rule);
	} else if (conf->deny) {
		v->action = RULE_DENY;
		v->status = conf->deny;
	} else if (conf->redirect_to) {
		v->action = RULE_REDIRECT;
		v->status = conf->redirect_status;
		return ruleset_redirect(d, rule);
	} else if (conf->return_status) {
		v->action = RULE_RETURN;
		v->status = conf->return_status;
		v->body = str_of(conf->return_body);
	}
	return true;
}

/* How long until the rule's limit would let it pass, us; 0: now. */
static uint64_t ruleset_limit(struct ruleset_decision *d, const struct rule *rule, uint32_t index)
{
	const struct rule_limits *limits = &d->tools->limits;
	struct rate_table *table = limits->by_rule ? limits->by_rule[index] : NULL;
	uint32_t enough = PATTERN_BUDGET; /* for an address, which always costs the same */
	uint64_t hash = 0;
	if (!table)
		return 0;
	const struct siphash_key *seed = rate_table_seed(table);
	struct rule_key key = rule->limit_key;
	bool plain = key.kind == RULE_KEY_NONE || key.kind == RULE_KEY_SRC;
	if (!plain && !rule_key_hash(&key, d->request, seed, &d->budget, &hash)) {
		key.kind = RULE_KEY_SRC;
		plain = true;
	}
	/* Without an address, which is a Unix socket, all are one. */
	if (plain && !rule_key_hash(&key, d->request, seed, &enough, &hash))
		hash = 0;
	return limits->peek ? rate_table_peek(table, hash, limits->now_us)
			    : rate_table_take(table, hash, limits->now_us);
}

/* Of a rule whose conditions hold, or of which that is not known. */
static bool ruleset_apply(struct ruleset_decision *d, const struct rule *rule, uint32_t index, enum rule_truth truth)
{
	struct rule_verdict *v = d->verdict;
	const struct config_rate_limit *limit = &rule->conf->rate_limit;
	uint64_t wait_us = limit->rate ? ruleset_limit(d, rule, index) : 0;
	if (!ruleset_note_hit(d, index, wait_us > 0))
		return false;
	if (wait_us && !limit->dry_run) {
		v->action = RULE_LIMIT;
		v->rule = index;
		v->status = limit->status;
		v->wait_us = wait_us;
		return true;
	}
	if (truth == RULE_UNKNOWN && !rule->conf->deny)
		return true;
	v->rule = index;
	if (!ruleset_edit(d, rule))
		return false;
	/* Its path was refused. */
	return v->action == RULE_DENY || ruleset_end(d, rule);
}

/* The rule cannot be decided, so nothing is known of those behind it either. */
static void ruleset_give_up(struct ruleset_decision *d, const struct ruleset *set, uint32_t index)
{
	const struct config_rule *conf = set->rules[index].conf;
	struct rule_verdict *v = d->verdict;
	bool fields = conf->header_name || conf->not_header_name || conf->cookie_name || conf->not_cookie_name;
	v->costly_rule = v->costly ? v->costly_rule : index;
	v->costly = true;
	if (set->costly_passes)
		return;
	v->action = RULE_COSTLY;
	v->status = fields ? 431 : 400;
}

/* Whether anything is done where the conditions are not decided. */
static bool ruleset_fails_closed(const struct rule *rule)
{
	return rule->conf->deny || rule->conf->rate_limit.rate;
}

bool ruleset_decide(const struct ruleset *set, const struct rule_request *request, const struct rule_tools *tools,
	struct rule_verdict *verdict)
{
	*verdict = (struct rule_verdict){.action = RULE_PASS};
	struct ruleset_decision d = {.request = request,
		.tools = tools,
		.scratch = tools->scratch,
		.arena = tools->arena,
		.budget = PATTERN_BUDGET,
		.verdict = verdict,
		.last_hit = &verdict->hits,
		.last_edit = &verdict->changes.edits};
	for (uint32_t i = 0; i < set->count && verdict->action == RULE_PASS; i++) {
		const struct rule *rule = &set->rules[i];
		enum rule_truth truth = rule_test(rule, request, d.scratch, &d.budget);
		if (truth == RULE_UNKNOWN)
			ruleset_give_up(&d, set, i);
		bool holds = truth == RULE_TRUE || (truth == RULE_UNKNOWN && ruleset_fails_closed(rule));
		if (!holds || verdict->action == RULE_COSTLY)
			continue;
		if (!ruleset_apply(&d, rule, i, truth))
			return false;
		/* The key of a limit or a split was not found within the budget. */
		if (d.budget == 0)
			ruleset_give_up(&d, set, i);
	}
	verdict->steps = PATTERN_BUDGET - d.budget;
	return true;
}

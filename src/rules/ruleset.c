/* The decision: rules in order, what applies is collected, the first terminal action ends it. */
#include "rules/ruleset.h"

#include "http/bytes.h"
#include "rules/rule.h"

struct ruleset_decision {
	const struct rule_request *request;
	struct pattern_scratch *scratch;
	struct arena *arena;
	struct rule_verdict *verdict;
	struct rule_hit **last_hit;
	struct rule_edit **last_edit;
};

static bool ruleset_note_hit(struct ruleset_decision *d, uint32_t rule)
{
	struct rule_hit *hit = arena_zero(d->arena, 1, sizeof *hit);
	if (!hit)
		return false;
	hit->rule = rule;
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

/* What a request target must begin with. */
static bool ruleset_rewrite(struct ruleset_decision *d, const struct rule_template *t)
{
	struct str path;
	if (!rule_template_expand(t, d->scratch, d->arena, &path))
		return false;
	if (path.n == 0 || path.p[0] != '/') {
		char *rooted = arena_alloc(d->arena, path.n + 1);
		if (!rooted)
			return false;
		rooted[0] = '/';
		memcpy(rooted + 1, path.p, path.n);
		path = str_make(rooted, path.n + 1);
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
	if (rule->host.pieces) {
		struct str host;
		if (!rule_template_expand(&rule->host, d->scratch, d->arena, &host))
			return false;
		/* A group of the path can hold what no Host may. */
		if (ruleset_host_is_sound(host))
			d->verdict->changes.host = host;
	}
	return !rule->rewrite.pieces || ruleset_rewrite(d, &rule->rewrite);
}

/* "/$1" with a path such as "/old//evil.example" must not become "//evil.example", which names another host; browsers
 * read '\' like '/'. Returns what stands behind the slashes, and the one slash in root; the whole otherwise. */
static struct str ruleset_stay_here(struct str location, const char *as_written, const char **root)
{
	*root = "";
	if (as_written[0] != '/' || as_written[1] == '/' || as_written[1] == '\\')
		return location;
	*root = "/";
	while (location.n > 0 && (location.p[0] == '/' || location.p[0] == '\\'))
		location = str_make(location.p + 1, location.n - 1);
	return location;
}

static bool ruleset_redirect(struct ruleset_decision *d, const struct rule *rule)
{
	const char *to = rule->conf->redirect_to, *root;
	struct str query = d->request->query, location;
	if (!rule_template_expand(&rule->redirect, d->scratch, d->arena, &location))
		return false;
	location = ruleset_stay_here(location, to, &root);
	bool keeps_query = query.p && !strpbrk(to, "?#");
	char *whole = arena_format(d->arena, "%s%.*s%s%.*s", root, (int)location.n, location.p, keeps_query ? "?" : "",
		keeps_query ? (int)query.n : 0, keeps_query ? query.p : "");
	if (!whole)
		return false;
	d->verdict->location = str_of(whole);
	return true;
}

static bool ruleset_end(struct ruleset_decision *d, const struct rule *rule, uint32_t index)
{
	const struct config_rule *conf = rule->conf;
	struct rule_verdict *v = d->verdict;
	v->rule = index;
	if (conf->backend) {
		v->action = RULE_BACKEND;
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

bool ruleset_decide(const struct ruleset *set, const struct rule_request *request, struct pattern_scratch *scratch,
	struct arena *arena, struct rule_verdict *verdict)
{
	uint32_t budget = PATTERN_BUDGET;
	*verdict = (struct rule_verdict){.action = RULE_PASS};
	struct ruleset_decision d = {request, scratch, arena, verdict, &verdict->hits, &verdict->changes.edits};
	for (uint32_t i = 0; i < set->count && verdict->action == RULE_PASS; i++) {
		const struct rule *rule = &set->rules[i];
		enum rule_truth truth = rule_test(rule, request, scratch, &budget);
		if (truth == RULE_UNKNOWN)
			verdict->costly = true;
		if (truth == RULE_FALSE || (truth == RULE_UNKNOWN && !rule->conf->deny))
			continue;
		if (!ruleset_note_hit(&d, i) || !ruleset_edit(&d, rule) || !ruleset_end(&d, rule, i))
			return false;
	}
	return true;
}

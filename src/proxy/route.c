#include "proxy/route.h"

static struct rule_request route_view(
	const struct http_request *request, const struct address *client, const struct address *peer)
{
	struct rule_request view = {.http = request != NULL};
	view.has_src = address_to_in6(client, &view.src);
	view.has_peer = address_to_in6(peer, &view.peer);
	if (!request)
		return view;
	view.method = request->method_text;
	view.host = request->host;
	view.path = request->path;
	view.query = request->query;
	view.fields = &request->fields;
	return view;
}

/* What the rules say, in the words of the data path. */
static void route_apply(struct verdict *v, const struct frontend_rules *rules)
{
	switch (v->rules.action) {
	case RULE_PASS:
		break;
	case RULE_BACKEND:
		v->backend = rules->backends[rules->first[v->rules.rule] + v->rules.part];
		break;
	case RULE_DENY:
		v->reason = REASON_DENIED;
		break;
	case RULE_LIMIT:
		v->reason = REASON_RATE_LIMITED;
		break;
	case RULE_COSTLY:
		v->reason = REASON_COSTLY;
		break;
	case RULE_REDIRECT:
	case RULE_RETURN:
		v->reason = REASON_RULE_ANSWERED;
		break;
	}
}

struct verdict route_decide(const struct frontend *frontend, const struct http_request *request,
	const struct address *client, const struct address *peer, const struct rule_tools *tools)
{
	struct frontend_rules *rules = atomic_load_explicit(&frontend->rules, memory_order_acquire);
	struct verdict v = {.reason = REASON_NONE, .source = rules};
	if (rules) {
		struct rule_request view = route_view(request, client, peer);
		struct rule_tools all = *tools;
		all.limits.by_rule = rules->limits;
		/* Without its verdict nothing may pass: a rule could have refused it. */
		if (!ruleset_decide(rules->set, &view, &all, &v.rules))
			v.reason = REASON_MEMORY;
		else
			route_apply(&v, rules);
	}
	if (v.reason == REASON_NONE && !v.backend)
		v.backend = atomic_load_explicit(&frontend->default_backend, memory_order_acquire);
	if (v.reason == REASON_NONE && !v.backend)
		v.reason = REASON_NO_BACKEND;
	return v;
}

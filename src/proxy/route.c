#include "proxy/route.h"

#include "http/path.h"

/* The path in its normal form, where it is another one than the request has. */
static enum http_error route_normalize(
	const struct frontend_rules *rules, struct str path, struct arena *arena, struct str *normal)
{
	if (!rules->normalizes)
		return HTTP_ERROR_NONE;
	if (rules->path_strict && !http_path_is_strict(path))
		return HTTP_ERROR_STRICT_PATH;
	if (http_path_is_normal(path))
		return HTTP_ERROR_NONE;
	char *room = arena_alloc(arena, path.n);
	return room ? http_path_normalize(path, room, normal) : HTTP_ERROR_MEMORY;
}

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
	view.path = view.raw_path = request->path;
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

/* Without its verdict nothing may pass: a rule could have refused it. */
static void route_ask(struct verdict *v, struct frontend_rules *rules, const struct http_request *request,
	struct rule_request *view, const struct rule_tools *tools)
{
	struct rule_tools all = *tools;
	all.limits.by_rule = rules->limits;
	v->error = request ? route_normalize(rules, request->path, tools->arena, &view->path) : HTTP_ERROR_NONE;
	if (v->error) {
		v->reason = v->error == HTTP_ERROR_MEMORY ? REASON_MEMORY : REASON_MALFORMED_REQUEST;
		return;
	}
	if (!ruleset_decide(rules->set, view, &all, &v->rules)) {
		v->reason = REASON_MEMORY;
		return;
	}
	route_apply(v, rules);
	if (request && rules->forwards_normal && view->path.p != request->path.p && !v->rules.changes.path.n)
		v->rules.changes.path = view->path;
}

struct verdict route_decide(const struct frontend *frontend, const struct http_request *request,
	const struct address *client, const struct address *peer, const struct rule_tools *tools)
{
	struct frontend_rules *rules = atomic_load_explicit(&frontend->rules, memory_order_acquire);
	struct verdict v = {.reason = REASON_NONE, .source = rules};
	if (rules) {
		struct rule_request view = route_view(request, client, peer);
		route_ask(&v, rules, request, &view, tools);
	}
	if (v.reason == REASON_NONE && !v.backend)
		v.backend = atomic_load_explicit(&frontend->default_backend, memory_order_acquire);
	if (v.reason == REASON_NONE && !v.backend)
		v.reason = REASON_NO_BACKEND;
	return v;
}

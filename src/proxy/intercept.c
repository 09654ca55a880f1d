#include "proxy/intercept.h"

#include "http/write.h"
#include "proxy/malformed.h"

/* Which rules let pass what was above their rate, because they only try. */
static void intercept_tell(struct exchange *x, const struct verdict *v)
{
	struct worker *w = x->worker;
	const struct config_frontend *conf = atomic_load_explicit(&x->frontend->conf, memory_order_acquire);
	for (const struct rule_hit *hit = v->rules.hits; hit; hit = hit->next) {
		const struct config_rule *rule = &conf->rules[hit->rule];
		if (!hit->limited || !rule->rate_limit.dry_run)
			continue;
		counter_add(counter_set_block(&x->frontend->counters, w->index), COUNTER_RATE_LIMITED_DRY, 1);
		if (frontend_rules_may_log(v->source, hit->rule, w->loop.now_us))
			log_write(w->log, LOG_LEVEL_NOTICE,
				"frontend '%s': the rate_limit of the rule at %s:%u would have refused %llu requests "
				"so far (dry_run)",
				x->frontend->name, rule->file, rule->line,
				(unsigned long long)frontend_rules_limited(v->source, hit->rule));
	}
}

/* Which rule has a pattern that clients can make too costly. */
static void intercept_tell_costly(struct exchange *x, const struct verdict *v)
{
	struct worker *w = x->worker;
	const struct config_frontend *conf = atomic_load_explicit(&x->frontend->conf, memory_order_acquire);
	const struct config_rule *rule = &conf->rules[v->rules.costly_rule];
	counter_add(counter_set_block(&x->frontend->counters, w->index), COUNTER_COSTLY_REQUESTS, 1);
	if (frontend_rules_may_log(v->source, v->rules.costly_rule, w->loop.now_us))
		log_write(w->log, LOG_LEVEL_WARNING,
			"frontend '%s': a pattern of the rule at %s:%u was too costly for a request, which was %s",
			x->frontend->name, rule->file, rule->line,
			v->reason == REASON_COSTLY ? "refused" : "not decided by it (on_costly)");
}

/* The head lies in one piece, as it was received. */
static void intercept_capture(const struct exchange *x, enum http_error error)
{
	const char *head = x->request.method_text.p;
	malformed_request(x->session, error,
		(struct malformed_place){
			.input = str_make(head, x->head_bytes_in), .position = (size_t)(x->request.target.p - head)});
}

bool intercept_has_rules(const struct exchange *x)
{
	return atomic_load_explicit(&x->frontend->rules, memory_order_acquire) != NULL;
}

struct verdict intercept_decide(struct exchange *x)
{
	struct worker *w = x->worker;
	const struct rule_tools tools = {.scratch = w->patterns,
		.arena = &x->arena,
		.random = random_next(&w->random),
		.limits = {.now_us = w->loop.now_us}};
	struct address client, peer;
	session_client(x->session, &client);
	session_peer(x->session, &peer);
	struct verdict v = route_decide(x->frontend, x->parsed ? &x->request : NULL, &client, &peer, &tools);
	w->rule_steps += v.rules.steps;
	if (v.source && frontend_rules_count(v.source, w->index, v.rules.hits))
		intercept_tell(x, &v);
	if (v.rules.costly)
		intercept_tell_costly(x, &v);
	if (v.reason == REASON_MALFORMED_REQUEST)
		intercept_capture(x, v.error);
	x->changes = v.rules.changes;
	return v;
}

bool intercept_send(struct exchange *x, const struct rule_verdict *v)
{
	struct http_field add[2];
	const struct http_response response = {
		.status = (uint16_t)v->status, .reason = str_of(http_status_phrase(v->status))};
	bool has_body = v->status != 204 && v->status != 304;
	bool head_only = x->request.method == HTTP_METHOD_HEAD;
	/* Only after a request that was read to its end is the connection in a known state. */
	bool close = x->close_client || !http_framing_is_empty(&x->request.framing);
	struct http_out out = {.add = add, .close = close, .keep_alive = !close && x->request.minor == 0};
	if (v->location.n)
		add[out.add_count++] = (struct http_field){.name = str_of("Location"), .value = v->location};
	if (has_body) {
		add[out.add_count++] =
			(struct http_field){.name = str_of("Content-Type"), .value = str_of("text/plain")};
		out.framing = (struct http_framing){.kind = HTTP_BODY_LENGTH, .length = v->body.n};
	}
	struct channel *client = &x->session->client;
	char *start = channel_reserve(client, http_response_head_bound(&response, &out) + v->body.n);
	if (!start)
		return false;
	char *at = http_write_response_head(start, &response, &out);
	if (has_body && !head_only && v->body.n) {
		memcpy(at, v->body.p, v->body.n);
		at += v->body.n;
	}
	channel_commit(client, (size_t)(at - start));
	x->head_bytes_out += (uint32_t)(at - start);
	x->status = (uint16_t)v->status;
	x->answered = true;
	x->response_complete = true;
	x->close_client = close;
	return true;
}

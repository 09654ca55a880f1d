#include "proxy/intercept.h"

#include "http/write.h"

struct verdict intercept_decide(struct exchange *x)
{
	struct worker *w = x->worker;
	const struct route_tools tools = {w->patterns, &x->arena};
	struct address client;
	session_peer(x->session, &client);
	struct verdict v = route_decide(x->frontend, x->parsed ? &x->request : NULL, &client, &tools);
	if (v.source)
		frontend_rules_count(v.source, w->index, v.rules.hits);
	if (v.rules.costly)
		counter_add(counter_set_block(&x->frontend->counters, w->index), COUNTER_COSTLY_REQUESTS, 1);
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
	bool close = x->close_client || x->request.framing.kind != HTTP_BODY_NONE;
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

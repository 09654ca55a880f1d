#include "proxy/malformed.h"

static struct captured_error malformed_facts(const struct session *s, struct malformed_place place)
{
	struct captured_error facts = {.wall_us = loop_wall_us(&session_worker(s)->loop),
		.start = place.start,
		.position = place.position,
		.in_body = place.in_body};
	session_client(s, &facts.client);
	return facts;
}

static void malformed_name(char out[CAPTURED_ERROR_NAME], const char *name)
{
	size_t n = strnlen(name, CAPTURED_ERROR_NAME - 1);
	memcpy(out, name, n);
	out[n] = '\0';
}

static void malformed_server(struct captured_error *facts, const struct exchange *x)
{
	if (!x->server)
		return;
	malformed_name(facts->server, x->server->name);
	facts->server_id = x->server->id;
}

void malformed_request(const struct session *s, enum http_error error, struct malformed_place place)
{
	struct captured_error facts = malformed_facts(s, place);
	facts.word = http_error_word(error);
	facts.text = http_error_text(error);
	error_slot_put(&s->bind->frontend->malformed, &facts, place.input);
}

static struct malformed_place malformed_in_flow(const struct flow *f)
{
	return (struct malformed_place){
		.input = channel_input(f->from), .start = f->taken, .position = f->error_at, .in_body = true};
}

void malformed_request_body(const struct exchange *x)
{
	struct malformed_place place = malformed_in_flow(&x->up);
	struct captured_error facts = malformed_facts(x->session, place);
	facts.word = http_error_word(x->up.error);
	facts.text = http_error_text(x->up.error);
	malformed_name(facts.other, x->backend->name);
	facts.other_id = x->backend->id;
	malformed_server(&facts, x);
	error_slot_put(&x->frontend->malformed, &facts, place.input);
}

void malformed_response(const struct exchange *x, const char *word, const char *text, struct malformed_place place)
{
	struct captured_error facts = malformed_facts(x->session, place);
	facts.word = word;
	facts.text = text;
	malformed_name(facts.other, x->frontend->name);
	facts.other_id = x->frontend->id;
	malformed_server(&facts, x);
	error_slot_put(&x->backend->malformed, &facts, place.input);
}

void malformed_response_body(const struct exchange *x)
{
	malformed_response(
		x, http_error_word(x->down.error), http_error_text(x->down.error), malformed_in_flow(&x->down));
}

/* REQUEST and RELAY: the request goes to the server, and both bodies, or both directions of a tunnel, are moved. */
#include "proxy/exchange_parts.h"
#include "proxy/forward.h"
#include "proxy/identity.h"
#include "proxy/malformed.h"

/* ---- both messages ---- */

/* What a head may not say, and what a rule has set or removed, does not come in behind the body. */
static bool exchange_passes_trailer_up(const struct flow *f, struct str name)
{
	const struct exchange *x = (const struct exchange *)((const char *)f - offsetof(struct exchange, up));
	for (const struct rule_edit *edit = x->changes.edits; edit; edit = edit->next)
		if (str_equal_folded(edit->name, name))
			return false;
	return http_trailer_is_safe(name) && identity_passes_trailer(x, name);
}

void exchange_start_up(struct exchange *x, struct channel *to)
{
	struct http_framing framing = x->request.framing;
	flow_start(&x->up, &x->session->client, to, framing, framing.kind == HTTP_BODY_CHUNKED);
	x->up.most = exchange_frontend_conf(x)->limits.body;
	x->up.passes_trailer = exchange_passes_trailer_up;
}

/* The request for a server that has nothing of it yet; of its body, what was taken from the client already. */
static bool exchange_write_request(struct exchange *x)
{
	struct channel *server = &x->upstream->channel;
	if (!forward_request_head(x))
		return false;
	x->head_length = (uint32_t)channel_pending(server);
	x->request_cut = false;
	/* Where writing to the server fails, its upstream hears of it, and so shall we. */
	if (x->unsent_kept) {
		struct buffer rest = x->unsent;
		x->unsent = (struct buffer){0};
		x->unsent_kept = false;
		bool moved = flow_move_to(&x->up, server, &rest) || server->error;
		buffer_free(&rest);
		return moved;
	}
	if (x->up.begun) {
		bool repeated = flow_repeat(&x->up, server) || server->error;
		exchange_keep_body(x);
		return repeated;
	}
	exchange_start_up(x, server);
	exchange_keep_body(x);
	return true;
}

enum exchange_go exchange_request(struct exchange *x)
{
	static const struct http_framing endless = {.kind = HTTP_BODY_UNTIL_CLOSE};
	struct channel *client = &x->session->client, *server = &x->upstream->channel;
	if (x->tunnel) {
		flow_start(&x->up, client, server, endless, false);
		flow_start(&x->down, server, client, endless, false);
	} else if (!exchange_write_request(x)) {
		return exchange_fail(x, REASON_MEMORY, NULL);
	} else if (x->request.binds) {
		x->upstream->bound = true;
	}
	exchange_arm_pace(x);
	/* Reading may have stopped while there was nobody to send to. */
	if (!x->up.done && !client->reading && !x->session->eof)
		channel_resume(client);
	return EXCHANGE_GO_NEXT;
}

/* Moves what the client sent. True when the exchange is over because of it. */
bool exchange_move_up(struct exchange *x)
{
	struct session *s = x->session;
	if (x->up.done)
		return false;
	if (x->upstream && x->upstream->unsendable) {
		/* The server stopped listening; its answer may still be on the way, and says why. */
		x->up.done = x->request_cut = true;
		return false;
	}
	enum flow_result result = flow_pump(&x->up);
	if (result == FLOW_MORE && s->eof && !channel_input(&s->client).n) {
		result = flow_end(&x->up);
		if (result == FLOW_BROKEN)
			return exchange_fail(x, REASON_CLIENT_CLOSED, NULL) == EXCHANGE_GO_FINISH;
		channel_shutdown(&x->upstream->channel);
	}
	if (result == FLOW_BAD) {
		malformed_request_body(x);
		exchange_fail(x, REASON_BODY_MALFORMED, http_error_word(x->up.error));
	}
	if (result == FLOW_LARGE)
		exchange_fail(x, REASON_BODY_TOO_LARGE, NULL);
	if (result == FLOW_BAD || result == FLOW_LARGE)
		return true;
	if (result == FLOW_BROKEN)
		x->up.done = x->request_cut = true;
	return false;
}

static bool exchange_move_down(struct exchange *x)
{
	struct upstream *u = x->upstream;
	if (x->down.done)
		return false;
	enum flow_result result = flow_pump(&x->down);
	if (result == FLOW_MORE && (u->eof || u->failed) && !channel_input(&u->channel).n) {
		/* A reset is not a clean end of a body that ends with the connection. */
		result = u->failed ? FLOW_BROKEN : flow_end(&x->down);
		if (result == FLOW_BROKEN)
			return exchange_fail(x, REASON_SERVER_CLOSED, NULL) == EXCHANGE_GO_FINISH;
		if (x->tunnel)
			channel_shutdown(&x->session->client);
	}
	if (result == FLOW_BAD) {
		malformed_response_body(x);
		exchange_fail(x, REASON_MALFORMED_RESPONSE, http_error_word(x->down.error));
	}
	if (result == FLOW_BROKEN)
		exchange_fail(x, REASON_CLIENT_CLOSED, NULL);
	return result == FLOW_BAD || result == FLOW_BROKEN;
}

enum exchange_go exchange_relay(struct exchange *x)
{
	if (x->timed_out)
		return exchange_fail(x, exchange_timeout_reason(x), NULL);
	if (x->upstream && ((!x->up.done && exchange_move_up(x)) || exchange_move_down(x)))
		return EXCHANGE_GO_FINISH;
	if (!x->down.done || (x->tunnel && !x->up.done))
		return EXCHANGE_GO_WAIT;
	if (x->upstream) {
		/* What the client said last has to reach the server before its connection ends. */
		if (x->tunnel && channel_pending(&x->upstream->channel) && !x->upstream->unsendable) {
			channel_flush(&x->upstream->channel);
			if (x->upstream->channel.blocked)
				return EXCHANGE_GO_WAIT;
		}
		if (x->up.done && !x->request_cut && !x->tunnel)
			upstream_release(x->upstream, x->upstream_keeps);
		else
			upstream_close(x->upstream);
		x->upstream = NULL;
		if (!x->up.done)
			x->request_cut = x->up.done = true;
	}
	/* The exchange ends when the client has taken its answer, so far as we can see. */
	if (x->session->client.blocked)
		return EXCHANGE_GO_WAIT;
	x->response_complete = true;
	return EXCHANGE_GO_NEXT;
}

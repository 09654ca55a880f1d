/* BUFFER: with buffer_request the body is read before a server is picked, all of it or as much as there is room for, so
 * that a client that sends it slowly holds no place on a server. It stands in the copy that a retry would need. */
#include "proxy/exchange_parts.h"

bool exchange_wants_buffer(const struct exchange *x)
{
	return exchange_backend_conf(x)->buffer_request && x->parsed && !http_framing_is_empty(&x->request.framing);
}

/* No server can be asked whether it wants the body, and the client may wait for long before it sends it unasked. */
static bool exchange_say_continue(struct exchange *x)
{
	static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
	struct channel *client = &x->session->client;
	if (!x->request.expect_continue)
		return true;
	for (uint32_t i = 0; i < x->request.fields.count; i++)
		if (x->request.fields.at[i].id == HTTP_FIELD_EXPECT)
			x->request.fields.at[i].drop = true;
	x->request.expect_continue = false;
	if (channel_input(client).n)
		return true;
	x->head_bytes_out += sizeof text - 1;
	return channel_write(client, text, sizeof text - 1);
}

static bool exchange_begin_buffer(struct exchange *x)
{
	exchange_start_up(x, NULL);
	x->copy = (struct flow_copy){.most = exchange_backend_conf(x)->buffer_request, .whole = true};
	x->up.copy = &x->copy;
	exchange_arm_pace(x);
	return exchange_say_continue(x);
}

enum exchange_go exchange_buffer(struct exchange *x)
{
	if (!x->up.copy && !exchange_begin_buffer(x))
		return exchange_fail(x, REASON_CLIENT_CLOSED, NULL);
	if (x->timed_out)
		return exchange_fail(x, REASON_CLIENT_TIMEOUT, NULL);
	/* Of chunks a part of what came may have no data. */
	do
		if (exchange_move_up(x))
			return EXCHANGE_GO_FINISH;
	while (x->copy.whole && !x->up.done && !flow_is_full(&x->up) && channel_input(&x->session->client).n);
	if (!x->copy.whole)
		return exchange_fail(x, REASON_MEMORY, NULL);
	if (!x->up.done && !flow_is_full(&x->up))
		return EXCHANGE_GO_WAIT;
	timeout_stop(&x->timeout);
	x->at.head = x->worker->loop.now_us;
	return EXCHANGE_GO_NEXT;
}

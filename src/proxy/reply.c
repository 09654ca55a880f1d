#include "proxy/reply.h"

#include "http/write.h"

#include <stdio.h>

enum { REPLY_ROOM = 512, REPLY_EXTRA = 160 };

/* A fault of the request, or a limit that it meets; but not that a rule was asked. */
static bool reply_is_clients_matter(const struct exchange *x)
{
	return reason_kind(x->reason) == REASON_KIND_REQUEST || (x->status < 500 && x->reason != REASON_DENIED);
}

static const char *reply_text(const struct exchange *x)
{
	if (reply_is_clients_matter(x))
		return x->detail ? x->detail : reason_word(x->reason);
	switch (x->status) {
	case 502:
		return "The server gave no valid answer.";
	case 503:
		return "No server can take this request now.";
	case 504:
		return "The server did not answer in time.";
	default:
		return "";
	}
}

static void reply_extra(const struct exchange *x, char out[REPLY_EXTRA])
{
	const struct config_frontend *conf = atomic_load_explicit(&x->frontend->conf, memory_order_acquire);
	int n = 0;
	*out = '\0';
	if (x->retry_after_s)
		n = snprintf(out, REPLY_EXTRA, "Retry-After: %u\r\n", x->retry_after_s);
	if (conf->x_reason)
		snprintf(out + n, (size_t)(REPLY_EXTRA - n), "X-Reason: %.32s%s%.48s\r\n", reason_word(x->reason),
			x->detail ? ", " : "", x->detail ? x->detail : "");
}

bool reply_send(struct exchange *x, bool close)
{
	struct channel *client = &x->session->client;
	char *at = channel_reserve(client, REPLY_ROOM);
	if (!at)
		return false;
	bool head_only = x->parsed && x->request.method == HTTP_METHOD_HEAD;
	bool keep_alive = !close && x->parsed && x->request.minor == 0;
	char extra[REPLY_EXTRA];
	reply_extra(x, extra);
	size_t n = http_write_reply(
		at, REPLY_ROOM, x->status, reply_text(x), str_of(extra), head_only, close, keep_alive);
	if (!n)
		return false;
	channel_commit(client, n);
	x->head_bytes_out += (uint32_t)n;
	x->answered = true;
	x->response_complete = true;
	x->close_client = close;
	return true;
}

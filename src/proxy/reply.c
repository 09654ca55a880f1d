#include "proxy/reply.h"

#include "http/write.h"

#include <stdio.h>

enum { REPLY_ROOM = 512 };

bool reply_send(struct exchange *x, unsigned status, const char *text, bool close)
{
	struct channel *client = &x->session->client;
	char *at = channel_reserve(client, REPLY_ROOM);
	if (!at)
		return false;
	bool head_only = x->parsed && x->request.method == HTTP_METHOD_HEAD;
	bool keep_alive = !close && x->parsed && x->request.minor == 0;
	char extra[48] = "";
	if (x->retry_after_s)
		snprintf(extra, sizeof extra, "Retry-After: %u\r\n", x->retry_after_s);
	size_t n = http_write_reply(at, REPLY_ROOM, status, text, str_of(extra), head_only, close, keep_alive);
	if (!n)
		return false;
	channel_commit(client, n);
	x->head_bytes_out += (uint32_t)n;
	x->answered = true;
	x->response_complete = true;
	x->close_client = close;
	return true;
}

/* The answers of the demo server: head, generated body, and the ways to misbehave while sending it. */
#include "config.h"

#include "origin_conn.h"

#include <stdio.h>
#include <string.h>

/* Decides what the body of the answer is; text that is set is the body, else the pattern. */
static void conn_choose_text(struct conn *c)
{
	char text[1024];
	struct origin *origin = c->origin;
	int len = 0;
	if (c->route == ROUTE_SET)
		len = (int)knobs_print(&origin->knobs, text, sizeof text);
	else if (c->route == ROUTE_STATS)
		len = snprintf(text, sizeof text,
			"{\"name\":\"%s\",\"requests\":%lu,\"answered\":%lu,\"bad\":%lu,\"health\":%lu,\"control\":%lu,"
			"\"connections\":%lu,\"open\":%lu,\"busy\":%lu,\"busy_max\":%lu}\n",
			origin->name, origin->requests, origin->answered, origin->bad, origin->health, origin->control,
			origin->connections, origin->open, origin->busy, origin->busy_max);
	else if (c->route == ROUTE_LEN)
		len = snprintf(text, sizeof text, "{\"length\":%lu,\"crc32\":\"%08x\"}\n",
			(unsigned long)c->body.length, ~c->body.crc);
	else if (c->route != ROUTE_ECHO && c->knobs.body < 0)
		len = snprintf(text, sizeof text, "%s\n", origin->name);
	if (len > 0 && !conn_text_add(c, text, (size_t)len))
		c->knobs.status = 500;
	c->total = c->text != NULL ? c->text_len : (size_t)(c->knobs.body > 0 ? c->knobs.body : 0);
}

static bool conn_share_of_errors(struct conn *c)
{
	if (c->knobs.error <= 0)
		return false;
	c->origin->error_debt += c->knobs.error;
	if (c->origin->error_debt < 100)
		return false;
	c->origin->error_debt -= 100;
	return true;
}

static void conn_put_head(struct conn *c)
{
	const struct knobs *k = &c->knobs;
	char length[64] = "";
	bool bodyless = k->status == 204 || k->status == 304;
	if (k->until_close != 0)
		c->keep_alive = false;
	else if (k->chunk > 0)
		snprintf(length, sizeof length, "Transfer-Encoding: chunked\r\n");
	else if (k->status != 204)
		snprintf(length, sizeof length, "Content-Length: %zu\r\n", c->total);
	for (long i = 0; i < k->hints && i < 8; i++)
		conn_put_text(c, "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n");
	char head[512];
	int len = snprintf(head, sizeof head, "HTTP/1.1 %ld %s\r\nX-Origin: %s\r\nContent-Type: %s\r\n%s%s\r\n",
		k->status, k->status < 400 ? "OK" : "Error", c->origin->name,
		c->text != NULL ? "text/plain" : "application/octet-stream", length,
		c->keep_alive ? "" : "Connection: close\r\n");
	conn_put(c, head, (size_t)len);
	c->head_only |= bodyless;
}

bool conn_answer(struct conn *c)
{
	struct knobs *k = &c->knobs;
	if (k->hang != 0) {
		c->phase = AT_HANG;
		return true;
	}
	if (k->delay > 0) {
		conn_wake_in(c, (double)k->delay / 1000.);
		k->delay = 0;
		c->phase = AT_DELAY;
		return false;
	}
	if (k->reset == 0) {
		c->phase = AT_RESET;
		return true;
	}
	if (conn_room(c) < OUT_SIZE / 2 && !conn_flush(c))
		return false;
	if (conn_share_of_errors(c))
		k->status = k->error_status;
	c->answers++;
	if (c->origin->stopping || k->close != 0 || k->early == 2 || (k->keep > 0 && c->answers >= k->keep))
		c->keep_alive = false;
	if (c->route == ROUTE_UPGRADE) {
		static const char switching[] =
			"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
		conn_put_text(c, switching);
		c->phase = AT_TUNNEL;
		return true;
	}
	if (c->route != ROUTE_RAW || k->status == 400) {
		conn_choose_text(c);
		conn_put_head(c);
	} else {
		c->total = c->text_len;
		k->chunk = 0;
	}
	c->sent = 0;
	c->limit = c->head_only ? 0 : c->total;
	if (k->cut >= 0 && (size_t)k->cut < c->limit)
		c->limit = (size_t)k->cut;
	if (k->reset > 0 && (size_t)k->reset < c->limit)
		c->limit = (size_t)k->reset;
	c->phase = AT_SEND;
	return true;
}

/* One piece of the body into the output, at most max bytes, in a chunk of its own if that is asked for. */
static void conn_put_piece(struct conn *c, size_t max)
{
	size_t len = c->limit - c->sent < max ? c->limit - c->sent : max;
	if (c->text == NULL && len > PATTERN_SIZE - PATTERN_PERIOD)
		len = PATTERN_SIZE - PATTERN_PERIOD;
	if (c->knobs.chunk > 0) {
		if (len > (size_t)c->knobs.chunk)
			len = (size_t)c->knobs.chunk;
		c->out_len += (size_t)sprintf(c->out + c->out_len, "%zx\r\n", len);
	}
	const char *from =
		c->text != NULL ? c->text + c->sent : (const char *)c->origin->pattern + c->sent % PATTERN_PERIOD;
	conn_put(c, from, len);
	if (c->knobs.chunk > 0)
		conn_put(c, "\r\n", 2);
	c->sent += len;
}

/* What is sent of a slow body at each tick of 10 ms. */
static size_t conn_allowance(const struct conn *c)
{
	return c->knobs.rate >= 100 ? (size_t)c->knobs.rate / 100 : 1;
}

bool conn_send_body(struct conn *c)
{
	bool slow = c->knobs.rate > 0;
	size_t allowed = slow ? conn_allowance(c) : SIZE_MAX;
	while (c->sent < c->limit && allowed > 0) {
		size_t room = conn_room(c), before = c->sent;
		if (room <= OUT_ROOM) {
			if (!conn_flush(c) || c->phase == AT_END)
				return false;
			continue;
		}
		conn_put_piece(c, room - 64 < allowed ? room - 64 : allowed);
		allowed -= c->sent - before;
	}
	if (c->sent < c->limit) {
		conn_wake_in(c, c->knobs.rate >= 100 ? 0.01 : 1. / (double)c->knobs.rate);
		conn_flush(c);
		return false;
	}
	c->origin->answered++;
	if (c->limit < c->total && !c->head_only) {
		if (!conn_flush(c)) {
			c->origin->answered--;
			return false;
		}
		if (c->knobs.reset > 0 && c->limit == (size_t)c->knobs.reset) {
			/* A reset throws away what the kernel has not sent yet: give it a moment. */
			conn_wake_in(c, 0.02);
			c->phase = AT_RESET;
			return false;
		}
		c->keep_alive = false;
	} else if (c->knobs.chunk > 0 && c->knobs.until_close == 0 && !c->head_only) {
		conn_put_text(c, "0\r\n\r\n");
	}
	conn_text_drop(c);
	c->answered = true;
	conn_set_busy(c, false);
	c->phase = !c->keep_alive ? AT_LINGER : c->body.done ? AT_HEAD : AT_BODY;
	return true;
}

/* One connection of the demo server: reads requests, drives the phases, ends it. Each phase has a step that returns
 * true when there may be more to do at once. */
#include "config.h"

#include "origin_conn.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

bool conn_text_add(struct conn *c, const char *data, size_t len)
{
	if (c->text_len + len > ECHO_MAX)
		return false;
	if (c->text_len + len + 1 > c->text_room) {
		size_t room = (c->text_len + len + 1) * 2;
		char *grown = realloc(c->text, room);
		if (grown == NULL)
			return false;
		c->text = grown;
		c->text_room = room;
	}
	memcpy(c->text + c->text_len, data, len);
	c->text_len += len;
	return true;
}

void conn_text_drop(struct conn *c)
{
	free(c->text);
	c->text = NULL;
	c->text_len = c->text_room = 0;
}

bool conn_flush(struct conn *c)
{
	while (c->out_at < c->out_len) {
		ssize_t n = send(c->writer.fd, c->out + c->out_at, c->out_len - c->out_at, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			ev_io_start(c->origin->loop, &c->writer);
			return false;
		}
		if (n < 0) {
			c->phase = AT_END;
			c->out_at = c->out_len;
			break;
		}
		c->out_at += (size_t)n;
	}
	c->out_at = c->out_len = 0;
	ev_io_stop(c->origin->loop, &c->writer);
	return true;
}

size_t conn_room(struct conn *c)
{
	if (c->out_at > 0) {
		memmove(c->out, c->out + c->out_at, c->out_len - c->out_at);
		c->out_len -= c->out_at;
		c->out_at = 0;
	}
	return OUT_SIZE - c->out_len;
}

void conn_put(struct conn *c, const char *data, size_t len)
{
	memcpy(c->out + c->out_len, data, len);
	c->out_len += len;
}

void conn_put_text(struct conn *c, const char *text)
{
	conn_put(c, text, strlen(text));
}

void conn_wake_in(struct conn *c, double seconds)
{
	ev_timer_stop(c->origin->loop, &c->timer);
	ev_timer_set(&c->timer, seconds, 0.);
	ev_timer_start(c->origin->loop, &c->timer);
}

static void conn_end_with_status(struct conn *c, int status)
{
	char head[160];
	int len = snprintf(head, sizeof head,
		"HTTP/1.1 %d Refused\r\nX-Origin: %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", status,
		c->origin->name);
	if (conn_room(c) >= OUT_ROOM)
		conn_put(c, head, (size_t)len);
	c->origin->bad++;
	c->phase = AT_LINGER;
}

/* /_raw?hex=...: the bytes of the answer, head and all. */
static bool conn_text_add_hex(struct conn *c, struct span query)
{
	const char *hex = memmem(query.at, query.len, "hex=", 4);
	if (hex == NULL)
		return false;
	const char *end = query.at + query.len;
	for (hex += 4; hex + 1 < end && *hex != '&'; hex += 2) {
		char pair[3] = {hex[0], hex[1], 0}, *stop;
		char byte = (char)strtol(pair, &stop, 16);
		if (*stop != 0 || !conn_text_add(c, &byte, 1))
			return false;
	}
	return true;
}

static enum route conn_route(struct span path)
{
	static const struct {
		const char *path;
		enum route route;
	} routes[] = {{"/health", ROUTE_HEALTH}, {"/_set", ROUTE_SET}, {"/_stats", ROUTE_STATS}, {"/_echo", ROUTE_ECHO},
		{"/_len", ROUTE_LEN}, {"/_raw", ROUTE_RAW}, {"/_upgrade", ROUTE_UPGRADE}};
	if (path.len < 2 || (path.at[1] != '_' && path.at[1] != 'h'))
		return ROUTE_PLAIN;
	for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++)
		if (span_is(path, routes[i].path))
			return routes[i].route;
	return ROUTE_PLAIN;
}

void conn_set_busy(struct conn *c, bool busy)
{
	struct origin *origin = c->origin;
	if (c->busy != busy)
		origin->busy += busy ? 1 : -1ul;
	if (origin->busy > origin->busy_max)
		origin->busy_max = origin->busy;
	c->busy = busy;
}

static void conn_begin_route(struct conn *c, const struct request *request, const char *head)
{
	struct origin *origin = c->origin;
	switch (c->route) {
	case ROUTE_HEALTH:
		origin->health++;
		c->knobs.status = origin->knobs.health;
		c->knobs.body = -1;
		c->knobs.error = 0;
		break;
	case ROUTE_SET:
		origin->control++;
		knobs_set_query(&origin->knobs, request->query.at, request->query.len);
		knobs_init(&c->knobs);
		break;
	case ROUTE_STATS:
		origin->control++;
		knobs_init(&c->knobs);
		break;
	default:
		origin->requests++;
		conn_set_busy(c, true);
		if (request->query.len > 0)
			knobs_set_query(&c->knobs, request->query.at, request->query.len);
		if (c->route == ROUTE_ECHO && !conn_text_add(c, head, request->head_len))
			c->knobs.status = 500;
		if (c->route == ROUTE_RAW && !conn_text_add_hex(c, request->query))
			c->knobs.status = 400;
		if (c->route == ROUTE_UPGRADE && !request->upgrade)
			c->route = ROUTE_PLAIN;
	}
}

static bool step_head(struct conn *c)
{
	struct request request;
	const char *head = c->in + c->in_at;
	if (conn_room(c) < OUT_SIZE / 2 && !conn_flush(c))
		return false;
	/* RFC 9112 section 2.2: an empty line or two before a request is not worth an error. */
	while (c->in_at + 1 < c->in_len && c->searched == 0 && head[0] == '\r' && head[1] == '\n') {
		c->in_at += 2;
		head += 2;
	}
	switch (request_parse(&request, head, c->in_len - c->in_at, &c->searched)) {
	case REQUEST_PARTIAL:
		if (c->eof)
			c->phase = AT_LINGER;
		else if (c->in_at == 0 && c->in_len == IN_SIZE)
			conn_end_with_status(c, 431);
		return c->phase != AT_HEAD;
	case REQUEST_BAD:
		conn_end_with_status(c, 400);
		return true;
	case REQUEST_OK:
		break;
	}
	c->knobs = c->origin->knobs;
	c->head_only = span_is(request.method, "HEAD");
	c->keep_alive = request.keep_alive;
	c->answered = false;
	c->route = conn_route(request.path);
	conn_begin_route(c, &request, head);
	body_start(&c->body, &request, c->route == ROUTE_LEN);
	c->in_at += request.head_len;
	if (request.expect && c->knobs.cont != 0 && c->knobs.early == 0 && !c->body.done && c->in_at == c->in_len)
		conn_put_text(c, "HTTP/1.1 100 Continue\r\n\r\n");
	c->phase = c->knobs.early != 0 ? AT_ANSWER : AT_BODY;
	return true;
}

static bool step_body(struct conn *c)
{
	long n = body_feed(&c->body, c->in + c->in_at, c->in_len - c->in_at);
	if (n < 0) {
		conn_end_with_status(c, 400);
		return true;
	}
	if (c->route == ROUTE_ECHO && !c->answered && !conn_text_add(c, c->in + c->in_at, (size_t)n))
		c->knobs.status = 500;
	c->in_at += (size_t)n;
	if (c->body.done)
		c->phase = c->answered ? AT_HEAD : AT_ANSWER;
	else if (c->eof)
		c->phase = AT_END;
	return c->phase != AT_BODY;
}

static bool step_reset(struct conn *c)
{
	struct linger linger = {.l_onoff = 1, .l_linger = 0};
	setsockopt(c->reader.fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
	c->phase = AT_END;
	return true;
}

static bool step_tunnel(struct conn *c)
{
	while (c->in_at < c->in_len) {
		size_t room = conn_room(c), len = c->in_len - c->in_at;
		if (room == 0) {
			if (!conn_flush(c))
				return false;
			continue;
		}
		len = len < room ? len : room;
		conn_put(c, c->in + c->in_at, len);
		c->in_at += len;
	}
	if (c->eof)
		c->phase = AT_LINGER;
	return c->eof;
}

/* After the last byte: the peer gets the end of the stream, and its own last bytes are read, since closing with
 * unread bytes would reset the connection and destroy the answer. */
static bool step_linger(struct conn *c)
{
	c->in_at = c->in_len;
	if (!conn_flush(c))
		return false;
	if (c->eof) {
		c->phase = AT_END;
		return true;
	}
	if (!ev_is_active(&c->timer) || c->knobs.close != -1) {
		shutdown(c->writer.fd, SHUT_WR);
		c->knobs.close = -1;
		conn_wake_in(c, 1.);
	}
	return false;
}

static bool conn_step(struct conn *c)
{
	/* What waits for the clock is not hurried by bytes that arrive. */
	if (ev_is_active(&c->timer) && c->phase != AT_LINGER)
		return false;
	switch (c->phase) {
	case AT_HEAD:
		return step_head(c);
	case AT_BODY:
		return step_body(c);
	case AT_ANSWER:
		return conn_answer(c);
	case AT_SEND:
		return conn_send_body(c);
	case AT_RESET:
		return step_reset(c);
	case AT_HANG:
		c->in_at = c->in_len;
		if (c->eof)
			c->phase = AT_END;
		return c->eof;
	case AT_TUNNEL:
		return step_tunnel(c);
	case AT_LINGER:
		return step_linger(c);
	default:
		return false;
	}
}

static void conn_close(struct conn *c)
{
	struct origin *origin = c->origin;
	ev_io_stop(origin->loop, &c->reader);
	ev_io_stop(origin->loop, &c->writer);
	ev_timer_stop(origin->loop, &c->timer);
	close(c->reader.fd);
	conn_text_drop(c);
	conn_set_busy(c, false);
	*(c->prev != NULL ? &c->prev->next : &origin->first) = c->next;
	if (c->next != NULL)
		c->next->prev = c->prev;
	origin->open--;
	c->next = origin->spare;
	origin->spare = c;
}

static void conn_run(struct conn *c)
{
	while (conn_step(c)) {
	}
	/* The rest of an answer that is timed leaves now as well. */
	if (c->phase != AT_END && !ev_is_active(&c->writer))
		conn_flush(c);
	if (c->phase == AT_END) {
		conn_close(c);
		return;
	}
	if (c->in_at == c->in_len)
		c->in_at = c->in_len = 0;
	if (!c->eof && (c->in_at > 0 || c->in_len < IN_SIZE))
		ev_io_start(c->origin->loop, &c->reader);
	else
		ev_io_stop(c->origin->loop, &c->reader);
}

static void conn_on_readable(struct ev_loop *loop, ev_io *watcher, int events)
{
	struct conn *c = watcher->data;
	(void)loop, (void)events;
	if (c->in_at > 0 && c->in_at < c->in_len)
		memmove(c->in, c->in + c->in_at, c->in_len - c->in_at);
	c->in_len -= c->in_at;
	c->in_at = 0;
	if (c->in_len < IN_SIZE) {
		ssize_t n = recv(watcher->fd, c->in + c->in_len, IN_SIZE - c->in_len, 0);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n < 0)
			c->phase = AT_END;
		else if (n == 0)
			c->eof = true;
		else
			c->in_len += (size_t)n;
	}
	conn_run(c);
}

static void conn_on_writable(struct ev_loop *loop, ev_io *watcher, int events)
{
	struct conn *c = watcher->data;
	(void)loop, (void)events;
	/* A timed phase keeps its step for the timer. */
	if (conn_flush(c) && (c->phase == AT_END || !ev_is_active(&c->timer)))
		conn_run(c);
}

static void conn_on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct conn *c = timer->data;
	(void)loop, (void)events;
	if (c->phase == AT_DELAY)
		c->phase = AT_ANSWER;
	else if (c->phase == AT_LINGER)
		c->phase = AT_END;
	conn_run(c);
}

void conn_open(struct origin *origin, int fd, bool echo)
{
	struct conn *c = origin->spare;
	if (c != NULL)
		origin->spare = c->next;
	else
		c = malloc(sizeof *c);
	if (c == NULL) {
		close(fd);
		return;
	}
	/* Not the buffers behind: they are large and their lengths are 0. */
	memset(c, 0, offsetof(struct conn, in));
	c->origin = origin;
	c->phase = echo ? AT_TUNNEL : AT_HEAD;
	c->next = origin->first;
	if (c->next != NULL)
		c->next->prev = c;
	origin->first = c;
	origin->connections++;
	origin->open++;
	ev_io_init(&c->reader, conn_on_readable, fd, EV_READ);
	ev_io_init(&c->writer, conn_on_writable, fd, EV_WRITE);
	ev_timer_init(&c->timer, conn_on_timer, 0., 0.);
	c->reader.data = c->writer.data = c->timer.data = c;
	ev_io_start(origin->loop, &c->reader);
}

void conn_stop_all(struct origin *origin)
{
	for (struct conn *c = origin->first, *next; c != NULL; c = next) {
		next = c->next;
		if (c->phase == AT_HANG || c->phase == AT_TUNNEL ||
			(c->phase == AT_HEAD && c->in_len == 0 && c->out_len == 0))
			conn_close(c);
	}
}

void conn_free_all(struct origin *origin)
{
	while (origin->first != NULL)
		conn_close(origin->first);
	while (origin->spare != NULL) {
		struct conn *c = origin->spare;
		origin->spare = c->next;
		free(c);
	}
}

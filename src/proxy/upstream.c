#include "proxy/upstream.h"

#include "base/invariant.h"
#include "net/proxy_header.h"
#include "net/socket.h"
#include "proxy/admission.h"
#include "proxy/exchange.h"
#include "proxy/upstream_idle.h"

#include <errno.h>

static void upstream_on_connected(struct channel *c, int error);
static void upstream_on_readable(struct channel *c);
static void upstream_on_drained(struct channel *c);
static void upstream_on_failed(struct channel *c, int error);

static const struct channel_owner upstream_channel_owner = {
	.connected = upstream_on_connected,
	.readable = upstream_on_readable,
	.drained = upstream_on_drained,
	.failed = upstream_on_failed,
};

static struct upstream *upstream_of_channel(struct channel *c)
{
	return (struct upstream *)((char *)c - offsetof(struct upstream, channel));
}

static const struct config_backend *upstream_conf(const struct upstream *u)
{
	return atomic_load_explicit(&u->server->backend->conf, memory_order_acquire);
}

static void upstream_on_idle_timeout(struct timeout *t)
{
	upstream_close((struct upstream *)((char *)t - offsetof(struct upstream, timeout)));
}

/* The server ended it while it was idle, or said something that nobody asked for: both make it useless. */
static void upstream_end_stale(struct upstream *u)
{
	upstream_note_closed(u, upstream_age_us(u));
	u->eof = true;
	upstream_close(u);
}

struct upstream *upstream_reuse(struct worker *w, struct server *server, struct exchange *x, bool once)
{
	struct upstream *u = upstream_find_idle(w, server, x->session, once);
	/* Its READ watcher is on, so what came before this turn is known by now, told or not. What comes after that and
	 * before the request is the race that every reuse has. */
	while (u && channel_has_news(&u->channel)) {
		upstream_end_stale(u);
		u = upstream_find_idle(w, server, x->session, once);
	}
	if (!u)
		return NULL;
	u->idle_us = upstream_age_us(u);
	upstream_leave_idle(u);
	u->state = UPSTREAM_READY;
	u->exchange = x;
	u->reused = true;
	u->sent_before = u->channel.sent;
	u->requests++;
	return u;
}

static int upstream_socket_to(struct worker *w, const struct address *address, bool *done)
{
	int fd = socket_connect(address, done);
	if (fd < 0 && (errno == EMFILE || errno == ENFILE)) {
		/* This worker's idle ones are closed now. */
		admission_no_upstream(w);
		fd = socket_connect(address, done);
	} else if (fd >= 0) {
		admission_got_descriptor(w, fd);
	}
	return fd;
}

/* To the address of the route, or to the next that does not refuse at once. */
static int upstream_socket(struct worker *w, struct server *server, struct server_route *route, bool *done)
{
	int fd;
	do
		fd = upstream_socket_to(w, server_route_address(server, *route), done);
	while (fd < 0 && !socket_is_short_of(errno) && server_route_next(server, route));
	return fd;
}

struct upstream *upstream_connect(struct worker *w, struct server *server, struct exchange *x)
{
	struct upstream *u = pool_get(&w->upstreams);
	if (!u) {
		errno = ENOMEM;
		return NULL;
	}
	bool done;
	struct server_route route = server_route_begin(server);
	int fd = upstream_socket(w, server, &route, &done);
	if (fd < 0) {
		pool_put(&w->upstreams, u);
		return NULL;
	}
	*u = (struct upstream){.worker = w,
		.server = server,
		.exchange = x,
		.route = route,
		.requests = 1,
		.state = done ? UPSTREAM_READY : UPSTREAM_CONNECTING};
	list_init(&u->link);
	timeout_init(&u->timeout, upstream_on_idle_timeout);
	channel_open(&u->channel, &w->loop, fd, &upstream_channel_owner, !done);
	return u;
}

/* The next address of the same server is part of the same attempt. False: there is none that does not refuse at once. */
static bool upstream_try_next_address(struct upstream *u, bool *done)
{
	if (!server_route_next(u->server, &u->route))
		return false;
	int fd = upstream_socket(u->worker, u->server, &u->route, done);
	if (fd < 0)
		return false;
	channel_close(&u->channel, false);
	channel_open(&u->channel, &u->worker->loop, fd, &upstream_channel_owner, !*done);
	return true;
}

void upstream_blame_address(const struct upstream *u)
{
	server_route_failed(u->server, u->route);
}

static void upstream_on_connected(struct channel *c, int error)
{
	struct upstream *u = upstream_of_channel(c);
	bool done;
	if (error && upstream_try_next_address(u, &done)) {
		if (!done)
			return;
		error = 0;
	}
	if (!error)
		server_route_worked(u->server, u->route);
	u->error = error;
	u->failed = error != 0;
	u->state = UPSTREAM_READY;
	exchange_upstream_connected(u->exchange);
}

static void upstream_on_readable(struct channel *c)
{
	struct upstream *u = upstream_of_channel(c);
	if (u->state == UPSTREAM_IDLE) {
		upstream_end_stale(u);
		return;
	}
	ssize_t got;
	if (!exchange_is_relaying(u->exchange) || !exchange_splice_down(u->exchange, &got))
		got = channel_receive(c, exchange_server_room(u->exchange));
	if (got == CHANNEL_AGAIN)
		return;
	if (got <= 0) {
		u->eof = got == CHANNEL_CLOSED;
		u->failed = got != CHANNEL_CLOSED;
		channel_pause(c);
	}
	exchange_upstream_sent(u->exchange);
}

static void upstream_on_drained(struct channel *c)
{
	struct upstream *u = upstream_of_channel(c);
	if (u->exchange)
		exchange_upstream_drained(u->exchange);
}

static void upstream_on_failed(struct channel *c, int error)
{
	struct upstream *u = upstream_of_channel(c);
	u->unsendable = true;
	if (u->exchange)
		exchange_upstream_sent(u->exchange);
	else
		upstream_close(u);
}

bool upstream_announce(struct upstream *u, struct session *s)
{
	char header[PROXY_HEADER_WRITE_MAX];
	struct address client, local;
	unsigned version = upstream_conf(u)->send_proxy;
	if (!version)
		return true;
	session_peer(s, &client);
	session_local(s, &local);
	u->session = s;
	u->announced = true;
	return channel_write(&u->channel, header, proxy_header_write(header, version, &client, &local));
}

bool upstream_has_spoken(const struct upstream *u)
{
	return socket_has_input(u->channel.io.fd);
}

bool upstream_unsent(const struct upstream *u)
{
	/* Nothing is spliced before the head has left. */
	return u->channel.sent == u->sent_before && buffer_used(&u->channel.out);
}

void upstream_release(struct upstream *u, bool keeps)
{
	if (u->bound || upstream_conf(u)->pool.reuse == CONFIG_REUSE_NEVER)
		u->session = u->exchange->session;
	u->exchange = NULL;
	/* What was answered before it had ended may not have been read yet. */
	if (!u->early && !channel_pending(&u->channel))
		u->sent_before = u->channel.sent;
	if (!keeps || !upstream_keep_idle(u))
		upstream_close(u);
}

static void upstream_free(struct doomed *doomed, void *owner)
{
	struct worker *w = owner;
	pool_put(&w->upstreams, (char *)doomed - offsetof(struct upstream, doomed));
}

static void upstream_end(struct upstream *u, bool reset)
{
	LBD_INVARIANT(u->state != UPSTREAM_ENDED);
	if (u->state == UPSTREAM_IDLE)
		upstream_leave_idle(u);
	u->state = UPSTREAM_ENDED;
	u->exchange = NULL;
	timeout_stop(&u->timeout);
	channel_close(&u->channel, reset);
	loop_doom(&u->worker->loop, &u->doomed, upstream_free);
}

void upstream_close(struct upstream *u)
{
	/* Where the server ended it first, the port is for the server to give up. */
	bool settled = u->channel.sent == u->sent_before && !u->eof && !u->failed;
	upstream_end(u, settled && channel_taken(&u->channel) == u->channel.sent);
}

void upstream_cut(struct upstream *u)
{
	upstream_end(u, true);
}

#include "proxy/upstream.h"

#include "base/invariant.h"
#include "net/proxy_header.h"
#include "net/socket.h"
#include "proxy/admission.h"
#include "proxy/exchange.h"

#include <errno.h>
#include <stdlib.h>

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

static struct upstream *upstream_of_link(struct list *link)
{
	return (struct upstream *)((char *)link - offsetof(struct upstream, link));
}

static const struct config_backend *upstream_conf(const struct upstream *u)
{
	return atomic_load_explicit(&u->server->backend->conf, memory_order_acquire);
}

static void upstream_on_idle_timeout(struct timeout *t)
{
	upstream_close((struct upstream *)((char *)t - offsetof(struct upstream, timeout)));
}

static void upstream_leave_idle(struct upstream *u)
{
	if (u->session)
		u->session->upstream = NULL;
	struct server_idle *idle = &u->server->idle[u->worker->index];
	list_remove(&u->link);
	timeout_stop(&u->timeout);
	uint32_t count = atomic_load_explicit(&idle->count, memory_order_relaxed);
	atomic_store_explicit(&idle->count, count - 1, memory_order_relaxed);
	if (idle->spares) {
		idle->spares--;
		atomic_fetch_sub_explicit(&u->server->idle_spares, 1, memory_order_relaxed);
	}
}

/* With send_proxy only what has told of this client: what was made before that was asked for has told nothing. */
static struct upstream *upstream_idle_for(struct server *server, struct list *idle, struct session *s)
{
	const struct config_backend *conf = atomic_load_explicit(&server->backend->conf, memory_order_acquire);
	if (conf->send_proxy)
		return s->upstream && s->upstream->server == server ? s->upstream : NULL;
	for (struct list *link = idle->next; link != idle; link = link->next)
		if (!upstream_of_link(link)->session)
			return upstream_of_link(link);
	return NULL;
}

struct upstream *upstream_reuse(struct worker *w, struct server *server, struct exchange *x)
{
	struct server_idle *idle = &server->idle[w->index];
	struct upstream *u = upstream_idle_for(server, &idle->upstreams, x->session);
	/* Its READ watcher is on, so what came before this turn is known by now, told or not. What comes after that and
	 * before the request is the race that every reuse has. */
	while (u && channel_has_news(&u->channel)) {
		upstream_close(u);
		u = upstream_idle_for(server, &idle->upstreams, x->session);
	}
	if (!u)
		return NULL;
	upstream_leave_idle(u);
	u->state = UPSTREAM_READY;
	u->exchange = x;
	u->reused = true;
	u->sent_before = u->channel.sent;
	u->requests++;
	return u;
}

static int upstream_socket(struct worker *w, struct server *server, bool *done)
{
	int fd = socket_connect(&server->address, done);
	if (fd < 0 && (errno == EMFILE || errno == ENFILE)) {
		/* This worker's idle ones are closed now. */
		admission_no_upstream(w);
		fd = socket_connect(&server->address, done);
	} else if (fd >= 0) {
		admission_got_descriptor(w, fd);
	}
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
	int fd = upstream_socket(w, server, &done);
	if (fd < 0) {
		pool_put(&w->upstreams, u);
		return NULL;
	}
	*u = (struct upstream){.worker = w,
		.server = server,
		.exchange = x,
		.requests = 1,
		.state = done ? UPSTREAM_READY : UPSTREAM_CONNECTING};
	list_init(&u->link);
	timeout_init(&u->timeout, upstream_on_idle_timeout);
	channel_open(&u->channel, &w->loop, fd, &upstream_channel_owner, !done);
	return u;
}

static void upstream_on_connected(struct channel *c, int error)
{
	struct upstream *u = upstream_of_channel(c);
	u->error = error;
	u->failed = error != 0;
	u->state = UPSTREAM_READY;
	exchange_upstream_connected(u->exchange);
}

static void upstream_on_readable(struct channel *c)
{
	struct upstream *u = upstream_of_channel(c);
	if (u->state == UPSTREAM_IDLE) {
		/* The server ended it, or said something that nobody asked for: both make it useless. */
		upstream_close(u);
		return;
	}
	ssize_t got;
	if (!exchange_is_relaying(u->exchange) || !exchange_splice_down(u->exchange, &got))
		got = channel_receive(c);
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
	if (!version || u->reused)
		return true;
	session_peer(s, &client);
	session_local(s, &local);
	u->session = s;
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

/* The limit is for all workers. Each has an equal part of it, so that it seldom has to ask; what cannot be shared out
 * equally goes to whoever comes first. True: this one may be kept, and count is to be raised. */
static bool upstream_may_idle(struct upstream *u, struct server_idle *idle)
{
	uint32_t workers = u->server->counters.workers, most = upstream_conf(u)->pool.max_idle;
	uint32_t count = atomic_load_explicit(&idle->count, memory_order_relaxed);
	if (count - idle->spares < most / workers)
		return true;
	uint32_t taken = atomic_load_explicit(&u->server->idle_spares, memory_order_relaxed);
	while (taken < most % workers)
		if (atomic_compare_exchange_weak_explicit(
			    &u->server->idle_spares, &taken, taken + 1, memory_order_relaxed, memory_order_relaxed)) {
			idle->spares++;
			return true;
		}
	return false;
}

void upstream_release(struct upstream *u, bool reusable)
{
	u->exchange = NULL;
	struct server_idle *idle = &u->server->idle[u->worker->index];
	const struct config_pool *pool = &upstream_conf(u)->pool;
	if (!reusable || u->eof || u->failed || u->unsendable || u->worker->stopping || channel_pending(&u->channel) ||
		channel_input(&u->channel).n || (pool->max_requests && u->requests >= pool->max_requests) ||
		(uint32_t)u->channel.io.fd >= u->worker->limits->descriptors_high || !upstream_may_idle(u, idle)) {
		upstream_close(u);
		return;
	}
	u->state = UPSTREAM_IDLE;
	if (u->session) {
		if (u->session->upstream)
			upstream_close(u->session->upstream);
		u->session->upstream = u;
	}
	list_prepend(&idle->upstreams, &u->link);
	uint32_t count = atomic_load_explicit(&idle->count, memory_order_relaxed);
	atomic_store_explicit(&idle->count, count + 1, memory_order_relaxed);
	timeout_start(&u->worker->loop, &u->timeout, pool->idle);
	if (!u->channel.reading)
		channel_resume(&u->channel);
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
	upstream_end(u, false);
}

void upstream_cut(struct upstream *u)
{
	upstream_end(u, true);
}

bool upstream_make_idle_lists(struct server *server, uint32_t workers)
{
	server->idle = aligned_alloc(LBD_CACHE_LINE, sizeof *server->idle * workers);
	for (uint32_t i = 0; server->idle && i < workers; i++) {
		list_init(&server->idle[i].upstreams);
		atomic_init(&server->idle[i].count, 0);
		server->idle[i].spares = 0;
	}
	return server->idle != NULL;
}

void upstream_free_idle_lists(struct server *server)
{
	free(server->idle);
	server->idle = NULL;
}

void upstream_close_idle(struct worker *w, struct server *server)
{
	struct list *upstreams = &server->idle[w->index].upstreams;
	while (!list_empty(upstreams))
		upstream_close(upstream_of_link(upstreams->next));
}

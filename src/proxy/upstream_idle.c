/* A server may end an idle connection at any time, and a request that is sent just then is lost without a word whether
 * it was read. What may be sent twice goes out on any idle one. What must not goes out only where there is reason to
 * trust the connection, else on a new one. */
#include "proxy/upstream_idle.h"

#include "proxy/admission.h"
#include "proxy/session.h"

#include <stdlib.h>

static struct upstream *upstream_of_link(struct list *link)
{
	return (struct upstream *)((char *)link - offsetof(struct upstream, link));
}

static const struct config_backend *upstream_idle_conf(const struct server *server)
{
	return atomic_load_explicit(&server->backend->conf, memory_order_acquire);
}

static struct server_idle *upstream_idle_of(const struct upstream *u)
{
	return &u->server->idle[u->worker->index];
}

/* ---- how far one is to be trusted ---- */

/* What was seen once, at a restart perhaps, is not true for ever: while no such close is seen, the age grows by a part
 * of the time that goes by. */
enum { UPSTREAM_DOUBT_FADES = 16 };

static uint64_t upstream_known_to_keep_us(const struct server_idle *idle, uint64_t now_us)
{
	if (!idle->closed_age_us)
		return UINT64_MAX;
	return idle->closed_age_us + (now_us - idle->closed_at_us) / UPSTREAM_DOUBT_FADES;
}

void upstream_note_closed(struct upstream *u, uint64_t age_us)
{
	struct server_idle *idle = upstream_idle_of(u);
	uint64_t now_us = u->worker->loop.now_us;
	/* A close behind a doubtful answer says nothing of others. */
	if (u->doubtful || age_us >= upstream_known_to_keep_us(idle, now_us))
		return;
	idle->closed_age_us = age_us ? age_us : 1;
	idle->closed_at_us = now_us;
}

uint64_t upstream_age_us(const struct upstream *u)
{
	return u->worker->loop.now_us - u->timeout.started_us;
}

/* Not in the turn in which it became idle: what the server said behind its answer, an end perhaps, is heard of in the
 * next one. Half of the time that the server keeps it is left for clocks that differ and for the way. */
static bool upstream_is_trusted(const struct upstream *u)
{
	uint64_t age_us = upstream_age_us(u), announced_us = u->keeps_s * UINT64_C(1000000);
	uint64_t keeps_us = upstream_known_to_keep_us(upstream_idle_of(u), u->worker->loop.now_us);
	if (announced_us && announced_us < keeps_us)
		keeps_us = announced_us;
	return age_us && !u->doubtful && age_us < keeps_us / 2;
}

/* ---- which one ---- */

/* With send_proxy it must have told of this client. What is bound to its session is used whatever comes of it: the
 * client's credentials are nowhere else. */
static bool upstream_own_will_do(const struct upstream *own, const struct config_backend *conf, bool once)
{
	if (conf->send_proxy && !own->announced)
		return false;
	return own->bound || !once || upstream_is_trusted(own);
}

static struct upstream *upstream_first(struct list *upstreams)
{
	return list_empty(upstreams) ? NULL : upstream_of_link(upstreams->next);
}

/* Only those of this turn stand apart. */
static void upstream_end_turn(struct server_idle *idle, uint64_t now_us)
{
	if (idle->newest_us == now_us)
		return;
	idle->newest_us = now_us;
	list_prepend_all(&idle->upstreams, &idle->newest);
}

struct upstream *upstream_find_idle(struct worker *w, struct server *server, struct session *s, bool once)
{
	const struct config_backend *conf = upstream_idle_conf(server);
	struct server_idle *idle = &server->idle[w->index];
	once = once && conf->pool.reuse != CONFIG_REUSE_ALWAYS;
	if (s->upstream && s->upstream->server == server && upstream_own_will_do(s->upstream, conf, once))
		return s->upstream;
	if (conf->send_proxy || conf->pool.reuse == CONFIG_REUSE_NEVER)
		return NULL;
	upstream_end_turn(idle, w->loop.now_us);
	if (!once && !list_empty(&idle->newest))
		return upstream_first(&idle->newest);
	struct upstream *u = upstream_first(&idle->upstreams);
	/* A client whose first request is lost has no reason to repeat it. Where the first idle one is not to be
	 * trusted, those behind it are older, or in doubt too. */
	return !u || !once || (s->requests > 1 && upstream_is_trusted(u)) ? u : NULL;
}

/* ---- in and out ---- */

/* The limit is for all workers. Each has an equal part of it, so that it seldom has to ask; what cannot be shared out
 * equally goes to whoever comes first. True: this one may be kept, and count is to be raised. */
static bool upstream_has_room(const struct upstream *u, struct server_idle *idle)
{
	uint32_t workers = u->server->counters.workers, most = upstream_idle_conf(u->server)->pool.max_idle;
	uint32_t count = atomic_load_explicit(&idle->count, memory_order_relaxed) - idle->exempt;
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

/* Nothing is outstanding, and nothing speaks against another request on it. */
static bool upstream_is_usable(const struct upstream *u)
{
	uint32_t most = upstream_idle_conf(u->server)->pool.max_requests;
	return !u->eof && !u->failed && !u->unsendable && !u->worker->stopping && !channel_pending(&u->channel) &&
	       !channel_input(&u->channel).n && (!most || u->requests < most || u->bound) &&
	       (uint32_t)u->channel.io.fd < u->worker->limits->descriptors_high;
}

/* No limit is for what is bound: without it its session would have to begin anew. */
static LBD_COLD bool upstream_become_own(struct upstream *u, struct server_idle *idle)
{
	if (!u->bound && !upstream_has_room(u, idle))
		return false;
	idle->exempt += u->bound;
	if (u->session->upstream)
		upstream_close(u->session->upstream);
	u->session->upstream = u;
	list_prepend(&idle->owned, &u->link);
	return true;
}

static bool upstream_become_anybodys(struct upstream *u, struct server_idle *idle)
{
	if (!upstream_has_room(u, idle))
		return false;
	upstream_end_turn(idle, u->worker->loop.now_us);
	if (u->doubtful)
		list_append(&idle->upstreams, &u->link);
	else
		list_prepend(&idle->newest, &u->link);
	return true;
}

bool upstream_keep_idle(struct upstream *u)
{
	struct server_idle *idle = upstream_idle_of(u);
	if (!upstream_is_usable(u))
		return false;
	if (!(u->session ? upstream_become_own(u, idle) : upstream_become_anybodys(u, idle)))
		return false;
	u->state = UPSTREAM_IDLE;
	uint32_t count = atomic_load_explicit(&idle->count, memory_order_relaxed);
	atomic_store_explicit(&idle->count, count + 1, memory_order_relaxed);
	timeout_start(&u->worker->loop, &u->timeout, upstream_idle_conf(u->server)->pool.idle);
	if (!u->channel.reading)
		channel_resume(&u->channel);
	return true;
}

void upstream_leave_idle(struct upstream *u)
{
	struct server_idle *idle = upstream_idle_of(u);
	if (u->session)
		u->session->upstream = NULL;
	list_remove(&u->link);
	timeout_stop(&u->timeout);
	uint32_t count = atomic_load_explicit(&idle->count, memory_order_relaxed);
	atomic_store_explicit(&idle->count, count - 1, memory_order_relaxed);
	if (u->bound) {
		idle->exempt--;
	} else if (idle->spares) {
		idle->spares--;
		atomic_fetch_sub_explicit(&u->server->idle_spares, 1, memory_order_relaxed);
	}
}

/* ---- the lists ---- */

bool upstream_make_idle_lists(struct server *server, uint32_t workers)
{
	size_t size = sizeof *server->idle * workers;
	server->idle = aligned_alloc(LBD_CACHE_LINE, size);
	if (!server->idle)
		return false;
	memset(server->idle, 0, size);
	for (uint32_t i = 0; i < workers; i++) {
		list_init(&server->idle[i].upstreams);
		list_init(&server->idle[i].newest);
		list_init(&server->idle[i].owned);
	}
	return true;
}

void upstream_free_idle_lists(struct server *server)
{
	free(server->idle);
	server->idle = NULL;
}

static void upstream_close_all(struct list *upstreams)
{
	while (!list_empty(upstreams))
		upstream_close(upstream_of_link(upstreams->next));
}

void upstream_close_idle(struct worker *w, struct server *server)
{
	struct server_idle *idle = &server->idle[w->index];
	upstream_close_all(&idle->upstreams);
	upstream_close_all(&idle->newest);
	upstream_close_all(&idle->owned);
}

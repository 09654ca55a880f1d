#include "proxy/worker.h"

#include "proxy/exchange.h"
#include "proxy/session.h"
#include "proxy/upstream.h"

enum { WORKER_SESSIONS_A_SLAB = 64, WORKER_EXCHANGES_A_SLAB = 16 };

bool worker_proxy_init(struct worker *w)
{
	pool_init(&w->sessions, sizeof(struct session), WORKER_SESSIONS_A_SLAB);
	pool_init(&w->exchanges, EXCHANGE_SIZE, WORKER_EXCHANGES_A_SLAB);
	pool_init(&w->upstreams, sizeof(struct upstream), WORKER_SESSIONS_A_SLAB);
	pool_init(&w->waiters, sizeof(struct waiter), WORKER_EXCHANGES_A_SLAB);
	list_init(&w->open_sessions);
	list_init(&w->session_cursors);
	w->loop.go_on = session_go_on;
	w->patterns = pattern_scratch_create();
	return w->patterns != NULL;
}

void worker_proxy_end(struct worker *w)
{
	pool_end(&w->sessions);
	pool_end(&w->exchanges);
	pool_end(&w->upstreams);
	pool_end(&w->waiters);
	pattern_scratch_free(w->patterns);
}

void worker_accepted(struct listener *listener, int fd, const struct address *peer)
{
	struct worker_listener *wl = listener->owner;
	session_start(wl->worker, wl->bind, fd, peer);
}

static struct session *worker_session_of_link(struct list *link)
{
	return (struct session *)((char *)link - offsetof(struct session, link));
}

void worker_stop_sessions(struct worker *w)
{
	w->stopping = true;
	for (struct list *link = w->open_sessions.next, *next; link != &w->open_sessions; link = next) {
		next = link->next;
		session_stop(worker_session_of_link(link));
	}
	if (!w->session_count)
		w->emptied(w);
}

void worker_kill_sessions(struct worker *w, enum reason reason)
{
	while (!list_empty(&w->open_sessions)) {
		struct session *s = worker_session_of_link(w->open_sessions.next);
		bool busy = s->exchange != NULL;
		if (busy)
			exchange_kill(s->exchange, reason);
		/* What the client was told as the last thing leaves before the end; anything else is cut. */
		bool told = busy && s->state == SESSION_LINGER;
		if (told)
			channel_flush(&s->client);
		session_close(s, !told);
	}
}

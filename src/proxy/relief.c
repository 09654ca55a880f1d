#include "proxy/relief.h"

#include "proxy/admission.h"
#include "proxy/exchange.h"

enum {
	RELIEF_IDLE = 16,         /* sessions at a time, at least */
	RELIEF_IDLE_SHARE = 32,   /* and this part of all */
	RELIEF_LOOKS = 2048,      /* sessions that are looked at, at a time */
	RELIEF_ENDS = 64,         /* and ended */
	RELIEF_WORTH = 4096,      /* bytes; what a request needs for a moment is less */
	RELIEF_TRIM_US = 1000000
};

static size_t relief_of_channel(const struct channel *c)
{
	return c->in.capacity + c->out.capacity;
}

/* Bytes that are kept for its client. */
static size_t relief_held_by(const struct session *s)
{
	const struct exchange *x = s->exchange;
	size_t held = relief_of_channel(&s->client);
	if (x)
		held += x->copy.data.capacity + x->unsent.capacity;
	if (x && x->upstream)
		held += relief_of_channel(&x->upstream->channel);
	return held;
}

/* The client is told what it can be told, if it listens. */
static void relief_end(struct session *s)
{
	if (s->exchange)
		exchange_kill(s->exchange, REASON_MEMORY_LIMIT);
	else
		counter_row_add(&s->bind->frontend->ends, session_worker(s)->index, REASON_MEMORY_LIMIT);
	bool told = s->state == SESSION_LINGER && !s->client.blocked;
	if (told)
		channel_flush(&s->client);
	session_close(s, !told);
}

/* Goes on where it stopped, the oldest session first. */
static uint32_t relief_end_holders(struct relief *r, struct worker *w)
{
	uint32_t ended = 0;
	if (!r->at.open)
		session_cursor_open(w, &r->at);
	for (int i = 0; i < RELIEF_LOOKS && ended < RELIEF_ENDS; i++) {
		struct session *s = session_cursor_next(w, &r->at);
		if (!s) {
			session_cursor_close(&r->at);
			break;
		}
		if (relief_held_by(s) < RELIEF_WORTH)
			continue;
		relief_end(s);
		ended++;
	}
	return ended;
}

static void relief_trim(struct relief *r, struct worker *w)
{
	if (w->loop.now_us - r->trimmed_us < RELIEF_TRIM_US)
		return;
	r->trimmed_us = w->loop.now_us;
	pool_trim(&w->sessions);
	pool_trim(&w->exchanges);
	pool_trim(&w->upstreams);
	pool_trim(&w->waiters);
}

void relief_run(struct relief *r, struct worker *w, struct frontend *const *frontends, uint32_t count)
{
	uint32_t closed = idle_sessions_close(
		w, frontends, count, RELIEF_IDLE + w->session_count / RELIEF_IDLE_SHARE, REASON_MEMORY_LIMIT);
	if (atomic_load_explicit(&w->limits->memory_level, memory_order_relaxed) == MEMORY_FULL)
		closed += relief_end_holders(r, w);
	atomic_fetch_add_explicit(&w->limits->memory_closed, closed, memory_order_relaxed);
	relief_trim(r, w);
}

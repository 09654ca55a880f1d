#include "proxy/idle_sessions.h"

#include "proxy/session.h"

#include <stdlib.h>

static struct session *idle_session_of(struct list *link)
{
	return (struct session *)((char *)link - offsetof(struct session, idle));
}

static struct idle_sessions *idle_sessions_of(const struct session *s)
{
	return &s->bind->frontend->idle[session_worker(s)->index];
}

struct idle_sessions *idle_sessions_create(uint32_t workers)
{
	struct idle_sessions *all = aligned_alloc(LBD_CACHE_LINE, workers * sizeof *all);
	for (uint32_t i = 0; all && i < workers; i++) {
		list_init(&all[i].list);
		atomic_init(&all[i].since_us, UINT64_MAX);
		atomic_init(&all[i].wanted, 0);
	}
	return all;
}

static void idle_sessions_publish(struct idle_sessions *all)
{
	uint64_t since_us = UINT64_MAX;
	if (!list_empty(&all->list))
		since_us = idle_session_of(all->list.next)->idle_us;
	atomic_store_explicit(&all->since_us, since_us, memory_order_relaxed);
}

void idle_sessions_enter(struct session *s)
{
	struct idle_sessions *all = idle_sessions_of(s);
	if (!list_empty(&s->idle))
		return;
	s->idle_us = session_worker(s)->loop.now_us;
	list_append(&all->list, &s->idle);
	if (all->list.next == &s->idle)
		idle_sessions_publish(all);
}

void idle_sessions_leave(struct session *s)
{
	if (list_empty(&s->idle))
		return;
	struct idle_sessions *all = idle_sessions_of(s);
	bool first = all->list.next == &s->idle;
	list_remove(&s->idle);
	if (first)
		idle_sessions_publish(all);
}

/* What has come may still be in the kernel, and the end of an answer on its way there. What comes behind the last
 * answer is not read as a request. */
static bool idle_session_is_at_rest(const struct session *s)
{
	bool silent = s->state == SESSION_LINGER || !channel_is_readable(&s->client);
	return silent && !channel_pending(&s->client);
}

/* NULL: none is old enough. */
static struct session *idle_sessions_oldest(const struct worker *w, struct frontend *const *frontends, uint32_t count)
{
	struct session *oldest = NULL;
	for (uint32_t i = 0; i < count; i++) {
		struct list *all = &frontends[i]->idle[w->index].list;
		struct session *s = list_empty(all) ? NULL : idle_session_of(all->next);
		if (s && (!oldest || s->idle_us < oldest->idle_us))
			oldest = s;
	}
	return oldest && oldest->idle_us + IDLE_SESSIONS_YOUNG_US <= w->loop.now_us ? oldest : NULL;
}

uint32_t idle_sessions_close(
	struct worker *w, struct frontend *const *frontends, uint32_t count, uint32_t n, enum reason reason)
{
	uint32_t closed = 0;
	while (closed < n) {
		struct session *s = idle_sessions_oldest(w, frontends, count);
		if (!s)
			break;
		/* One that is not at rest comes back when it is. */
		idle_sessions_leave(s);
		if (!idle_session_is_at_rest(s))
			continue;
		counter_row_add(&s->bind->frontend->ends, w->index, reason);
		session_close(s, false);
		closed++;
	}
	return closed;
}

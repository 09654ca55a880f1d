#include "proxy/session_walk.h"

#include "proxy/exchange.h"

static struct session *session_of_link(struct list *link)
{
	return (struct session *)((char *)link - offsetof(struct session, link));
}

void session_cursor_open(struct worker *w, struct session_cursor *cursor)
{
	*cursor = (struct session_cursor){.at = w->open_sessions.next, .last = w->session_serial, .open = true};
	list_append(&w->session_cursors, &cursor->link);
}

struct session *session_cursor_next(struct worker *w, struct session_cursor *cursor)
{
	if (cursor->at == &w->open_sessions)
		return NULL;
	struct session *s = session_of_link(cursor->at);
	if (s->serial > cursor->last)
		return NULL;
	cursor->at = s->link.next;
	return s;
}

void session_cursor_close(struct session_cursor *cursor)
{
	if (cursor->open)
		list_remove(&cursor->link);
	cursor->open = false;
}

void session_cursors_skip(struct session *s)
{
	struct list *all = &session_worker(s)->session_cursors;
	for (struct list *link = all->next; link != all; link = link->next) {
		struct session_cursor *cursor =
			(struct session_cursor *)((char *)link - offsetof(struct session_cursor, link));
		if (cursor->at == &s->link)
			cursor->at = s->link.next;
	}
}

struct session *session_find(struct worker *w, uint64_t id)
{
	for (struct list *link = w->open_sessions.next; link != &w->open_sessions; link = link->next)
		if (session_id(session_of_link(link)) == id)
			return session_of_link(link);
	return NULL;
}

void session_kill(struct session *s)
{
	/* The exchange tells the client what it can, and ends its session. */
	if (s->exchange)
		exchange_kill(s->exchange, REASON_KILLED);
	else
		session_close(s, false);
}

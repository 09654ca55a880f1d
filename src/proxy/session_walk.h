/* Goes through the sessions of a worker in bounded pieces, while they come and go: a cursor stands on a session and is
 * moved on when that one ends. Own worker only. */
#ifndef LBD_PROXY_SESSION_WALK_H
#define LBD_PROXY_SESSION_WALK_H

#include "proxy/session.h"

struct session_cursor {
	struct list link; /* in the worker's session_cursors */
	struct list *at;  /* the next session's link, or the list's head */
	uint64_t last;    /* serial: sessions that began later are not met */
	bool open;
};

void session_cursor_open(struct worker *w, struct session_cursor *cursor);
/* NULL: it met all. */
struct session *session_cursor_next(struct worker *w, struct session_cursor *cursor);
void session_cursor_close(struct session_cursor *cursor);
/* Called for a session that is about to leave the worker's list. */
void session_cursors_skip(struct session *s);

/* What operators name a session by, over all workers: never given twice. */
enum { SESSION_ID_WORKER_BITS = 10 };
static inline uint64_t session_id(const struct session *s)
{
	return s->serial << SESSION_ID_WORKER_BITS | session_worker(s)->index;
}

static inline uint32_t session_id_worker(uint64_t id)
{
	return id & ((1u << SESSION_ID_WORKER_BITS) - 1);
}

/* NULL: there is none, or no more. */
struct session *session_find(struct worker *w, uint64_t id);
/* Ends it now, for an operator. */
void session_kill(struct session *s);

#endif

/* The idle upstreams of a server: which of them a request may go out on, and how many are kept. Own worker only. */
#ifndef LBD_PROXY_UPSTREAM_IDLE_H
#define LBD_PROXY_UPSTREAM_IDLE_H

#include "proxy/upstream.h"

/* One for a request of this session; NULL: none that will do. It stays idle until upstream_leave_idle. once: the
 * request must not be sent twice. */
struct upstream *upstream_find_idle(struct worker *w, struct server *server, struct session *s, bool once)
	LBD_MUST_CHECK;
/* Puts it there. False: it must not, or need not, be kept. */
bool upstream_keep_idle(struct upstream *u) LBD_MUST_CHECK;
void upstream_leave_idle(struct upstream *u);
/* Of an idle one, since when. */
uint64_t upstream_age_us(const struct upstream *u);
/* The server closed it when it had been idle for this long, or at once when it was used then. */
void upstream_note_closed(struct upstream *u, uint64_t age_us);
/* The server's lists for all workers; before it carries traffic. False when memory is out. */
bool upstream_make_idle_lists(struct server *server, uint32_t workers) LBD_MUST_CHECK;
void upstream_free_idle_lists(struct server *server);
/* Closes this worker's idle upstreams of a server. */
void upstream_close_idle(struct worker *w, struct server *server);

#endif

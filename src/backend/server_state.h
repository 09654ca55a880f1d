/* What the parts of the backend layer share about a server's state; the doors themselves are in backend.h. Control
 * only. */
#ifndef LBD_BACKEND_SERVER_STATE_H
#define LBD_BACKEND_SERVER_STATE_H

#include "backend/backend.h"

/* Looks up its name (blocks). NULL: error says why, naming the line. */
struct server *server_create(struct backend *b, const struct config_server *conf, uint32_t index, char *error,
	size_t error_size) LBD_MUST_CHECK;
/* May be NULL. */
void server_destroy(struct server *s);
/* Percent of its weight that its health leaves it, 1..100; 0: none. */
uint32_t server_share(const struct server *s);
/* What live.slots has to be. */
uint32_t server_slots(const struct server *s);
/* May serve now: usable, and a weight above 0. */
bool server_may_serve(const struct server *s);
/* Out of service for the statistics: unhealthy or in maintenance. */
bool server_is_down(const struct server *s);
/* Brings the figures of its backend up to date with its effective weight. */
void server_count(struct server *s);
/* Control's own block. */
struct counters *server_control_counters(struct server *s);
/* Recounts whether the backend is up; says so, and counts, when that changed. */
void backend_update_state(struct backend *b);
/* One line to whoever listens. */
void backend_say(struct backend *b, enum log_level level, const char *format, ...) LBD_PRINTF(3, 4);

#endif

/* Sessions that have nothing to do: between two requests, before their first, or with their last answer sent and only
 * waiting for the client to close. When a limit of connections is reached, those that have waited longest make room for
 * new ones. One list for each frontend and worker. */
#ifndef LBD_PROXY_IDLE_SESSIONS_H
#define LBD_PROXY_IDLE_SESSIONS_H

#include "base/attributes.h"
#include "base/list.h"
#include "proxy/reason.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct frontend;
struct session;
struct worker;

/* Younger ones are left: their clients may be about to send, and would find the connection closed. */
enum { IDLE_SESSIONS_YOUNG_US = 1000000 };

struct idle_sessions {
	_Alignas(LBD_CACHE_LINE) struct list list; /* longest idle first; own worker only */
	_Atomic uint64_t since_us;                 /* of the first; UINT64_MAX: there is none. Any thread reads */
	_Atomic uint32_t wanted;                   /* that other workers want closed */
};

/* One for each worker. NULL: memory is out. */
struct idle_sessions *idle_sessions_create(uint32_t workers) LBD_MUST_CHECK;

/* Own worker only, as all below. Both are idempotent. */
void idle_sessions_enter(struct session *s);
void idle_sessions_leave(struct session *s);
/* Closes up to n of this worker's sessions of these frontends, the longest idle first, if they are idle for
 * IDLE_SESSIONS_YOUNG_US and nothing of a request has come. Returns how many; each is counted under reason. */
uint32_t idle_sessions_close(
	struct worker *w, struct frontend *const *frontends, uint32_t count, uint32_t n, enum reason reason);

#endif

/* The one door for a server's state. Whatever changes here closes the server for workers at once, by its own flag, and
 * has the eligible set built anew soon. */
#include "backend/server_state.h"

#include "backend/check_result.h"
#include "backend/eligible.h"
#include "base/clock.h"
#include "base/invariant.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { STATE_LINE_MAX = 512, STATE_LEFT_MAX = 160 };

void backend_say(struct backend *b, enum log_level level, const char *format, ...)
{
	char line[STATE_LINE_MAX];
	va_list args;
	if (!b->host->events.said)
		return;
	va_start(args, format);
	vsnprintf(line, sizeof line, format, args);
	va_end(args);
	b->host->events.said(b->host->events.context, level, line);
}

/* "3 active and 1 backup servers left. 2 sessions active, 0 requeued, 0 remaining in queue." */
static const char *server_say_left(const struct server *s, bool up, char *out)
{
	uint32_t active = backend_usable(s->backend, false), backups = backend_usable(s->backend, true);
	uint32_t sessions = atomic_load_explicit(&s->live.in_flight, memory_order_relaxed);
	uint32_t waiting = queue_total(&s->backend->queue);
	const char *running = !active && backups ? " Running on backup." : "";
	if (up)
		snprintf(out, STATE_LEFT_MAX,
			"%u active and %u backup servers online.%s 0 sessions requeued, %u total in queue.", active,
			backups, running, waiting);
	else
		snprintf(out, STATE_LEFT_MAX,
			"%u active and %u backup servers left.%s %u sessions active, 0 requeued, %u remaining in "
			"queue.",
			active, backups, running, sessions, waiting);
	return out;
}

void backend_update_state(struct backend *b)
{
	uint64_t now = clock_monotonic_us();
	bool down = !backend_is_up(b);
	if (down == b->down)
		return;
	b->down = down;
	b->changed_us = now;
	if (down) {
		b->down_since_us = now;
		counter_add(counter_set_block(&b->counters, b->counters.workers), COUNTER_DOWNS, 1);
		backend_say(b, LOG_LEVEL_ERROR, "backend '%s' has no server available!", b->name);
	} else {
		b->downtime_us += now - b->down_since_us;
		b->down_since_us = 0;
	}
}

/* Kept as sums, because thousands of servers can change within a second, and each change says how many are left. */
void server_count(struct server *s)
{
	struct backend *b = s->backend;
	bool backup = atomic_load_explicit(&s->conf, memory_order_relaxed)->backup;
	uint32_t before = s->counted_weight, now = server_effective_weight(s);
	b->usable[backup] += (now > 0) - (before > 0);
	if (!backup)
		b->usable_weight += (uint64_t)now - before;
	s->counted_weight = now;
}

/* Times, figures and the workers' flag after a change; what is logged comes between this and backend_update_state. */
static void server_account(struct server *s, bool was_down)
{
	uint64_t now = clock_monotonic_us();
	bool down = server_is_down(s);
	/* Before any rebuild; workers look at it in every pick. seq_cst: paired with the reservation in pick.c, so that
	 * who closes a server and then sees in_flight at 0 knows that no worker has one more. */
	atomic_store_explicit(&s->live.closed, !server_may_serve(s), memory_order_seq_cst);
	server_count(s);
	if (down == was_down)
		return;
	s->changed_us = now;
	if (down) {
		s->down_since_us = now;
	} else {
		s->downtime_us += now - s->down_since_us;
		s->down_since_us = 0;
	}
}

static void server_say_admin(struct server *s, enum server_admin from, bool was_down, const char *reason)
{
	char left[STATE_LEFT_MAX], cause[160] = "";
	const char *b = s->backend->name;
	const char *state = s->health == SERVER_UNHEALTHY ? "DOWN" : "UP";
	if (reason && *reason)
		snprintf(cause, sizeof cause, " (%s)", reason);
	if (s->admin == SERVER_MAINT && was_down)
		backend_say(s->backend, LOG_LEVEL_NOTICE, "Server %s/%s was DOWN and now enters maintenance%s.", b,
			s->name, cause);
	else if (s->admin == SERVER_MAINT)
		backend_say(s->backend, LOG_LEVEL_NOTICE, "Server %s/%s is going DOWN for maintenance%s. %s", b,
			s->name, cause, server_say_left(s, false, left));
	else if (from == SERVER_MAINT)
		backend_say(s->backend, LOG_LEVEL_NOTICE, "Server %s/%s is %s/%s (leaving forced maintenance).", b,
			s->name, state, s->admin == SERVER_DRAIN ? "DRAIN" : "READY");
	else if (s->admin == SERVER_DRAIN)
		backend_say(s->backend, LOG_LEVEL_NOTICE, "Server %s/%s enters drain state%s. %s", b, s->name, cause,
			server_say_left(s, false, left));
	else
		backend_say(
			s->backend, LOG_LEVEL_NOTICE, "Server %s/%s is %s (leaving forced drain).", b, s->name, state);
}

void server_set_admin(struct server *s, enum server_admin admin, const char *reason)
{
	enum server_admin from = s->admin;
	bool was_down = server_is_down(s);
	if (admin == from)
		return;
	s->admin = admin;
	/* Entering, a probe that is on its way no longer counts; leaving, the server starts anew. */
	if (from == SERVER_MAINT || admin == SERVER_MAINT) {
		bool unhealthy = admin == SERVER_MAINT && s->health == SERVER_UNHEALTHY;
		check_result_reset(s);
		if (unhealthy)
			s->health = SERVER_UNHEALTHY;
	}
	s->drain_since_us = admin == SERVER_DRAIN ? clock_monotonic_us() : 0;
	server_account(s, was_down);
	server_say_admin(s, from, was_down, reason);
	backend_update_state(s->backend);
	eligible_rebuild_now(s->backend);
}

void server_set_health(struct server *s, enum server_health health, const char *reason)
{
	char left[STATE_LEFT_MAX];
	bool was_down = server_is_down(s);
	bool was_unhealthy = s->health == SERVER_UNHEALTHY, unhealthy = health == SERVER_UNHEALTHY;
	uint32_t share = server_share(s);
	if (health == s->health)
		return;
	s->health = health;
	server_account(s, was_down);
	if (unhealthy != was_unhealthy && s->admin != SERVER_MAINT)
		backend_say(s->backend, unhealthy ? LOG_LEVEL_WARNING : LOG_LEVEL_NOTICE, "Server %s/%s is %s, %s. %s",
			s->backend->name, s->name, unhealthy ? "DOWN" : "UP", reason,
			server_say_left(s, !unhealthy, left));
	if (unhealthy && !was_down)
		counter_add(server_control_counters(s), COUNTER_DOWNS, 1);
	backend_update_state(s->backend);
	if (server_share(s) != share)
		eligible_rebuild_soon(s->backend);
}

void server_set_addresses(struct server *s, struct address_list *list)
{
	char left[STATE_LEFT_MAX];
	bool was_down = server_is_down(s);
	LBD_INVARIANT(!server_is_resolved(s));
	/* Before server_account opens it to workers. */
	atomic_store_explicit(&s->addresses, list, memory_order_seq_cst);
	free(s->lookup_error);
	s->lookup_error = NULL;
	server_account(s, was_down);
	backend_say(s->backend, LOG_LEVEL_NOTICE, "Server %s/%s is %s, reason: its name is known now. %s",
		s->backend->name, s->name, server_is_down(s) ? "DOWN" : "UP", server_say_left(s, true, left));
	backend_update_state(s->backend);
	eligible_rebuild_soon(s->backend);
}

void server_set_lookup_error(struct server *s, const char *error)
{
	char *copy = strdup(error);
	if (!copy)
		return;
	free(s->lookup_error);
	s->lookup_error = copy;
}

void server_set_weight(struct server *s, uint32_t weight)
{
	if (weight == s->weight)
		return;
	s->weight = weight;
	server_account(s, server_is_down(s));
	backend_update_state(s->backend);
	eligible_rebuild_now(s->backend);
}

void server_set_maxconn(struct server *s, uint32_t maxconn)
{
	s->maxconn = maxconn;
	atomic_store_explicit(&s->live.slots, server_slots(s), memory_order_seq_cst);
	queue_review(s->backend);
}

#include "backend/server_state.h"

#include "backend/check_result.h"
#include "backend/hash_key.h"
#include "base/clock.h"
#include "base/invariant.h"
#include "net/name_table.h"

#include <stdio.h>
#include <stdlib.h>

enum { SERVER_DEGRADED_SHARE = 50, SERVER_STATUS_SIZE = 32 };

/* A name that is not known now may be later: only what is no address at all is an error. */
static bool server_find_addresses(
	struct server *s, const struct config_server *conf, char *error, size_t error_size)
{
	char why[256], text[ADDRESS_TEXT_MAX];
	const char *written = conf->address.text;
	struct address_list *list = name_table_resolve(s->backend->host->names, written, why, sizeof why);
	atomic_init(&s->addresses, list);
	if (address_is_name(written)) {
		s->identity = hash_key(str_of(written));
		s->lookup_error = list ? NULL : strdup(why);
		return list || s->lookup_error;
	}
	if (!list) {
		config_write_error(error, error_size, conf->address.file, conf->address.line, "server '%s/%s': %s",
			s->backend->name, s->name, why);
		return false;
	}
	s->identity = hash_key(str_make(text, address_format(&list->at[0], text)));
	return true;
}

struct server *server_create(
	struct backend *b, const struct config_server *conf, uint32_t index, char *error, size_t error_size)
{
	struct server *s = aligned_alloc(LBD_CACHE_LINE, sizeof *s);
	if (!s) {
		snprintf(error, error_size, "out of memory");
		return NULL;
	}
	memset(s, 0, sizeof *s);
	s->backend = b;
	s->index = index;
	s->id = index + 1;
	atomic_init(&s->conf, conf);
	s->maxconn = conf->maxconn;
	atomic_init(&s->live.slots, server_slots(s));
	s->weight = s->initial_weight = conf->weight;
	s->changed_us = clock_monotonic_us();
	s->checked = atomic_load_explicit(&b->conf, memory_order_relaxed)->check.type != CONFIG_CHECK_NONE;
	check_result_reset(s);
	s->name = strdup(conf->name);
	if (!s->name || !counter_set_init(&s->counters, b->counters.workers)) {
		snprintf(error, error_size, "out of memory");
		server_destroy(s);
		return NULL;
	}
	if (!server_find_addresses(s, conf, error, error_size)) {
		server_destroy(s);
		return NULL;
	}
	if (conf->disabled)
		s->admin = SERVER_MAINT;
	if (server_is_down(s))
		s->down_since_us = s->changed_us;
	atomic_init(&s->live.closed, !server_may_serve(s));
	server_count(s);
	return s;
}

void server_destroy(struct server *s)
{
	if (!s)
		return;
	counter_set_end(&s->counters);
	free((char *)(uintptr_t)s->name);
	free(s->lookup_error);
	free((struct address_list *)(uintptr_t)atomic_load_explicit(&s->addresses, memory_order_relaxed));
	free(s);
}

bool server_usable(const struct server *s)
{
	return s->admin == SERVER_READY && s->health != SERVER_UNHEALTHY && server_is_resolved(s);
}

bool server_may_serve(const struct server *s)
{
	return server_usable(s) && s->weight > 0;
}

bool server_is_down(const struct server *s)
{
	return s->admin == SERVER_MAINT || s->health == SERVER_UNHEALTHY || !server_is_resolved(s);
}

uint32_t server_share(const struct server *s)
{
	if (!server_usable(s))
		return 0;
	return s->health == SERVER_DEGRADED ? SERVER_DEGRADED_SHARE : 100;
}

uint32_t server_effective_weight(const struct server *s)
{
	/* Rounded up: a small weight must not become 0. */
	return (s->weight * server_share(s) + 99) / 100;
}

struct counters *server_control_counters(struct server *s)
{
	return counter_set_block(&s->counters, s->counters.workers);
}

bool server_is_probed(const struct server *s)
{
	return s->checked && !s->checks_ignored;
}

void server_status_text(const struct server *s, char *out)
{
	const struct config_check *conf = &atomic_load_explicit(&s->backend->conf, memory_order_relaxed)->check;
	const char *up = s->admin == SERVER_DRAIN ? "DRAIN" : "UP";
	unsigned counter = s->check.counter;
	if (s->admin == SERVER_MAINT)
		snprintf(out, SERVER_STATUS_SIZE, "MAINT");
	else if (!server_is_resolved(s))
		snprintf(out, SERVER_STATUS_SIZE, "DOWN (unresolved)");
	else if (s->health == SERVER_UNHEALTHY && counter > 0)
		snprintf(out, SERVER_STATUS_SIZE, "DOWN %u/%u", counter, conf->rise);
	else if (s->health == SERVER_UNHEALTHY)
		snprintf(out, SERVER_STATUS_SIZE, "DOWN");
	else if (!server_is_probed(s))
		snprintf(out, SERVER_STATUS_SIZE, "%s", s->admin == SERVER_DRAIN ? "DRAIN" : "no check");
	else if (counter + 1 < conf->rise + conf->fall)
		snprintf(out, SERVER_STATUS_SIZE, "%s %u/%u", up, counter - conf->rise + 1, conf->fall);
	else
		snprintf(out, SERVER_STATUS_SIZE, "%s", up);
}

const char *server_admin_word(enum server_admin admin)
{
	static const char *const words[] = {
		[SERVER_READY] = "ready", [SERVER_DRAIN] = "drain", [SERVER_MAINT] = "maint"};
	return words[admin];
}

const char *server_health_word(enum server_health health)
{
	static const char *const words[] = {[SERVER_UNKNOWN] = "unknown",
		[SERVER_HEALTHY] = "healthy",
		[SERVER_DEGRADED] = "degraded",
		[SERVER_UNHEALTHY] = "unhealthy",
		[SERVER_WARMING] = "warming"};
	return words[health];
}

/* ---- addresses ---- */

static const struct address_list *server_list(const struct server *s)
{
	return atomic_load_explicit(&s->addresses, memory_order_acquire);
}

struct server_route server_route_begin(const struct server *s)
{
	uint32_t first = atomic_load_explicit(&s->address_first, memory_order_relaxed);
	return (struct server_route){.at = (uint16_t)first, .others = (uint16_t)(server_list(s)->count - 1)};
}

const struct address *server_route_address(const struct server *s, struct server_route route)
{
	return &server_list(s)->at[route.at];
}

bool server_route_next(const struct server *s, struct server_route *route)
{
	if (!route->others)
		return false;
	route->others--;
	route->at = (uint16_t)((route->at + 1u) % server_list(s)->count);
	return true;
}

void server_route_worked(struct server *s, struct server_route route)
{
	/* Written seldom: it is read at each connect. */
	if (atomic_load_explicit(&s->address_first, memory_order_relaxed) != route.at)
		atomic_store_explicit(&s->address_first, route.at, memory_order_relaxed);
}

void server_route_failed(struct server *s, struct server_route route)
{
	uint32_t count = server_list(s)->count;
	if (count > 1 && atomic_load_explicit(&s->address_first, memory_order_relaxed) == route.at)
		atomic_store_explicit(&s->address_first, (route.at + 1u) % count, memory_order_relaxed);
}

const struct address *server_address(const struct server *s)
{
	static const struct address none;
	return server_is_resolved(s) ? server_route_address(s, server_route_begin(s)) : &none;
}

uint32_t server_slots(const struct server *s)
{
	return s->maxconn ? s->maxconn : UINT32_MAX;
}

void server_release(struct server *s, uint32_t worker)
{
	struct backend *b = s->backend;
	if (b->counts_total)
		atomic_fetch_sub_explicit(&b->in_flight_sum, 1, memory_order_relaxed);
	/* A release, so that whoever sees the count at 0 and deletes the server sees all that was done with it; and
	 * seq_cst for the sake of who comes to wait (queue.h). */
	uint32_t before = atomic_fetch_sub_explicit(&s->live.in_flight, 1, memory_order_seq_cst);
	LBD_INVARIANT(before > 0);
	(void)before;
	queue_slot_freed(b, worker);
}

uint32_t server_idle_count(const struct server *s)
{
	uint32_t sum = 0;
	for (uint32_t i = 0; s->idle && i < s->counters.workers; i++)
		sum += atomic_load_explicit(&s->idle[i].count, memory_order_relaxed);
	return sum;
}

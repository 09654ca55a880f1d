#include "backend/backend.h"

#include "backend/algorithm_loader.h"
#include "backend/eligible.h"
#include "backend/retry_budget.h"
#include "backend/server_state.h"
#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>

static bool backend_create_servers(struct backend *b, const struct config_backend *conf, char *error, size_t error_size)
{
	b->servers = calloc((size_t)conf->server_count + 1, sizeof(struct server *));
	if (!b->servers) {
		snprintf(error, error_size, "out of memory");
		return false;
	}
	for (uint32_t i = 0; i < conf->server_count; i++) {
		struct server *s = server_create(b, &conf->servers[i], i, error, error_size);
		if (!s)
			return false;
		b->servers[b->server_count++] = s;
	}
	return true;
}

/* What an algorithm cannot work without is an error at the start, not a surprise under load. */
bool backend_suits(const struct config_backend *conf, const struct algorithm *algorithm, char *error, size_t error_size)
{
	bool slots = false;
	for (uint32_t i = 0; i < conf->server_count; i++)
		slots |= conf->servers[i].maxconn > 0;
	if (!(algorithm->plugin->capabilities & LBD_NEEDS_SLOTS) || slots || !conf->server_count)
		return true;
	snprintf(error, error_size,
		"backend '%s': algorithm '%s' fills one server after the other, so its servers need a maxconn",
		conf->name, algorithm->plugin->name);
	return false;
}

static bool backend_init(struct backend *b, const struct config_backend *conf, const struct algorithm *algorithm,
	char *error, size_t error_size)
{
	b->name = strdup(conf->name);
	b->retries = retry_budget_create(b->host->workers);
	if (!b->name || !b->retries || !counter_set_init(&b->counters, b->host->workers)) {
		snprintf(error, error_size, "out of memory");
		return false;
	}
	if (!backend_suits(conf, algorithm, error, error_size) || !backend_create_servers(b, conf, error, error_size))
		return false;
	b->instance = algorithm_instance_create(b, algorithm, error, error_size);
	if (!b->instance)
		return false;
	struct eligible *e = eligible_build(b, error, error_size);
	if (!e)
		return false;
	atomic_store_explicit(&b->eligible, e, memory_order_seq_cst);
	if (b->host->loop)
		timer_init(&b->rebuild_timer, b->host->loop, eligible_on_timer);
	b->built_us = clock_monotonic_us();
	return true;
}

struct backend *backend_create(struct backend_host *host, const struct config_backend *conf, uint32_t id,
	const struct algorithm *algorithm, char *error, size_t error_size)
{
	struct backend *b = aligned_alloc(LBD_CACHE_LINE, sizeof *b);
	if (b)
		memset(b, 0, sizeof *b);
	if (!b || !queue_init(&b->queue)) {
		free(b);
		snprintf(error, error_size, "out of memory");
		return NULL;
	}
	b->id = id;
	b->mode = conf->mode;
	b->host = host;
	b->algorithm = algorithm;
	b->counts_total = algorithm->plugin->capabilities & LBD_USES_TOTAL;
	b->changed_us = clock_monotonic_us();
	atomic_init(&b->conf, conf);
	error_slot_init(&b->malformed);
	if (!backend_init(b, conf, algorithm, error, error_size)) {
		backend_destroy(b);
		return NULL;
	}
	backend_update_state(b);
	return b;
}

void backend_destroy(struct backend *b)
{
	if (!b)
		return;
	if (b->host->loop && b->rebuild_timer.loop)
		timer_stop(&b->rebuild_timer);
	eligible_free(atomic_load_explicit(&b->eligible, memory_order_relaxed));
	algorithm_instance_put(b->instance);
	for (uint32_t i = 0; i < b->server_count; i++)
		server_destroy(b->servers[i]);
	free(b->servers);
	queue_end(&b->queue);
	counter_set_end(&b->counters);
	error_slot_end(&b->malformed);
	retry_budget_destroy(b->retries);
	free((char *)(uintptr_t)b->name);
	free(b);
}

struct server *backend_find_server(struct backend *b, struct str name)
{
	for (uint32_t i = 0; i < b->server_count; i++)
		if (str_equal(str_of(b->servers[i]->name), name))
			return b->servers[i];
	return NULL;
}

uint32_t backend_usable(const struct backend *b, bool backups)
{
	return b->usable[backups];
}

uint64_t backend_weight(const struct backend *b)
{
	if (b->usable[0] || !b->usable[1])
		return b->usable_weight;
	for (uint32_t i = 0; i < b->server_count; i++)
		if (server_may_serve(b->servers[i]))
			return server_effective_weight(b->servers[i]);
	return 0;
}

bool backend_is_up(const struct backend *b)
{
	return b->server_count == 0 || b->usable[0] > 0 || b->usable[1] > 0;
}

uint32_t backend_in_flight(const struct backend *b)
{
	uint32_t sum = 0;
	for (uint32_t i = 0; i < b->server_count; i++)
		sum += atomic_load_explicit(&b->servers[i]->live.in_flight, memory_order_relaxed);
	return sum;
}

uint32_t backend_sessions(const struct backend *b)
{
	return backend_in_flight(b) + queue_total(&b->queue);
}

/* Of a large backend the samples of each second must do: counting its servers at each step up would be quadratic. */
void backend_note_sessions(struct backend *b)
{
	enum { BACKEND_FEW_SERVERS = 256 };
	if (b->server_count > BACKEND_FEW_SERVERS)
		return;
	uint32_t now = backend_sessions(b), most = atomic_load_explicit(&b->sessions_most, memory_order_relaxed);
	while (now > most && !atomic_compare_exchange_weak_explicit(
				     &b->sessions_most, &most, now, memory_order_relaxed, memory_order_relaxed)) {
	}
}

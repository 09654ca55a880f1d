#include "backend/eligible.h"

#include "backend/algorithm_loader.h"
#include "backend/hash_key.h"
#include "backend/server_state.h"
#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>

enum { ELIGIBLE_OPTIONS_MAX = 64 };

struct algorithm_instance *algorithm_instance_create(
	struct backend *b, const struct algorithm *algorithm, char *error, size_t error_size)
{
	const struct lbd_algorithm *plugin = algorithm->plugin;
	int64_t option[ELIGIBLE_OPTIONS_MAX];
	char why[256] = "it does not say why";
	struct lbd_setup setup = {.struct_size = sizeof setup, .option = option, .backend = b->name};
	for (const struct lbd_option *o = plugin->options; o && o->name && setup.option_count < ELIGIBLE_OPTIONS_MAX;
		o++)
		option[setup.option_count++] = o->preset;
	/* Backends must not move in step. */
	setup.seed = b->host->seed ^ hash_key(str_of(b->name));
	struct algorithm_instance *instance = malloc(sizeof *instance);
	void *state = instance ? plugin->create(&setup, why, sizeof why) : NULL;
	if (!state) {
		snprintf(error, error_size, "backend '%s': algorithm '%s' cannot start: %s", b->name, plugin->name,
			instance ? why : "out of memory");
		free(instance);
		return NULL;
	}
	*instance = (struct algorithm_instance){.plugin = plugin, .state = state, .references = 1};
	return instance;
}

void algorithm_instance_put(struct algorithm_instance *instance)
{
	if (!instance || --instance->references > 0)
		return;
	instance->plugin->destroy(instance->state);
	free(instance);
}

/* Every usable server that is no backup; when there is none, the first usable backup. */
static uint32_t eligible_choose(const struct backend *b, struct server **out)
{
	uint32_t count = 0;
	struct server *backup = NULL;
	for (uint32_t i = 0; i < b->server_count; i++) {
		struct server *s = b->servers[i];
		if (!server_may_serve(s))
			continue;
		if (!atomic_load_explicit(&s->conf, memory_order_relaxed)->backup)
			out[count++] = s;
		else if (!backup)
			backup = s;
	}
	if (!count && backup)
		out[count++] = backup;
	return count;
}

static void eligible_set_nominal(struct lbd_set *set, const struct backend *b)
{
	for (uint32_t i = 0; i < b->server_count; i++) {
		const struct server *s = b->servers[i];
		uint32_t weight = s->initial_weight * 100;
		if (!weight || atomic_load_explicit(&s->conf, memory_order_relaxed)->backup)
			continue;
		if (!set->nominal_count || weight < set->nominal_weight_min)
			set->nominal_weight_min = weight;
		set->nominal_count++;
		set->nominal_weight_sum += weight;
	}
	/* Only backups, or only weight 0: what is eligible then stands for all. */
	if (!set->nominal_count && set->count) {
		set->nominal_count = set->count;
		set->nominal_weight_min = set->weight[0];
		set->nominal_weight_sum = set->weight_sum;
	}
}

/* One block of memory: the arrays of 8 bytes first, then those of 4. */
static struct eligible *eligible_alloc(const struct backend *b)
{
	size_t n = b->server_count;
	struct eligible *e = calloc(1, sizeof *e + n * (5 * sizeof(uint64_t) + 3 * sizeof(uint32_t)));
	if (!e)
		return NULL;
	uint64_t *at = (uint64_t *)(e + 1);
	e->server = (struct server **)at;
	e->set.live = (const struct lbd_live **)(at + n);
	e->set.cell = (struct lbd_cell **)(at + 2 * n);
	e->set.name = (const char **)(at + 3 * n);
	e->set.identity = at + 4 * n;
	uint32_t *words = (uint32_t *)(at + 5 * n);
	e->set.weight = words;
	e->set.share = words + n;
	e->position = words + 2 * n;
	e->positions = b->server_count;
	return e;
}

/* The struct shows its arrays as constant to everybody else; this is the one place that writes them. */
static void eligible_fill(struct eligible *e, const struct backend *b)
{
	struct server **server = (struct server **)(uintptr_t)e->server;
	const struct lbd_live **live = (const struct lbd_live **)(uintptr_t)e->set.live;
	struct lbd_cell **cell = (struct lbd_cell **)(uintptr_t)e->set.cell;
	const char **name = (const char **)(uintptr_t)e->set.name;
	uint64_t *identity = (uint64_t *)(uintptr_t)e->set.identity;
	uint32_t *weight = (uint32_t *)(uintptr_t)e->set.weight, *share = (uint32_t *)(uintptr_t)e->set.share;
	uint32_t *position = (uint32_t *)(uintptr_t)e->position;
	e->set.struct_size = sizeof e->set;
	e->set.count = eligible_choose(b, server);
	for (uint32_t i = 0; i < e->positions; i++)
		position[i] = LBD_NONE;
	for (uint32_t i = 0; i < e->set.count; i++) {
		struct server *s = server[i];
		live[i] = &s->live;
		cell[i] = &s->cell;
		name[i] = s->name;
		identity[i] = s->identity;
		share[i] = server_share(s);
		weight[i] = s->weight * share[i];
		e->set.weight_sum += weight[i];
		position[s->index] = i;
	}
	e->set.in_flight_sum = b->counts_total ? &b->in_flight_sum : NULL;
	eligible_set_nominal(&e->set, b);
}

struct eligible *eligible_build(struct backend *b, char *error, size_t error_size)
{
	struct eligible *e = eligible_alloc(b);
	if (!e) {
		snprintf(error, error_size, "backend '%s': out of memory", b->name);
		return NULL;
	}
	eligible_fill(e, b);
	const struct lbd_algorithm *plugin = b->instance->plugin;
	char why[256] = "it does not say why";
	if (e->set.count && !(e->table = plugin->prepare(b->instance->state, &e->set, why, sizeof why))) {
		snprintf(error, error_size, "backend '%s': algorithm '%s' cannot prepare for %u servers: %s", b->name,
			plugin->name, e->set.count, why);
		free(e);
		return NULL;
	}
	const struct config_backend *conf = atomic_load_explicit(&b->conf, memory_order_relaxed);
	e->load_factor = b->counts_total ? conf->algorithm.bounded_load / 100. : 0;
	e->instance = b->instance;
	e->instance->references++;
	return e;
}

void eligible_free(struct eligible *e)
{
	if (!e)
		return;
	if (e->table)
		e->instance->plugin->release(e->instance->state, e->table);
	algorithm_instance_put(e->instance);
	free(e);
}

static void eligible_free_retired(struct retired *r)
{
	eligible_free((struct eligible *)((char *)r - offsetof(struct eligible, retired)));
}

/* When the new set cannot be made the old one stays: who dropped out is refused by its own flag. */
static void eligible_replace(struct backend *b)
{
	char error[512];
	struct eligible *e = eligible_build(b, error, sizeof error);
	uint64_t next_us = e ? e->instance->plugin->refresh_ms * UINT64_C(1000) : ELIGIBLE_RETRY_US;
	b->built_us = clock_monotonic_us();
	b->rebuild_waits = !e;
	if (next_us && b->host->loop)
		timer_start(&b->rebuild_timer, next_us, 0);
	if (e) {
		struct eligible *old = atomic_exchange_explicit(&b->eligible, e, memory_order_seq_cst);
		reclaimer_retire(b->host->reclaimer, &old->retired, eligible_free_retired);
	} else {
		backend_say(b, LOG_LEVEL_ERROR, "%s; the servers as of before stay in use", error);
	}
	queue_review(b);
}

void eligible_on_timer(struct timer *timer)
{
	eligible_replace((struct backend *)((char *)timer - offsetof(struct backend, rebuild_timer)));
}

void eligible_rebuild_soon(struct backend *b)
{
	uint64_t since = clock_monotonic_us() - b->built_us;
	if (b->rebuild_waits)
		return;
	b->rebuild_waits = true;
	if (!b->host->loop)
		return;
	if (since >= ELIGIBLE_COALESCE_US)
		eligible_replace(b);
	else
		timer_start(&b->rebuild_timer, ELIGIBLE_COALESCE_US - since, 0);
}

void eligible_rebuild_now(struct backend *b)
{
	eligible_rebuild_soon(b);
	if (b->host->loop)
		backend_rebuild(b);
}

void backend_rebuild(struct backend *b)
{
	if (!b->rebuild_waits)
		return;
	if (b->host->loop)
		timer_stop(&b->rebuild_timer);
	eligible_replace(b);
}

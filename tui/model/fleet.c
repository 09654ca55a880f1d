/* Entities by name, and the step from one snapshot to the next. */
#include "model/fleet.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/diff.h"
#include "model/tally.h"

bool fleet_init(struct fleet *fleet, int64_t interval)
{
	memset(fleet, 0, sizeof *fleet);
	fleet->now = &fleet->snapshots[0];
	fleet->next = &fleet->snapshots[1];
	fleet->interval = interval;
	fleet->applied_at = -1;
	tally_totals(fleet);
	bool first = snapshot_init(&fleet->snapshots[0]), second = snapshot_init(&fleet->snapshots[1]);
	return first && second;
}

static void fleet_free_entity(struct entity *entity)
{
	free(entity->kept);
	free(entity->history);
	free(entity->key);
	free(entity);
}

void fleet_free(struct fleet *fleet)
{
	for (size_t i = 0; i < fleet->count; i++)
		fleet_free_entity(fleet->entities[i]);
	free(fleet->entities);
	free(fleet->table);
	free(fleet->rows);
	snapshot_free(&fleet->snapshots[0]);
	snapshot_free(&fleet->snapshots[1]);
}

/* FNV-1a over "proxy/name" and the type (Fowler, Noll, Vo); names come from an operator's configuration. */
static uint32_t fleet_hash(const char *proxy, const char *name, enum row_type type)
{
	uint32_t hash = 2166136261u;

	for (; *proxy; proxy++)
		hash = (hash ^ (unsigned char)*proxy) * 16777619u;
	hash = (hash ^ '/') * 16777619u;
	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * 16777619u;
	return (hash ^ (uint32_t)type) * 16777619u;
}

struct entity *fleet_find(const struct fleet *fleet, const char *proxy, const char *name, enum row_type type)
{
	uint32_t hash = fleet_hash(proxy, name, type);

	if (fleet->table_size == 0)
		return NULL;
	for (size_t i = hash;; i++) {
		struct entity *entity = fleet->table[i & (fleet->table_size - 1)];
		if (!entity)
			return NULL;
		if (entity->hash == hash && entity->type == type && strcmp(entity->proxy, proxy) == 0 &&
			strcmp(entity->name, name) == 0)
			return entity;
	}
}

static void fleet_table_put(struct fleet *fleet, struct entity *entity)
{
	size_t i = entity->hash & (fleet->table_size - 1);

	while (fleet->table[i])
		i = (i + 1) & (fleet->table_size - 1);
	fleet->table[i] = entity;
}

/* A table of at least twice the entities, filled anew. */
static bool fleet_rehash(struct fleet *fleet, size_t room)
{
	size_t size = 64;

	while (size < room * 2)
		size *= 2;
	if (size > fleet->table_size) {
		struct entity **table = calloc(size, sizeof *table);
		if (!table)
			return false;
		free(fleet->table);
		fleet->table = table;
		fleet->table_size = size;
	} else {
		memset(fleet->table, 0, fleet->table_size * sizeof *fleet->table);
	}
	for (size_t i = 0; i < fleet->count; i++)
		fleet_table_put(fleet, fleet->entities[i]);
	return true;
}

static bool fleet_reserve(struct fleet *fleet)
{
	if (fleet->count < fleet->cap)
		return true;
	size_t cap = fleet->cap ? fleet->cap * 2 : 32;
	struct entity **entities = realloc(fleet->entities, cap * sizeof(struct entity *));
	if (!entities)
		return false;
	fleet->entities = entities;
	if (!fleet_rehash(fleet, cap))
		return false;
	fleet->cap = cap;
	return true;
}

static struct entity *fleet_add(struct fleet *fleet, const char *proxy, const char *name, enum row_type type)
{
	size_t proxy_len = strlen(proxy), name_len = strlen(name);
	struct entity *entity = calloc(1, sizeof *entity);
	char *key = malloc(2 * (proxy_len + name_len + 2));

	if (!entity || !key || !fleet_reserve(fleet)) {
		free(entity);
		free(key);
		fleet->no_memory = true;
		return NULL;
	}
	/* One block: the key for the reader, then its two halves as strings of their own. */
	char *half = key + proxy_len + name_len + 2;
	memcpy(key, proxy, proxy_len);
	key[proxy_len] = '/';
	memcpy(key + proxy_len + 1, name, name_len + 1);
	memcpy(half, proxy, proxy_len + 1);
	memcpy(half + proxy_len + 1, name, name_len + 1);
	entity->key = key;
	entity->proxy = half;
	entity->name = half + proxy_len + 1;
	entity->type = type;
	entity->hash = fleet_hash(proxy, name, type);
	entity->changed_at = entity->gone_at = -1;
	rates_init(&entity->rates);
	fleet->entities[fleet->count++] = entity;
	fleet_table_put(fleet, entity);
	return entity;
}

static void fleet_record(struct entity *entity, unsigned missed)
{
	double value = (double)entity->rates.per_second[RATE_requests];

	if (isnan(value))
		value = (double)entity->rates.per_second[RATE_sessions];
	if (!entity->history && value > 0)
		entity->history = calloc(1, sizeof *entity->history);
	if (!entity->history)
		return;
	for (unsigned i = 0; i < missed && i < RING_SAMPLES; i++)
		ring_push(entity->history, NAN);
	ring_push(entity->history, value);
}

static void fleet_apply_row(struct fleet *fleet, const struct snapshot_row *row, int64_t now, int64_t wall, int64_t dt)
{
	const char *proxy = snapshot_text(fleet->next, row, FT_pxname);
	const char *name = snapshot_text(fleet->next, row, FT_svname);
	enum row_type type = (enum row_type)row->num[FN_type];
	struct entity *entity = fleet_find(fleet, proxy, name, type);
	bool is_new = !entity;

	if (is_new && !(entity = fleet_add(fleet, proxy, name, type)))
		return;
	if (!is_new && entity->gone_at < 0 && diff_entity(fleet, entity, row, wall))
		entity->changed_at = now;
	if (is_new && fleet->polls > 0)
		events_add(&fleet->events, wall, false, entity->key, "appeared");
	if (entity->gone_at >= 0)
		rates_forget(&entity->rates);
	free(entity->kept);
	entity->kept = NULL;
	entity->gone_at = -1;
	entity->row = row;
	entity->seen = fleet->polls + 1;
	entity->state = state_parse(snapshot_text(fleet->next, row, FT_status));
	entity->breaker = breaker_parse(snapshot_text(fleet->next, row, FT_brk_state));
	rates_update(&entity->rates, row, dt);
	unsigned missed = 0;
	if (fleet->interval > 0 && dt > fleet->interval + fleet->interval / 2)
		missed = (unsigned)((dt - fleet->interval / 2) / fleet->interval);
	fleet_record(entity, missed);
}

/* The row of an entity that is not in the new snapshot: its numbers are kept, its texts would dangle. */
static void fleet_keep_row(struct entity *entity)
{
	if (entity->kept || !entity->row)
		return;
	entity->kept = malloc(sizeof *entity->kept);
	if (entity->kept) {
		*entity->kept = *entity->row;
		memset(entity->kept->text, 0, sizeof entity->kept->text);
	}
	entity->row = entity->kept;
}

/* Entities that the new snapshot lacks are gone, and after a while forgotten. A cut answer proves nothing. */
static void fleet_sweep(struct fleet *fleet, bool complete, int64_t now, int64_t wall)
{
	size_t kept = 0;

	for (size_t i = 0; i < fleet->count; i++) {
		struct entity *entity = fleet->entities[i];
		if (entity->seen != fleet->polls) {
			fleet_keep_row(entity);
			rates_forget(&entity->rates);
			if (complete && entity->gone_at < 0) {
				entity->gone_at = now;
				events_add(&fleet->events, wall, true, entity->key, "gone");
			}
			if (!entity->row || (entity->gone_at >= 0 && now - entity->gone_at > FLEET_GONE_MS)) {
				fleet_free_entity(entity);
				continue;
			}
		}
		fleet->entities[kept++] = entity;
	}
	if (kept == fleet->count)
		return;
	fleet->count = kept;
	fleet_rehash(fleet, fleet->cap);
}

void fleet_apply(struct fleet *fleet, int64_t now, int64_t wall)
{
	struct snapshot *next = fleet->next;
	int64_t dt = fleet->applied_at < 0 ? 0 : now - fleet->applied_at;

	if (diff_daemon(fleet, wall))
		for (size_t i = 0; i < fleet->count; i++)
			rates_forget(&fleet->entities[i]->rates);
	for (size_t i = 0; i < next->count; i++)
		if (next->rows[i].num[FN_type] >= ROW_FRONTEND && next->rows[i].num[FN_type] <= ROW_SERVER)
			fleet_apply_row(fleet, &next->rows[i], now, wall, dt);
	fleet->polls++;
	fleet->partial = next->incomplete;
	fleet->applied_at = now;
	fleet_sweep(fleet, next->complete, now, wall);
	fleet->next = fleet->now;
	fleet->now = next;
	tally_groups(fleet);
	fleet_order(fleet);
	tally_totals(fleet);
}

static void fleet_show(struct fleet *fleet, struct entity *entity)
{
	if (fleet->row_count == fleet->row_cap) {
		size_t cap = fleet->row_cap ? fleet->row_cap * 2 : 64;
		struct entity **rows = realloc(fleet->rows, cap * sizeof(struct entity *));
		if (!rows) {
			fleet->no_memory = true;
			return;
		}
		fleet->rows = rows;
		fleet->row_cap = cap;
	}
	fleet->rows[fleet->row_count++] = entity;
}

void fleet_order(struct fleet *fleet)
{
	fleet->row_count = 0;
	for (size_t i = 0; i < fleet->count; i++) {
		struct entity *entity = fleet->entities[i];
		if (entity->type == ROW_BACKEND) {
			fleet_show(fleet, entity);
			for (struct entity *server = entity->first; server && !entity->folded; server = server->next)
				fleet_show(fleet, server);
		} else if (entity->type == ROW_SERVER && !entity->group) {
			fleet_show(fleet, entity);
		}
	}
	for (size_t i = 0; i < fleet->count; i++)
		if (fleet->entities[i]->type == ROW_FRONTEND)
			fleet_show(fleet, fleet->entities[i]);
}

/* Sums, and the small questions about one entity that they are made of. */
#include "model/tally.h"

#include <math.h>
#include <string.h>

const char *entity_text(const struct fleet *fleet, const struct entity *entity, enum field_text field)
{
	return snapshot_text(fleet->now, entity->row, field);
}

int64_t entity_num(const struct entity *entity, enum field_num field)
{
	return entity->row->num[field];
}

int64_t entity_weight(const struct entity *entity)
{
	int64_t weight = entity_num(entity, FN_uweight);

	if (weight == ROW_ABSENT)
		weight = entity_num(entity, FN_weight);
	return weight == ROW_ABSENT ? 1 : weight;
}

bool entity_is_usable(const struct entity *entity)
{
	if (entity->gone_at >= 0 || entity_weight(entity) == 0)
		return false;
	if (entity->breaker == BREAKER_OPEN || entity->breaker == BREAKER_FORCED_OPEN)
		return false;
	return entity->state == STATE_UP || entity->state == STATE_NOCHECK;
}

bool entity_is_trouble(const struct fleet *fleet, const struct entity *entity)
{
	if (entity->gone_at >= 0)
		return false;
	/* Whoever took its last server away, its clients get 503. */
	if (entity->type == ROW_BACKEND)
		return entity->state == STATE_DOWN && entity->servers > 0;
	if (entity->type != ROW_SERVER)
		return false;
	const char *admin = entity_text(fleet, entity, FT_admin_state);
	bool wanted = *admin == '\0' || strcmp(admin, "ready") == 0;
	return breaker_is_trouble(entity->breaker) || (entity->state == STATE_DOWN && wanted);
}

static void tally_add_server(struct entity *group, struct entity *server)
{
	server->group = group;
	server->next = NULL;
	if (group->last)
		group->last->next = server;
	else
		group->first = server;
	group->last = server;
	group->servers++;
	group->usable += entity_is_usable(server);
	group->breakers_open += breaker_is_trouble(server->breaker);
}

void tally_groups(struct fleet *fleet)
{
	for (size_t i = 0; i < fleet->count; i++) {
		struct entity *entity = fleet->entities[i];
		entity->first = entity->last = entity->next = entity->group = NULL;
		entity->servers = entity->usable = entity->breakers_open = 0;
	}
	for (size_t i = 0; i < fleet->count; i++) {
		struct entity *server = fleet->entities[i];
		if (server->type != ROW_SERVER)
			continue;
		struct entity *group = fleet_find(fleet, server->proxy, "BACKEND", ROW_BACKEND);
		if (group)
			tally_add_server(group, server);
	}
}

static void tally_add(double *sum, float value)
{
	if (!isnan(value))
		*sum = isnan(*sum) ? (double)value : *sum + (double)value;
}

void tally_totals(struct fleet *fleet)
{
	struct fleet_totals totals = {
		.requests = NAN, .sessions = NAN, .bytes_in = NAN, .bytes_out = NAN, .percent_5xx = NAN};
	double responses = NAN, failures = NAN;

	for (size_t i = 0; i < fleet->count; i++) {
		const struct entity *entity = fleet->entities[i];
		const float *rate = entity->rates.per_second;
		if (entity->gone_at >= 0)
			continue;
		if (entity->type == ROW_SERVER) {
			totals.servers++;
			totals.by_state[entity->state]++;
			totals.breakers_half += entity->breaker == BREAKER_HALF_OPEN;
			totals.breakers_open +=
				breaker_is_trouble(entity->breaker) && entity->breaker != BREAKER_HALF_OPEN;
		}
		if (entity->type != ROW_FRONTEND && entity_num(entity, FN_qcur) > 0)
			totals.queue += entity_num(entity, FN_qcur);
		if (entity->type != ROW_FRONTEND)
			continue;
		tally_add(&totals.requests, rate[RATE_requests]);
		tally_add(&totals.sessions, rate[RATE_sessions]);
		tally_add(&totals.bytes_in, rate[RATE_bytes_in]);
		tally_add(&totals.bytes_out, rate[RATE_bytes_out]);
		tally_add(&responses, rate[RATE_responses]);
		tally_add(&failures, rate[RATE_failures]);
	}
	if (responses > 0)
		totals.percent_5xx = failures * 100 / responses;
	fleet->totals = totals;
}

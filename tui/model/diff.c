/* Compares states, breakers and weights, and says who may have been the cause. */
#include "model/diff.h"

#include <stdio.h>
#include <string.h>

static bool diff_is_administrative(enum state state)
{
	return state == STATE_DRAIN || state == STATE_MAINT;
}

static void diff_state(struct fleet *fleet, const struct entity *before, enum state after,
	const struct snapshot_row *row, int64_t wall)
{
	const char *check = snapshot_text(fleet->next, row, FT_check_status);
	const char *info = snapshot_text(fleet->next, row, FT_last_chk);
	const char *word = after == STATE_OTHER ? snapshot_text(fleet->next, row, FT_status) : state_name(after);
	const char *by = "";
	char why[96] = "";

	if (after == STATE_DOWN && (*check || *info))
		snprintf(why, sizeof why, "  %.16s%s%.72s", check, *info ? " " : "", info);
	if (diff_is_administrative(before->state) || diff_is_administrative(after))
		by = strcmp(fleet->mine, before->key) == 0 ? "  by you" : "  (not by me)";
	events_add(&fleet->events, wall, state_severity(after) == SEVERITY_BAD, before->key, "%s -> %s%s%s",
		state_name(before->state), word, why, by);
}

static void diff_breaker(struct fleet *fleet, const struct entity *before, enum breaker after,
	const struct snapshot_row *row, int64_t wall)
{
	int64_t percent = row->num[FN_brk_err_pct], requests = row->num[FN_brk_requests];
	char why[64] = "";

	if (after == BREAKER_OPEN && percent != ROW_ABSENT && requests != ROW_ABSENT)
		snprintf(why, sizeof why, "  err %lld%% of %lld", (long long)percent, (long long)requests);
	events_add(&fleet->events, wall, breaker_is_trouble(after), before->key, "breaker %s -> %s%s",
		before->breaker == BREAKER_CLOSED ? "CLOSED" : breaker_label(before->breaker),
		after == BREAKER_CLOSED ? "CLOSED" : breaker_label(after), why);
}

bool diff_entity(struct fleet *fleet, const struct entity *before, const struct snapshot_row *row, int64_t wall)
{
	enum state state = state_parse(snapshot_text(fleet->next, row, FT_status));
	enum breaker breaker = breaker_parse(snapshot_text(fleet->next, row, FT_brk_state));
	int64_t old_weight = entity_num(before, FN_uweight), weight = row->num[FN_uweight];

	if (state != before->state)
		diff_state(fleet, before, state, row, wall);
	if (breaker != before->breaker)
		diff_breaker(fleet, before, breaker, row, wall);
	if (before->type == ROW_SERVER && weight != old_weight && weight != ROW_ABSENT && old_weight != ROW_ABSENT)
		events_add(&fleet->events, wall, weight == 0, before->key, "weight %lld -> %lld", (long long)old_weight,
			(long long)weight);
	return state != before->state || breaker != before->breaker;
}

bool diff_daemon(struct fleet *fleet, int64_t wall)
{
	const struct info *old = &fleet->now->info, *new = &fleet->next->info;

	if (fleet->polls == 0)
		return false;
	if (old->pid >= 0 && new->pid >= 0 && (old->pid != new->pid || old->started != new->started)) {
		events_add(&fleet->events, wall, false, "daemon", "restarted: pid %lld -> %lld", (long long)old->pid,
			(long long)new->pid);
		return true;
	}
	if (old->generation != new->generation)
		events_add(&fleet->events, wall, false, "daemon", "reloaded: generation %lld -> %lld",
			(long long)old->generation, (long long)new->generation);
	return false;
}

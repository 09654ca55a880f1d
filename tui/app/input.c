/*
 * What keys do: movement, panes, the weight prompt, verbs. A verb never acts by itself; it stages an action, and the
 * action's risk decides what is asked.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/watch.h"

static const int input_intervals[] = {200, 500, 1000, 2000, 5000, 10000};

enum { INPUT_INTERVALS = sizeof input_intervals / sizeof *input_intervals };

static void input_move(struct watch *watch, int64_t by)
{
	ui_selected(&watch->ui, &watch->fleet);
	ui_select(&watch->ui, &watch->fleet, (int64_t)watch->ui.cursor + by);
}

static int64_t input_page(const struct watch *watch)
{
	struct layout layout;

	layout_make(&layout, &watch->fleet, &watch->ui, watch->width, watch->height);
	return layout.table_height > 1 ? layout.table_height - 1 : 1;
}

/* A server's own group folds with the cursor moving up to it. */
static void input_fold(struct watch *watch, bool folded)
{
	struct entity *entity = ui_selected(&watch->ui, &watch->fleet);

	if (entity && entity->type == ROW_SERVER && entity->group && folded)
		entity = entity->group;
	if (!entity || entity->type != ROW_BACKEND)
		return;
	entity->folded = folded;
	fleet_order(&watch->fleet);
	for (size_t i = 0; i < watch->fleet.row_count; i++)
		if (watch->fleet.rows[i] == entity)
			ui_select(&watch->ui, &watch->fleet, (int64_t)i);
}

static void input_fold_all(struct watch *watch)
{
	struct entity *entity = ui_selected(&watch->ui, &watch->fleet);
	bool any_open = false;

	if (entity && entity->type == ROW_SERVER && entity->group)
		entity = entity->group;
	for (size_t i = 0; i < watch->fleet.count; i++)
		any_open |= watch->fleet.entities[i]->type == ROW_BACKEND && !watch->fleet.entities[i]->folded;
	for (size_t i = 0; i < watch->fleet.count; i++)
		watch->fleet.entities[i]->folded = any_open;
	fleet_order(&watch->fleet);
	for (size_t i = 0; i < watch->fleet.row_count; i++)
		if (watch->fleet.rows[i] == entity)
			ui_select(&watch->ui, &watch->fleet, (int64_t)i);
}

static void input_interval(struct watch *watch, int step, int64_t now)
{
	int at = 0;
	char text[48];

	while (at + 1 < INPUT_INTERVALS && input_intervals[at] < watch->link.interval)
		at++;
	at += step;
	at = at < 0 ? 0 : at >= INPUT_INTERVALS ? INPUT_INTERVALS - 1 : at;
	watch->link.interval = watch->fleet.interval = watch->ui.interval_ms = input_intervals[at];
	snprintf(text, sizeof text, "a poll every %g s", input_intervals[at] / 1000.0);
	watch_say(watch, now, text);
	link_poll_now(&watch->link, now);
}

/* Says why verbs do not work here, if so. */
static bool input_may_act(struct watch *watch, int64_t now)
{
	char text[UI_TEXT_MAX];

	if (!watch->ui.read_only)
		return true;
	if (watch->args->read_only)
		snprintf(text, sizeof text, "read-only: started with --read-only");
	else if (watch->denied)
		snprintf(
			text, sizeof text, "read-only: the socket answered 'Permission denied'; level admin is needed");
	else
		snprintf(text, sizeof text, "read-only: the socket's level is %s; admin is needed",
			watch->fleet.now->level);
	watch_say(watch, now, text);
	return false;
}

/* Returns false when a question opened. */
static bool input_verb(struct watch *watch, enum verb verb, const char *weight, int64_t now)
{
	if (!input_may_act(watch, now))
		return true;
	const struct entity *entity = ui_selected(&watch->ui, &watch->fleet);
	if (!action_stage(&watch->action, &watch->fleet, entity, verb, weight, now)) {
		watch_say(watch, now, watch->action.message);
		return true;
	}
	return !action_asks(&watch->action);
}

static bool input_weight_open(struct watch *watch, int64_t now)
{
	const struct entity *entity = ui_selected(&watch->ui, &watch->fleet);

	if (!input_may_act(watch, now))
		return true;
	if (!entity || entity->type != ROW_SERVER) {
		watch_say(watch, now, "select a server first");
		return true;
	}
	watch->ui.weight_prompt = true;
	watch->ui.input[0] = '\0';
	return true;
}

static bool input_weight_key(struct watch *watch, uint32_t key, int64_t now)
{
	char *input = watch->ui.input;
	size_t len = strlen(input);

	key &= ~(uint32_t)TK_PASTED;
	if (key == TK_ENTER || key == '\n') {
		watch->ui.weight_prompt = false;
		return *input ? input_verb(watch, VERB_WEIGHT, input, now) : true;
	}
	if (key == TK_ESC || key == TK_CTRL_C)
		watch->ui.weight_prompt = false;
	else if (key == TK_BACKSPACE && len > 0)
		input[len - 1] = '\0';
	else if (key < 128 && key > ' ' && strchr("0123456789%+-=", (int)key) && len + 1 < sizeof watch->ui.input) {
		input[len] = (char)key;
		input[len + 1] = '\0';
	}
	return true;
}

static void input_help_key(struct watch *watch, uint32_t key)
{
	enum ui_action action = ui_find_action(key);
	size_t lines = UI_ACTION_COUNT + COLUMN_COUNT;

	if (action == UI_DOWN && watch->ui.help_top < lines)
		watch->ui.help_top++;
	else if (action == UI_UP && watch->ui.help_top > 0)
		watch->ui.help_top--;
	else if (action != UI_DOWN && action != UI_UP)
		watch->ui.help = false;
}

/* Actions on the daemon's servers. Returns false when a question opened. */
static bool input_operate(struct watch *watch, enum ui_action action, int64_t now)
{
	switch (action) {
	case UI_DRAIN:
		return input_verb(watch, VERB_DRAIN, NULL, now);
	case UI_MAINT:
		return input_verb(watch, VERB_MAINT, NULL, now);
	case UI_READY:
		return input_verb(watch, VERB_READY, NULL, now);
	case UI_WEIGHT:
		return input_weight_open(watch, now);
	case UI_WEIGHT_DOWN:
		return input_verb(watch, VERB_WEIGHT, "-1", now);
	case UI_WEIGHT_UP:
		return input_verb(watch, VERB_WEIGHT, "+1", now);
	case UI_WEIGHT_DOWN_10:
		return input_verb(watch, VERB_WEIGHT, "-10", now);
	case UI_WEIGHT_UP_10:
		return input_verb(watch, VERB_WEIGHT, "+10", now);
	default:
		return true;
	}
}

static bool input_navigate(struct watch *watch, enum ui_action action)
{
	int64_t page = input_page(watch);

	switch (action) {
	case UI_DOWN:
		input_move(watch, 1);
		return true;
	case UI_UP:
		input_move(watch, -1);
		return true;
	case UI_HALF_DOWN:
		input_move(watch, page / 2 + 1);
		return true;
	case UI_HALF_UP:
		input_move(watch, -page / 2 - 1);
		return true;
	case UI_PAGE_DOWN:
		input_move(watch, page);
		return true;
	case UI_PAGE_UP:
		input_move(watch, -page);
		return true;
	case UI_FIRST:
		ui_select(&watch->ui, &watch->fleet, 0);
		return true;
	case UI_LAST:
		ui_select(&watch->ui, &watch->fleet, INT64_MAX);
		return true;
	case UI_FOLD:
		input_fold(watch, true);
		return true;
	case UI_UNFOLD:
		input_fold(watch, false);
		return true;
	case UI_FOLD_ALL:
		input_fold_all(watch);
		return true;
	default:
		return false;
	}
}

static bool input_action(struct watch *watch, enum ui_action action, int64_t now)
{
	switch (action) {
	case UI_HELP:
		watch->ui.help = true;
		watch->ui.help_top = 0;
		return true;
	case UI_DETAIL:
		watch->ui.detail = !watch->ui.detail;
		return true;
	case UI_LOG:
		watch->ui.log = !watch->ui.log;
		return true;
	case UI_PAUSE:
		watch->ui.paused = !watch->ui.paused;
		return true;
	case UI_SLOWER:
		input_interval(watch, 1, now);
		return true;
	case UI_FASTER:
		input_interval(watch, -1, now);
		return true;
	case UI_POLL:
		link_poll_now(&watch->link, now);
		return true;
	case UI_REDRAW:
		watch->full = true;
		return true;
	case UI_QUIT:
		watch->quit = true;
		return true;
	default:
		return input_navigate(watch, action) || input_operate(watch, action, now);
	}
}

bool input_key(struct watch *watch, uint32_t key, int64_t now)
{
	watch->dirty = true;
	if (key == TK_PASTE_END)
		return true;
	if (watch->ui.weight_prompt)
		return input_weight_key(watch, key, now);
	if (key & TK_PASTED) {
		watch_say(watch, now, "paste ignored: it may act only in a text prompt");
		return true;
	}
	if (action_asks(&watch->action)) {
		if (action_answer(&watch->action, key, now) && watch->action.stage == ACTION_NONE)
			watch_say(watch, now, watch->action.message);
		return true;
	}
	if (watch->ui.help) {
		input_help_key(watch, key);
		return true;
	}
	watch->ui.message[0] = '\0';
	return input_action(watch, ui_find_action(key), now);
}

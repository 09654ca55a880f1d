/*
 * Questions and prompts. They take the lowest lines and never cover the row they are about; the answer that is safe is
 * what any other key means.
 */
#include <stdio.h>

#include "view/view.h"

static void view_prompt_line(struct view *view, int y, enum role role, const char *text)
{
	if (y < 0)
		return;
	grid_fill(view->grid, y, 0, view->grid->width, ROLE_NORMAL, ' ');
	grid_put(view->grid, y, 0, view->grid->width, role, text);
}

static void view_prompt_effect(char *out, size_t cap, const struct action *action)
{
	if (action->usable_before == action->usable_after)
		snprintf(
			out, cap, "it is not in use now: usable stays %u of %u", action->usable_after, action->servers);
	else if (action->usable_after == 0)
		snprintf(out, cap, "usable %u -> 0 of %u: THE LAST ONE of %s", action->usable_before, action->servers,
			action->backend);
	else
		snprintf(out, cap, "usable %u -> %u of %u, capacity -%d%%", action->usable_before, action->usable_after,
			action->servers, 100 - action->capacity_percent);
}

static void view_prompt_question(struct view *view)
{
	const struct action *action = view->ui->action;
	char effect[192], text[512];
	bool name = action->stage == ACTION_ASK_NAME;
	int y = view->grid->height - 3;

	view_prompt_effect(effect, sizeof effect, action);
	snprintf(text, sizeof text, "! %s %s?  %s, %lld sessions %s", verb_word(action->verb), action->key, effect,
		(long long)action->sessions, verb_sessions(action->verb));
	if (view->grid->height >= 6) {
		view_prompt_line(view, y, ROLE_WARN, text);
		snprintf(text, sizeof text, "  > %s", action->command);
		view_prompt_line(view, y + 1, ROLE_NORMAL, text);
		y += 2;
	} else {
		y = view->grid->height - 1;
	}
	if (name)
		snprintf(text, sizeof text, "  type %s and Enter to confirm, Esc = no: %s_", action->backend,
			action->typed);
	else if (view->grid->height >= 6)
		snprintf(text, sizeof text, "  [y] yes   [n/Esc] no");
	else
		snprintf(text, sizeof text, "%s %s? y/n", verb_word(action->verb), action->key);
	view_prompt_line(view, y, ROLE_BOLD, text);
}

void view_prompt(struct view *view)
{
	const struct ui *ui = view->ui;
	char text[512];

	if (ui->action && action_asks(ui->action)) {
		view_prompt_question(view);
	} else if (ui->weight_prompt) {
		snprintf(text, sizeof text, "weight of %s (50, 50%%, +5, -5, = initial), Esc = no: %s_", ui->cursor_key,
			ui->input);
		view_prompt_line(view, view->grid->height - 1, ROLE_BOLD, text);
	}
}

/*
 * What the screen shows beside the fleet: the cursor, the panes, prompts, the link's state. The application changes
 * it; the view only reads it. The action ids of keys.def live here too.
 */
#ifndef TUI_VIEW_UI_H
#define TUI_VIEW_UI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/action.h"
#include "model/fleet.h"
#include "text/glyph.h"
#include "text/key.h"

enum ui_action {
#define KEY(id, k1, k2, k3, k4, shown, label, help) UI_##id,
#include "view/keys.def"
#undef KEY
	UI_ACTION_COUNT,
	UI_NOTHING = UI_ACTION_COUNT
};

struct ui_key {
	uint32_t keys[4];
	const char *shown, *label, *help;
};

extern const struct ui_key ui_keys[UI_ACTION_COUNT];
enum ui_action ui_find_action(uint32_t key);

enum ui_badge { UI_CONNECTING, UI_LIVE, UI_STALE, UI_RETRY };

enum { UI_TEXT_MAX = 160, UI_KEY_MAX = 300, UI_INPUT_MAX = 8 };

struct ui {
	char cursor_key[UI_KEY_MAX]; /* the selected entity, by name; "" at the start */
	enum row_type cursor_type;
	size_t cursor; /* its row when last seen: where to go on when it vanishes */
	size_t top;    /* first row of the table on the screen */
	size_t help_top;
	bool detail, log, help, paused, read_only;
	bool weight_prompt;
	char input[UI_INPUT_MAX];
	enum ui_badge badge;
	int64_t age_s;      /* of the data shown */
	int64_t retry_s;    /* until the next attempt */
	const char *reason; /* why the last poll failed; NULL when it did not */
	int64_t interval_ms;
	int64_t now;
	char clock[16]; /* "" in a frame without a clock */
	const char *socket;
	char message[UI_TEXT_MAX];
	const struct action *action;
	const struct glyphs *glyphs;
};

/* The selected entity; NULL when the table is empty. Puts the cursor on a neighbour when its entity is no more. */
struct entity *ui_selected(struct ui *ui, const struct fleet *fleet);
/* Selects row number index, as far as there is one. */
void ui_select(struct ui *ui, const struct fleet *fleet, int64_t index);
/* Data that is not fresh: dimmed, and without rates. */
static inline bool ui_is_stale(const struct ui *ui)
{
	return ui->badge == UI_STALE || ui->badge == UI_RETRY;
}

#endif

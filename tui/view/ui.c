/* The key table and the cursor. */
#include "view/ui.h"

#include <stdio.h>
#include <string.h>

const struct ui_key ui_keys[UI_ACTION_COUNT] = {
#define KEY(id, k1, k2, k3, k4, text, bar, what)                                                                       \
	{.keys = {(k1), (k2), (k3), (k4)}, .shown = (text), .label = (bar), .help = (what)},
#include "view/keys.def"
#undef KEY
};

enum ui_action ui_find_action(uint32_t key)
{
	if (key != TK_NONE)
		for (int i = 0; i < UI_ACTION_COUNT; i++)
			for (int k = 0; k < 4; k++)
				if (ui_keys[i].keys[k] == key)
					return (enum ui_action)i;
	return UI_NOTHING;
}

void ui_select(struct ui *ui, const struct fleet *fleet, int64_t index)
{
	if (fleet->row_count == 0) {
		ui->cursor = 0;
		ui->cursor_key[0] = '\0';
		return;
	}
	if (index >= (int64_t)fleet->row_count)
		index = (int64_t)fleet->row_count - 1;
	ui->cursor = index < 0 ? 0 : (size_t)index;
	const struct entity *entity = fleet->rows[ui->cursor];
	snprintf(ui->cursor_key, sizeof ui->cursor_key, "%s", entity->key);
	ui->cursor_type = entity->type;
}

static bool ui_is_cursor(const struct ui *ui, const struct entity *entity)
{
	return entity->type == ui->cursor_type && strcmp(entity->key, ui->cursor_key) == 0;
}

struct entity *ui_selected(struct ui *ui, const struct fleet *fleet)
{
	if (ui->cursor < fleet->row_count && ui_is_cursor(ui, fleet->rows[ui->cursor]))
		return fleet->rows[ui->cursor];
	for (size_t i = 0; i < fleet->row_count; i++)
		if (ui_is_cursor(ui, fleet->rows[i])) {
			ui->cursor = i;
			return fleet->rows[i];
		}
	ui_select(ui, fleet, (int64_t)ui->cursor);
	return fleet->row_count ? fleet->rows[ui->cursor] : NULL;
}

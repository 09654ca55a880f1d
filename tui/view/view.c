/* The frame: which parts are drawn, and the helpers that several parts use. */
#include "view/view.h"

#include <stdio.h>

enum role view_severity_role(enum severity severity)
{
	static const enum role roles[] = {[SEVERITY_OK] = ROLE_OK,
		[SEVERITY_WARN] = ROLE_WARN,
		[SEVERITY_BAD] = ROLE_BAD,
		[SEVERITY_OFF] = ROLE_DIM};

	return roles[severity];
}

void view_meter(struct grid *grid, int y, int x, int width, int64_t value, int64_t limit, uint32_t fill)
{
	char text[48];
	int inner = width - 2;

	if (inner < 1)
		return;
	grid_put_char(grid, y, x, ROLE_NORMAL, limit > 0 ? '[' : ' ');
	grid_put_char(grid, y, x + width - 1, ROLE_NORMAL, limit > 0 ? ']' : ' ');
	if (limit > 0)
		snprintf(text, sizeof text, "%lld/%lld", (long long)value, (long long)limit);
	else
		snprintf(text, sizeof text, "%lld/-", (long long)value);
	int filled = limit > 0 ? (int)(value >= limit ? inner : (double)value * inner / (double)limit) : 0;
	if (filled == 0 && value > 0 && limit > 0)
		filled = 1;
	grid_fill(grid, y, x + 1, filled, ROLE_BAR, fill);
	int length = snprintf(NULL, 0, "%s", text), at = inner > length ? inner - length : 0;
	for (int i = 0; i < length && at + i < inner; i++)
		grid_put_char(
			grid, y, x + 1 + at + i, at + i < filled ? ROLE_BAR : ROLE_NORMAL, (unsigned char)text[i]);
}

void view_badge(char *out, size_t cap, const struct ui *ui)
{
	switch (ui->badge) {
	case UI_CONNECTING:
		snprintf(out, cap, "CONNECTING");
		break;
	case UI_STALE:
		snprintf(out, cap, "STALE %llds", (long long)ui->age_s);
		break;
	case UI_RETRY:
		snprintf(out, cap, "RETRY in %llds (%s)", (long long)ui->retry_s, ui->reason ? ui->reason : "");
		break;
	case UI_LIVE:
		if (ui->paused)
			snprintf(out, cap, "PAUSED");
		else
			snprintf(out, cap, "LIVE %gs", (double)ui->interval_ms / 1000);
		break;
	}
}

void view_draw(struct grid *grid, const struct fleet *fleet, const struct ui *ui)
{
	struct view view = {.grid = grid, .fleet = fleet, .ui = ui};

	grid_clear(grid);
	layout_make(&view.layout, fleet, ui, grid->width, grid->height);
	view.selected = ui->cursor < fleet->row_count ? fleet->rows[ui->cursor] : NULL;
	if (ui->help) {
		view_help(&view);
		return;
	}
	if (view.layout.summary) {
		view_summary(&view);
	} else {
		view_head(&view);
		view_table(&view);
		view_detail(&view);
		view_log(&view);
		view_bar(&view);
	}
	view_prompt(&view);
}

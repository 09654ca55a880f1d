/*
 * The screen as a pure function of the fleet, the user interface's state and the size of the grid. No curses, no
 * clock, no I/O: the same input draws the same frame, in a test and on a terminal.
 */
#ifndef TUI_VIEW_VIEW_H
#define TUI_VIEW_VIEW_H

#include "view/grid.h"
#include "view/layout.h"
#include "view/ui.h"

struct view {
	struct grid *grid;
	const struct fleet *fleet;
	const struct ui *ui;
	struct layout layout;
	const struct entity *selected; /* NULL when the table is empty */
};

/* Draws the whole frame. ui_selected() and layout_scroll() come first, when the fleet or the cursor changed. */
void view_draw(struct grid *grid, const struct fleet *fleet, const struct ui *ui);

/* The parts; each draws into its own lines. */
void view_head(struct view *view);
void view_summary(struct view *view);
void view_table(struct view *view);
void view_detail(struct view *view);
void view_log(struct view *view);
void view_bar(struct view *view);
void view_prompt(struct view *view);
void view_help(struct view *view);

/* The link's badge as text: "LIVE 1s", "RETRY in 2s (connection refused)". */
void view_badge(char *out, size_t cap, const struct ui *ui);
enum role view_severity_role(enum severity severity);
/* "[      96/200]" with the filled part in reverse; limit <= 0 is unlimited. */
void view_meter(struct grid *grid, int y, int x, int width, int64_t value, int64_t limit, uint32_t fill);
/* The text of one cell, for the table and for `--once`. */
void view_format_cell(
	char *out, size_t cap, const struct fleet *fleet, const struct entity *entity, enum column column, bool stale);

#endif

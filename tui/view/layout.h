/* Where things stand in a window of a given size, and which columns fit. Pure. */
#ifndef TUI_VIEW_LAYOUT_H
#define TUI_VIEW_LAYOUT_H

#include <stdbool.h>

#include "view/ui.h"

enum column {
#define COLUMN(id, title, least, most, priority, when, help) COLUMN_##id,
#include "view/columns.def"
#undef COLUMN
	COLUMN_COUNT
};

struct column_row {
	const char *title;
	int least, most, priority;
	int when;
	const char *help;
};

extern const struct column_row column_rows[COLUMN_COUNT];

struct layout {
	bool summary;              /* too small for a table: one line */
	int head;                  /* lines of the head, from row 0 */
	int table_y, table_height; /* rows below the column titles */
	int detail_y, detail_height, detail_width;
	int log_y, log_x, log_height;
	int bar_y;                                              /* -1: none */
	int column_x[COLUMN_COUNT], column_width[COLUMN_COUNT]; /* width 0: not shown */
};

void layout_make(struct layout *layout, const struct fleet *fleet, const struct ui *ui, int width, int height);

/* Moves ui->top so that the cursor is on the screen. */
void layout_scroll(struct ui *ui, const struct fleet *fleet, int width, int height);

#endif

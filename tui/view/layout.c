/*
 * Sizes. Lines go to the table first: the head shrinks to one line, panes and bar vanish, and below 30x6 a single
 * summary line is all there is.
 */
#include "view/layout.h"

#include <string.h>

enum { LAYOUT_ALWAYS, LAYOUT_BREAKER, LAYOUT_LATENCY, LAYOUT_NO_LATENCY, LAYOUT_WIDE };

const struct column_row column_rows[COLUMN_COUNT] = {
#define COLUMN(id, text, low, high, order, condition, what)                                                            \
	{.title = (text),                                                                                              \
		.least = (low),                                                                                        \
		.most = (high),                                                                                        \
		.priority = (order),                                                                                   \
		.when = LAYOUT_##condition,                                                                            \
		.help = (what)},
#include "view/columns.def"
#undef COLUMN
};

enum { LAYOUT_WIDE_FROM = 80, LAYOUT_NARROW_BELOW = 50, LAYOUT_BIG_WIDTH = 120, LAYOUT_BIG_HEIGHT = 40 };

static bool layout_applies(const struct fleet *fleet, int width, enum column column)
{
	if (width < LAYOUT_NARROW_BELOW && column_rows[column].priority > 1)
		return false;
	switch (column_rows[column].when) {
	case LAYOUT_BREAKER:
		return fleet->now->has_breaker;
	case LAYOUT_LATENCY:
		return fleet->now->has_latency;
	case LAYOUT_NO_LATENCY:
		return !fleet->now->has_latency;
	case LAYOUT_WIDE:
		return width >= LAYOUT_WIDE_FROM;
	default:
		return true;
	}
}

/* Takes columns in the order of their priority until one does not fit; returns the columns of the window left. */
static int layout_choose_columns(struct layout *layout, const struct fleet *fleet, int width)
{
	int left = width + 1;

	for (int priority = 0; priority < COLUMN_COUNT; priority++)
		for (int i = 0; i < COLUMN_COUNT; i++) {
			const struct column_row *row = &column_rows[i];
			if (row->priority != priority || !layout_applies(fleet, width, (enum column)i))
				continue;
			if (row->least + 1 > left)
				return left;
			layout->column_width[i] = row->least;
			left -= row->least + 1;
		}
	return left;
}

static void layout_make_columns(struct layout *layout, const struct fleet *fleet, int width)
{
	int left = layout_choose_columns(layout, fleet, width), x = 0;

	/* What is left goes round, a column of the window each, the name first. */
	for (bool grew = true; grew && left > 0;) {
		grew = false;
		for (int i = 0; i < COLUMN_COUNT && left > 0; i++)
			if (layout->column_width[i] > 0 && layout->column_width[i] < column_rows[i].most) {
				layout->column_width[i]++;
				left--;
				grew = true;
			}
	}
	for (int i = 0; i < COLUMN_COUNT; i++)
		if (layout->column_width[i] > 0) {
			layout->column_x[i] = x;
			x += layout->column_width[i] + 1;
		}
}

static void layout_make_panes(struct layout *layout, const struct ui *ui, int width, int bottom)
{
	bool big = width >= LAYOUT_BIG_WIDTH && bottom >= LAYOUT_BIG_HEIGHT - 1;
	int detail = !ui->detail ? 0 : big ? 10 : 2, log = !ui->log ? 0 : big ? 10 : 3;
	bool beside = big && detail && log;
	int lines = beside ? detail : detail + log;

	layout->detail_width = beside ? width * 11 / 20 : width;
	layout->detail_y = bottom - lines;
	layout->detail_height = detail;
	layout->log_x = beside ? layout->detail_width + 1 : 0;
	layout->log_y = beside ? layout->detail_y : layout->detail_y + detail;
	layout->log_height = log;
	layout->table_height = bottom - lines - layout->table_y;
}

void layout_make(struct layout *layout, const struct fleet *fleet, const struct ui *ui, int width, int height)
{
	memset(layout, 0, sizeof *layout);
	layout->bar_y = -1;
	layout->summary = width < 30 || height < 6;
	if (layout->summary)
		return;
	int bottom = height;
	if (height >= 8)
		layout->bar_y = --bottom;
	layout->head = height >= 12 ? 3 : 1;
	layout->table_y = layout->head + 1;
	layout->table_height = bottom - layout->table_y;
	if (height >= 20)
		layout_make_panes(layout, ui, width, bottom);
	layout_make_columns(layout, fleet, width);
}

void layout_scroll(struct ui *ui, const struct fleet *fleet, int width, int height)
{
	struct layout layout;

	layout_make(&layout, fleet, ui, width, height);
	size_t page = layout.table_height > 0 ? (size_t)layout.table_height : 1;
	if (ui->cursor < ui->top)
		ui->top = ui->cursor;
	if (ui->cursor >= ui->top + page)
		ui->top = ui->cursor - page + 1;
	if (ui->top + page > fleet->row_count)
		ui->top = fleet->row_count > page ? fleet->row_count - page : 0;
}

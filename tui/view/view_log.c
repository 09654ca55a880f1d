/* The newest events, and the bottom bar with a message or the keys. */
#include <stdio.h>
#include <time.h>

#include "view/view.h"

static void view_log_line(struct view *view, int y, int x, int width, const struct event *event)
{
	char text[EVENT_OBJECT_MAX + EVENT_TEXT_MAX + 32], clock[16] = "";

	if (event->wall > 0) {
		time_t wall = (time_t)event->wall;
		struct tm tm;
		if (localtime_r(&wall, &tm))
			strftime(clock, sizeof clock, "%H:%M:%S ", &tm);
	}
	snprintf(text, sizeof text, "%s%c %s %s", clock, event->trouble ? '!' : '.', event->object, event->text);
	grid_put(view->grid, y, x, width, event->trouble ? ROLE_WARN : ROLE_NORMAL, text);
}

void view_log(struct view *view)
{
	int y = view->layout.log_y, x = view->layout.log_x, height = view->layout.log_height;
	int width = view->grid->width - x, first = 0;

	if (height == 0)
		return;
	if (x > 0) {
		for (int i = 0; i < height; i++)
			grid_put_char(view->grid, y + i, x - 1, ROLE_DIM, '|');
		grid_fill(view->grid, y, x, width, ROLE_DIM, view->ui->glyphs->line);
		grid_put(view->grid, y, x + 2, width, ROLE_BOLD, " Events ");
		first = 1;
	}
	for (int i = first; i < height; i++) {
		const struct event *event = events_get(&view->fleet->events, (size_t)(i - first));
		if (event)
			view_log_line(view, y + i, x, width, event);
	}
}

void view_bar(struct view *view)
{
	int y = view->layout.bar_y, x = 0;

	if (y < 0)
		return;
	if (*view->ui->message) {
		grid_put(view->grid, y, 0, view->grid->width, ROLE_WARN, view->ui->message);
		return;
	}
	for (int i = 0; i < UI_ACTION_COUNT; i++)
		if (*ui_keys[i].label) {
			x += grid_put(view->grid, y, x, view->grid->width - x, ROLE_TITLE, ui_keys[i].label);
			grid_put_char(view->grid, y, x++, ROLE_NORMAL, ' ');
		}
}

/* The help screen: the rows of keys.def and columns.def. */
#include <stdio.h>

#include "view/view.h"

static void view_help_line(struct view *view, int *line, const char *left, const char *text)
{
	int y = *line - (int)view->ui->help_top + 1;

	(*line)++;
	if (y < 1 || y >= view->grid->height)
		return;
	grid_put(view->grid, y, 2, 14, ROLE_BOLD, left);
	grid_put(view->grid, y, 17, view->grid->width - 17, ROLE_NORMAL, text);
}

void view_help(struct view *view)
{
	int line = 0;

	for (int i = 0; i < UI_ACTION_COUNT; i++)
		view_help_line(view, &line, ui_keys[i].shown, ui_keys[i].help);
	view_help_line(view, &line, "", "");
	for (int i = 0; i < COLUMN_COUNT; i++)
		view_help_line(view, &line, column_rows[i].title, column_rows[i].help);
	grid_fill(view->grid, 0, 0, view->grid->width, ROLE_TITLE, ' ');
	grid_put(view->grid, 0, 0, view->grid->width, ROLE_TITLE,
		" lbtop: keys and columns   (j k to scroll, any other key to leave)");
}

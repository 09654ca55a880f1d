/* The clipped writes; nothing here knows of a terminal. */
#include "view/grid.h"

#include <stdlib.h>
#include <string.h>

#include "text/utf8.h"

bool grid_resize(struct grid *grid, int width, int height)
{
	width = width < 1 ? 1 : width > GRID_SIDE_MAX ? GRID_SIDE_MAX : width;
	height = height < 1 ? 1 : height > GRID_SIDE_MAX ? GRID_SIDE_MAX : height;
	struct cell *cells = realloc(grid->cells, (size_t)width * (size_t)height * sizeof *cells);
	if (!cells) {
		grid_free(grid);
		return false;
	}
	grid->cells = cells;
	grid->width = width;
	grid->height = height;
	grid_clear(grid);
	return true;
}

void grid_clear(struct grid *grid)
{
	for (int i = 0; i < grid->width * grid->height; i++)
		grid->cells[i] = (struct cell){.cp = ' ', .role = ROLE_NORMAL};
}

void grid_free(struct grid *grid)
{
	free(grid->cells);
	grid->cells = NULL;
	grid->width = grid->height = 0;
}

struct cell *grid_at(const struct grid *grid, int y, int x)
{
	if (y < 0 || x < 0 || y >= grid->height || x >= grid->width)
		return NULL;
	return &grid->cells[y * grid->width + x];
}

void grid_put_char(struct grid *grid, int y, int x, enum role role, uint32_t cp)
{
	struct cell *cell = grid_at(grid, y, x);

	if (!cell)
		return;
	if (cp < 0x20 || (cp >= 0x7F && cp < 0xA0) || (grid->ascii && cp > 0x7E))
		cp = '?';
	/* Overwriting half of a wide character leaves no half behind. */
	struct cell *right = grid_at(grid, y, x + 1);
	if (right && right->cp == 0)
		right->cp = ' ';
	if (cell->cp == 0 && x > 0)
		cell[-1].cp = ' ';
	cell->cp = cp;
	cell->role = (uint8_t)role;
}

int grid_put(struct grid *grid, int y, int x, int width, enum role role, const char *text)
{
	size_t len = strlen(text);
	int at = 0;

	for (size_t i = 0; i < len;) {
		uint32_t cp;
		i += utf8_decode(text + i, len - i, &cp);
		int columns = grid->ascii && cp > 0x7E ? 1 : utf8_width(cp);
		if (columns == 0)
			continue;
		if (at + columns > width || x + at + columns > grid->width)
			break;
		grid_put_char(grid, y, x + at, role, cp);
		if (columns == 2 && grid_at(grid, y, x + at + 1)) {
			*grid_at(grid, y, x + at + 1) = (struct cell){.cp = 0, .role = (uint8_t)role};
		}
		at += columns;
	}
	return at;
}

void grid_put_right(struct grid *grid, int y, int x, int width, enum role role, const char *text)
{
	int columns = utf8_columns(text);

	grid_put(grid, y, x + (columns < width ? width - columns : 0), width, role, text);
}

void grid_fill(struct grid *grid, int y, int x, int width, enum role role, uint32_t cp)
{
	for (int i = 0; i < width; i++)
		grid_put_char(grid, y, x + i, role, cp);
}

void grid_set_cursor(struct grid *grid, int y)
{
	for (int x = 0; x < grid->width && grid_at(grid, y, x); x++)
		grid_at(grid, y, x)->cursor = true;
}

void grid_recolour(struct grid *grid, int y, enum role from, enum role to)
{
	for (int x = 0; x < grid->width; x++) {
		struct cell *cell = grid_at(grid, y, x);
		if (cell && cell->role == (uint8_t)from)
			cell->role = (uint8_t)to;
	}
}

void grid_print(const struct grid *grid, FILE *out)
{
	for (int y = 0; y < grid->height; y++) {
		const struct cell *row = grid->cells + y * grid->width;
		int last = grid->width;
		while (last > 0 && row[last - 1].cp == ' ')
			last--;
		for (int x = 0; x < last; x++) {
			char bytes[4];
			uint32_t cp = row[x].cp;
			if (cp != 0)
				fwrite(bytes, 1, utf8_encode(cp, bytes), out);
		}
		fputc('\n', out);
	}
}

/*
 * A frame in memory: cells with a character and an attribute role. The view draws here and nowhere else; the terminal
 * shows it, tests print it. Every write is clipped, so no size of window is too small.
 */
#ifndef TUI_VIEW_GRID_H
#define TUI_VIEW_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum role {
#define ROLE(id, colour, bold, dim, reverse) ROLE_##id,
#include "view/roles.def"
#undef ROLE
	ROLE_COUNT
};

struct cell {
	uint32_t cp; /* 0: the right half of a wide character to the left */
	uint8_t role;
	bool cursor; /* the selected row: drawn in reverse */
};

enum { GRID_SIDE_MAX = 1000 };

struct grid {
	int width, height;
	bool ascii; /* other characters become '?' */
	struct cell *cells;
};

/* Gives the grid a size (1 to GRID_SIDE_MAX each) and clears it. False when there is no memory; it is 0x0 then. */
bool grid_resize(struct grid *grid, int width, int height);
void grid_clear(struct grid *grid);
void grid_free(struct grid *grid);

/* The cell at row y, column x; NULL outside. */
struct cell *grid_at(const struct grid *grid, int y, int x);

/* Writes text from (y, x) on, at most width columns. Returns the columns written. */
int grid_put(struct grid *grid, int y, int x, int width, enum role role, const char *text);
/* The same, at the right end of the width columns. */
void grid_put_right(struct grid *grid, int y, int x, int width, enum role role, const char *text);
void grid_put_char(struct grid *grid, int y, int x, enum role role, uint32_t cp);
void grid_fill(struct grid *grid, int y, int x, int width, enum role role, uint32_t cp);
void grid_set_cursor(struct grid *grid, int y);
/* Changes cells of role `from` in a row to role `to`. */
void grid_recolour(struct grid *grid, int y, enum role from, enum role to);

/* The frame as UTF-8 text, a line for each row, without trailing spaces. */
void grid_print(const struct grid *grid, FILE *out);

#endif

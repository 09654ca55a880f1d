/* Roles to curses attributes, and cells that changed to curses calls. One doupdate() for each frame. */
#include "term/blit.h"

#include <curses.h>
#include <stdlib.h>
#include <string.h>

struct blit_role {
	char colour;
	bool bold, dim, reverse;
};

static const struct blit_role blit_roles[ROLE_COUNT] = {
#define ROLE(id, letter, is_bold, is_dim, is_reverse)                                                                  \
	{.colour = (letter), .bold = (is_bold), .dim = (is_dim), .reverse = (is_reverse)},
#include "view/roles.def"
#undef ROLE
};

static short blit_colour(char letter)
{
	static const char letters[] = "-rgybmcw";
	const char *at = strchr(letters, letter);

	return (short)(at ? at - letters : 0);
}

void blit_init(struct blit *blit, enum term_colour colour)
{
	const char *no_colour = getenv("NO_COLOR");
	bool refused = colour == TERM_COLOUR_NEVER || (colour == TERM_COLOUR_AUTO && no_colour && *no_colour);

	blit->colour = false;
	if (refused || !has_colors() || start_color() == ERR || use_default_colors() == ERR || COLORS < 8)
		return;
	for (short i = 1; i < 8; i++)
		init_pair(i, i, -1);
	blit->colour = true;
}

void blit_forget(struct blit *blit)
{
	grid_free(&blit->last);
}

void blit_free(struct blit *blit)
{
	grid_free(&blit->last);
}

static void blit_cell(const struct blit *blit, int y, int x, const struct cell *cell)
{
	const struct blit_role *role = &blit_roles[cell->role];
	attr_t attributes = role->bold ? A_BOLD : A_NORMAL;
	wchar_t text[2] = {(wchar_t)cell->cp, L'\0'};
	cchar_t out;

	if (role->dim)
		attributes |= A_DIM;
	if (role->reverse != cell->cursor)
		attributes |= A_REVERSE;
	setcchar(&out, text, attributes, blit->colour ? blit_colour(role->colour) : 0, NULL);
	mvadd_wch(y, x, &out);
}

static bool blit_same(const struct cell *a, const struct cell *b)
{
	return a->cp == b->cp && a->role == b->role && a->cursor == b->cursor;
}

void blit_paint(struct blit *blit, const struct grid *grid, bool full)
{
	bool known = blit->last.width == grid->width && blit->last.height == grid->height && !full &&
		     grid->width * grid->height > 1;

	/* Curses does not update a screen whose only cell is its last one; it does draw it anew. */
	if (full || grid->width * grid->height == 1) {
		erase();
		clearok(curscr, TRUE);
	}
	for (int y = 0; y < grid->height; y++)
		for (int x = 0; x < grid->width; x++) {
			const struct cell *cell = grid_at(grid, y, x);
			/* The right half of a wide character is written with its left half. */
			bool wide = x + 1 < grid->width && grid_at(grid, y, x + 1)->cp == 0;
			bool same = known && blit_same(cell, grid_at(&blit->last, y, x)) &&
				    (!wide || blit_same(cell + 1, grid_at(&blit->last, y, x + 1)));
			if (cell->cp != 0 && !same)
				blit_cell(blit, y, x, cell);
		}
	wnoutrefresh(stdscr);
	doupdate();
	if ((known || grid_resize(&blit->last, grid->width, grid->height)) && blit->last.cells)
		memcpy(blit->last.cells, grid->cells, (size_t)grid->width * (size_t)grid->height * sizeof *grid->cells);
}

/*
 * The terminal: setting it up, giving it back, its size, and showing grids on it. Only this directory includes
 * <curses.h>. One terminal for each process, one thread; nothing here knows what the cells say.
 */
#ifndef TUI_TERM_TERM_H
#define TUI_TERM_TERM_H

#include <stdbool.h>
#include <stddef.h>

#include "view/grid.h"

struct console;

enum term_colour { TERM_COLOUR_AUTO, TERM_COLOUR_ALWAYS, TERM_COLOUR_NEVER };

/*
 * Takes over the terminal on stdin and stdout. NULL, with one line in error, when TERM is unknown or its terminal
 * cannot move the cursor; nothing has been written then.
 */
struct console *term_open(enum term_colour colour, char *error, size_t cap);
/* Gives it back as it was found, cursor on, on a line of its own. */
void term_close(struct console *term);

/* Around a stop (Ctrl-Z): give it back for a while, take it again. */
void term_leave(struct console *term);
void term_enter(struct console *term);

/* It hung up: whatever is written to it, or set, fails from now on. */
bool term_is_lost(void);

/* Asks the kernel for the size and tells curses. */
void term_resize(struct console *term, int *width, int *height);

/* True when the terminal takes output now; painting would block otherwise. */
bool term_is_writable(const struct console *term);

/* Shows the grid; what did not change is not written. full: everything is drawn anew. */
void term_paint(struct console *term, const struct grid *grid, bool full);

/* Drops what was typed and not read yet. */
void term_flush_input(struct console *term);

#endif

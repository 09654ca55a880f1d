/* A grid onto the curses screen. Remembers the last frame, so that an unchanged cell costs a comparison. */
#ifndef TUI_TERM_BLIT_H
#define TUI_TERM_BLIT_H

#include "term/term.h"

struct blit {
	struct grid last;
	bool colour;
};

/* After newterm(). */
void blit_init(struct blit *blit, enum term_colour colour);
void blit_free(struct blit *blit);
/* The screen may hold anything: the next paint writes every cell. */
void blit_forget(struct blit *blit);
void blit_paint(struct blit *blit, const struct grid *grid, bool full);

#endif

/*
 * The two sets of drawing characters, ASCII and UTF-8. The view asks for a glyph by its role and never names a
 * character, so a terminal or a locale without UTF-8 gets the same screen.
 */
#ifndef TUI_TEXT_GLYPH_H
#define TUI_TEXT_GLYPH_H

#include <stdbool.h>
#include <stdint.h>

enum { GLYPH_LEVELS = 8 };

struct glyphs {
	bool utf8;
	uint32_t spark[GLYPH_LEVELS + 1]; /* [0] is "measured, and next to nothing" */
	uint32_t tree_mid, tree_end, open, closed, cursor, line, fill, ellipsis;
};

const struct glyphs *glyphs_get(bool utf8);

#endif

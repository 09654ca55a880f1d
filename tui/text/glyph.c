/* The glyph tables. Blocks only: braille is missing in too many console fonts. */
#include "text/glyph.h"

static const struct glyphs glyphs_ascii = {
	.utf8 = false,
	.spark = {'_', '.', ':', '-', '=', '+', '*', '#', '#'},
	.tree_mid = '|',
	.tree_end = '`',
	.open = '-',
	.closed = '+',
	.cursor = '>',
	.line = '-',
	.fill = '|',
	.ellipsis = '~',
};

static const struct glyphs glyphs_utf8 = {
	.utf8 = true,
	.spark = {'_', 0x2581, 0x2582, 0x2583, 0x2584, 0x2585, 0x2586, 0x2587, 0x2588},
	.tree_mid = 0x251C,
	.tree_end = 0x2514,
	.open = 0x25BE,
	.closed = 0x25B8,
	.cursor = '>',
	.line = 0x2500,
	.fill = '|',
	.ellipsis = 0x2026,
};

const struct glyphs *glyphs_get(bool utf8)
{
	return utf8 ? &glyphs_utf8 : &glyphs_ascii;
}

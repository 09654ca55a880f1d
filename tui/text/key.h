/*
 * The vocabulary of keys: what the decoder yields and what key bindings name. A key is a code point (a letter, or a
 * control character as typed) or one of the TK_ codes above all code points.
 */
#ifndef TUI_TEXT_KEY_H
#define TUI_TEXT_KEY_H

#include <stdint.h>

enum key_code {
	TK_NONE = 0,
	TK_ENTER = '\r',
	TK_TAB = '\t',
	TK_CTRL_B = 2,
	TK_CTRL_C = 3,
	TK_CTRL_D = 4,
	TK_CTRL_F = 6,
	TK_CTRL_L = 12,
	TK_CTRL_R = 18,
	TK_CTRL_U = 21,
	TK_ESC = 27,
	TK_BACKSPACE = 127,
	TK_SPECIAL = 0x110000,
	TK_UP = TK_SPECIAL,
	TK_DOWN,
	TK_LEFT,
	TK_RIGHT,
	TK_HOME,
	TK_END,
	TK_PGUP,
	TK_PGDN,
	TK_INSERT,
	TK_DELETE,
	TK_BACKTAB,
	TK_UNKNOWN, /* a sequence that was recognised as one, swallowed, and means nothing here */
	TK_PASTE_END,
	TK_F0 = TK_SPECIAL + 0x100, /* TK_F0 + n is Fn; Shift-Fn is TK_F0 + 12 + n */
	TK_PASTED = 0x200000        /* or-ed to every character that came inside a bracketed paste */
};

#endif

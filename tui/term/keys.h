/*
 * Bytes of a terminal to keys (text/key.h). The sequences of all common terminals are known at once, whatever TERM
 * says; an unknown sequence is swallowed to its final byte and never read as letters. What comes inside a bracketed
 * paste is marked TK_PASTED. Pure: a byte in, at most one key out. One thread.
 */
#ifndef TUI_TERM_KEYS_H
#define TUI_TERM_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text/key.h"

/* A lone Esc, or a sequence that stopped half-way, is decided after this long. */
enum { KEYS_ESCAPE_MS = 25, KEYS_PARAM_MAX = 16 };

enum keys_state { KEYS_GROUND, KEYS_ESC, KEYS_CSI, KEYS_CSI_LINUX, KEYS_SS3, KEYS_STRING, KEYS_STRING_ESC, KEYS_UTF8 };

struct keys {
	enum keys_state state;
	bool paste;
	char param[KEYS_PARAM_MAX];
	size_t param_len;
	char utf8[4];
	size_t utf8_len, utf8_need;
};

void keys_init(struct keys *keys);
/* The key that byte completes, or TK_NONE. */
uint32_t keys_push(struct keys *keys, unsigned char byte);
/* Something is half-way; call keys_timeout() if nothing comes for KEYS_ESCAPE_MS. */
bool keys_pending(const struct keys *keys);
/* TK_ESC for a lone Esc; otherwise what is half-way is dropped. */
uint32_t keys_timeout(struct keys *keys);

#endif

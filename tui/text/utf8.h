/*
 * UTF-8: decoding, display width, and the sanitiser that every byte of the daemon's text passes before it is kept.
 *
 * Widths come from a table of our own, not from wcwidth(): that one depends on the locale, and a frame must look the
 * same in a test and on any terminal. Pure functions, any thread.
 */
#ifndef TUI_TEXT_UTF8_H
#define TUI_TEXT_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { UTF8_REPLACEMENT = 0xFFFD };

/* One code point of s (len > 0). Returns the bytes taken, at least 1; *cp is UTF8_REPLACEMENT for an invalid byte. */
size_t utf8_decode(const char *s, size_t len, uint32_t *cp);

/* Writes cp to out (no NUL), returns its length, 1 to 4. */
size_t utf8_encode(uint32_t cp, char out[4]);

/* Columns that cp takes on a terminal: 0 (combining), 1 or 2. Control characters count 1, since they are drawn as '?'.
 */
int utf8_width(uint32_t cp);

/* Columns of a string. */
int utf8_columns(const char *s);

/*
 * Copies len bytes to dst (cap bytes with the NUL): C0, DEL, C1 and invalid bytes become '?', bidirectional and other
 * invisible controls vanish, what does not fit is cut at a code point. Returns the length written.
 */
size_t utf8_sanitize(char *dst, size_t cap, const char *src, size_t len);

/* Copies s to dst so that it takes at most cols columns; a longer one loses its middle to mark ('~' or U+2026). */
void utf8_ellipsis(char *dst, size_t cap, const char *s, int cols, uint32_t mark);

#endif

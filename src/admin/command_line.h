/* The language of a line: commands apart by ';', words apart by blanks, '\' in front of a byte takes its meaning away,
 * a word that begins with '#' and is no number ("#5/#1" names a server) begins a comment up to the end of the line.
 * Pure. */
#ifndef LBD_ADMIN_COMMAND_LINE_H
#define LBD_ADMIN_COMMAND_LINE_H

#include "base/str.h"

enum { COMMAND_WORDS_MAX = 64 };

struct command_words {
	struct str at[COMMAND_WORDS_MAX]; /* those behind the last are empty */
	uint32_t count;
};

/* Takes the next command off the line, without its ';'. The words point into line[0 .. size), which is written to
 * (escapes become shorter). *offset: where to go on; starts with 0. False: the line is at its end. Words above the
 * maximum are dropped. */
bool command_line_next(char *line, size_t size, size_t *offset, struct command_words *out);

#endif

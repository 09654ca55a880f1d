/*
 * Gives the terminal back when the program dies of a fault: a handler on its own stack writes a prepared string,
 * restores the saved modes and lets the signal kill as it would have. Only async-signal-safe calls.
 */
#ifndef TUI_TERM_CRASH_H
#define TUI_TERM_CRASH_H

#include <stddef.h>
#include <termios.h>

/* Installs the handlers; undo is copied. False when it does not fit or a handler cannot be set. */
int crash_arm(int fd, const struct termios *saved, const char *undo, size_t len);
/* The terminal is not ours now: handlers do nothing but die. */
void crash_disarm(void);
void crash_rearm(void);

#endif

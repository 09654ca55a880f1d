/*
 * Figures as few characters: counts (1.21k), bytes (3.4M), times (1.4s), ages (3h04m). Each writes at most FMT_MAX
 * bytes with the NUL and returns buf, so that a call can stand in an argument list. Pure, any thread.
 */
#ifndef TUI_TEXT_FMT_H
#define TUI_TEXT_FMT_H

#include <stdint.h>

enum { FMT_MAX = 16 };

/* A count or a rate for a second, at most 5 characters; "-" when v is not a number (unknown). */
char *fmt_count(char buf[FMT_MAX], double v);
/* Bytes with decimal prefixes, at most 4 characters; "-" when unknown. */
char *fmt_bytes(char buf[FMT_MAX], double v);
/* A duration given in microseconds, at most 5 characters; "-" when negative. */
char *fmt_us(char buf[FMT_MAX], int64_t us);
/* An age given in seconds, at most 6 characters; "-" when negative. */
char *fmt_age(char buf[FMT_MAX], int64_t seconds);
/* A share in percent, 0 to 100, one decimal below 10; "-" when not a number. */
char *fmt_percent(char buf[FMT_MAX], double v);

#endif

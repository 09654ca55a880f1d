/* lbtop without a screen: --once, --frame and the verbs. Each returns the exit code. */
#ifndef TUI_APP_BATCH_H
#define TUI_APP_BATCH_H

#include "app/args.h"
#include "model/fleet.h"

int batch_once(const struct args *args);
int batch_frame(const struct args *args, bool utf8);
int batch_verb(const struct args *args);

/* Prints the current snapshot; used by batch_once(). */
void print_fleet(const struct fleet *fleet, enum args_format format);

/* Milliseconds of the monotonic clock. */
int64_t clock_now_ms(void);

#endif

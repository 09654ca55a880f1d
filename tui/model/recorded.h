/*
 * A fleet from recorded answers instead of a socket: for `lbtop --frame` and for tests. The text holds what the daemon
 * answered to `show cli level`, `show info` and `show stat`; each table ends a poll, and polls are a second apart.
 */
#ifndef TUI_MODEL_RECORDED_H
#define TUI_MODEL_RECORDED_H

#include "model/fleet.h"

void recorded_load(struct fleet *fleet, const char *text, size_t len);

#endif

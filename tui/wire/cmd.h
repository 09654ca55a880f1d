/*
 * The commands that lbtop sends, and what their answers mean. A name that could carry a second command (anything but
 * letters, digits and "_.:-") is refused here, so no text of the daemon can become a command. Pure, any thread.
 */
#ifndef TUI_WIRE_CMD_H
#define TUI_WIRE_CMD_H

#include <stdbool.h>
#include <stddef.h>

enum { CMD_MAX = 320, CMD_NAME_MAX = 128 };

enum cmd_reply { CMD_OK, CMD_DENIED, CMD_REFUSED };

bool cmd_name_ok(const char *name);
/* "50" or "50%", 0 to 256 (a percentage: 0 to 1000). */
bool cmd_weight_ok(const char *weight);

/* "set server B/S state STATE" and "set server B/S weight W"; false when a word is not safe. */
bool cmd_format_state(char out[CMD_MAX], const char *backend, const char *server, const char *state);
bool cmd_format_weight(char out[CMD_MAX], const char *backend, const char *server, const char *weight);

/* An empty answer is success. */
enum cmd_reply cmd_classify(const char *text);

#endif

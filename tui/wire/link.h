/*
 * The link to one daemon: when to poll, when to try again, how a command goes out while polls go on. It owns two
 * connections, one for polls and one for commands, so that a stalled poll does not hold up an operator.
 *
 * Times are milliseconds of the monotonic clock. One thread; nothing here blocks.
 */
#ifndef TUI_WIRE_LINK_H
#define TUI_WIRE_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/conn.h"
#include "wire/snapshot.h"

enum { LINK_PATH_MAX = 256, LINK_REPLY_MAX = 512, LINK_BACKOFF_MIN_MS = 200, LINK_BACKOFF_MAX_MS = 5000 };

/* What link_step() reports; the bits are or-ed. */
enum link_report {
	LINK_SNAPSHOT = 1, /* *next is complete, or cut (snapshot.complete tells) */
	LINK_FAILED = 2,   /* a poll failed; link.reason says why */
	LINK_REPLY = 4     /* the command was answered, or failed: link.reply_ok, link.reply */
};

struct link {
	char path[LINK_PATH_MAX];
	int64_t interval;
	struct conn poll, command;
	struct snapshot *next; /* borrowed: where a poll is built */
	int64_t poll_at;       /* the next poll; INT64_MAX while one runs */
	int64_t started_at;
	int64_t rest_until;  /* the poll's answer is not looked at before, so that one wake-up takes all of it */
	int64_t answered_at; /* the last success, -1 before the first */
	int64_t backoff;
	bool in_order, was_connected;
	const char *reason; /* static text: why the last poll failed; NULL after a success */
	bool command_busy, reply_ok;
	size_t reply_len;
	char reply[LINK_REPLY_MAX];
};

/* False when path is too long for a socket. The first poll is due at once. */
bool link_init(struct link *link, const char *path, int64_t interval, struct snapshot *next, int64_t now);
void link_close(struct link *link);

/* Polls at the next step, whatever the interval or back-off says. */
void link_poll_now(struct link *link, int64_t now);

/* Sends one command line; false when another one is under way or its connection failed at once (link.reply says). */
bool link_send(struct link *link, const char *command, int64_t now);

/* Does what is due; to be called after every wake-up. Returns link_report bits. */
unsigned link_step(struct link *link, int64_t now);

/* When link_step() must be called again at the latest. */
int64_t link_deadline(const struct link *link);

/* The poll(2) interest of the two connections; events 0 means: leave it out. */
short link_poll_events(const struct link *link, int64_t now);
short link_command_events(const struct link *link);

#endif

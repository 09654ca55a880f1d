/*
 * One short-lived connection to the stats socket: connect, send "prompt", some commands and "quit" in one write, take
 * the replies apart, close. Never blocks; a new connection for each poll, so a reloaded daemon's old process is never
 * held and never shown.
 *
 * Times are milliseconds of the monotonic clock. One thread. The callbacks may not start or end the connection.
 */
#ifndef TUI_WIRE_CONN_H
#define TUI_WIRE_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/cmd.h"
#include "wire/frame.h"

enum { CONN_DEADLINE_MS = 2000, CONN_PROGRESS_BYTES = 65536, CONN_OUT_MAX = CMD_MAX + 32 };

enum conn_status { CONN_IDLE, CONN_BUSY, CONN_DONE, CONN_BROKEN };

struct conn_ops {
	/* Bytes of the answer to command number `reply`, from 0. */
	void (*on_body)(void *arg, unsigned reply, const char *bytes, size_t len);
	/* Asked after bytes of the last answer: is it complete? Then the connection ends without waiting for the peer.
	 */
	bool (*is_complete)(void *arg);
};

struct conn {
	const struct conn_ops *ops;
	void *arg;
	int fd;
	bool connected; /* the peer took the connection; what fails later is its silence */
	unsigned reply, replies;
	int64_t deadline;
	size_t received, progress_at;
	const char *error; /* static text, set when CONN_BROKEN */
	size_t out_len, out_at;
	struct frame frame;
	char out[CONN_OUT_MAX];
};

void conn_init(struct conn *conn, const struct conn_ops *ops, void *arg);

/* Opens a connection and sends count commands. CONN_BUSY or CONN_BROKEN. */
enum conn_status conn_start(
	struct conn *conn, const char *path, const char *const *commands, unsigned count, int64_t now);

/* Call when the descriptor is ready or the deadline passed. CONN_IDLE when there is no connection. */
enum conn_status conn_step(struct conn *conn, int64_t now);

/* The poll(2) events that it waits for, 0 when idle. */
short conn_events(const struct conn *conn);

void conn_close(struct conn *conn);

#endif

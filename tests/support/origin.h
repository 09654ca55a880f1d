/* The demo server's one object, shared by its listeners (origin.c) and its connections (origin_conn.c). */
#ifndef ORIGIN_H
#define ORIGIN_H

#include "origin_knobs.h"

#include <ev.h>

enum { PATTERN_PERIOD = 251, PATTERN_SIZE = PATTERN_PERIOD * 261 };

struct conn;

struct origin {
	struct ev_loop *loop;
	const char *name;
	struct knobs knobs; /* of requests that do not say otherwise */
	struct conn *first; /* open connections */
	struct conn *spare; /* closed ones, their buffers are used again */
	unsigned long requests, health, control, connections, open, answered, bad;
	unsigned long busy, busy_max; /* requests that are not answered yet: now, and the most at a time */
	long error_debt; /* spreads the error share evenly */
	bool stopping;
	unsigned char pattern[PATTERN_SIZE]; /* byte i of a generated body is i % 251 */
};

/* Takes over fd. echo: a server that sends back whatever it reads, for tests of byte streams. */
void conn_open(struct origin *origin, int fd, bool echo);

/* Closes idle connections; the others close after the answer that they are at. */
void conn_stop_all(struct origin *origin);

/* Closes all connections at once and frees their memory. */
void conn_free_all(struct origin *origin);

#endif

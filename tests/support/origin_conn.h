/* One connection of the demo server, as its two halves see it: origin_conn.c reads and drives the phases,
 * origin_answer.c makes and sends what is answered. */
#ifndef ORIGIN_CONN_H
#define ORIGIN_CONN_H

#include "origin.h"
#include "origin_request.h"

enum { IN_SIZE = 65536, OUT_SIZE = 65536, OUT_ROOM = 1024, ECHO_MAX = 4 << 20 };

/* In the order in which a connection goes through them. */
enum phase { AT_HEAD, AT_BODY, AT_ANSWER, AT_DELAY, AT_SEND, AT_RESET, AT_HANG, AT_TUNNEL, AT_LINGER, AT_END };

enum route { ROUTE_PLAIN, ROUTE_HEALTH, ROUTE_SET, ROUTE_STATS, ROUTE_ECHO, ROUTE_LEN, ROUTE_RAW, ROUTE_UPGRADE };

struct conn {
	struct origin *origin;
	struct conn *next, *prev;
	ev_io reader, writer;
	ev_timer timer;
	enum phase phase;
	enum route route;
	struct knobs knobs;
	struct body body; /* of the request */
	bool eof, head_only, keep_alive, answered;
	bool busy; /* in origin->busy */
	long answers;
	char *text; /* body of the answer; NULL: the pattern. Owned */
	size_t text_len, text_room;
	size_t total, sent, limit; /* of the answer's body; it is broken off at limit */
	size_t searched, in_at, in_len, out_at, out_len;
	char in[IN_SIZE], out[OUT_SIZE];
};

/* Sends what waits; true when nothing is left. */
bool conn_flush(struct conn *c);

/* Moves what waits to the front; returns the free bytes behind it. */
size_t conn_room(struct conn *c);

/* Callers see to it that there is room: OUT_ROOM is kept free for heads. */
void conn_put(struct conn *c, const char *data, size_t len);
void conn_put_text(struct conn *c, const char *text);

bool conn_text_add(struct conn *c, const char *data, size_t len);
void conn_text_drop(struct conn *c);
void conn_wake_in(struct conn *c, double seconds);
/* Counts the request as one that is not answered yet, or no longer so. */
void conn_set_busy(struct conn *c, bool busy);

/* The steps of AT_ANSWER and AT_SEND: true when there may be more to do at once. */
bool conn_answer(struct conn *c);
bool conn_send_body(struct conn *c);

#endif

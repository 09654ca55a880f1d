/* The answer to an HTTP probe, read as it comes: no sockets, no time. Only as much of the body is kept as a pattern is
 * matched on. Control only. */
#ifndef LBD_BACKEND_PROBE_REPLY_H
#define LBD_BACKEND_PROBE_REPLY_H

#include "http/chunked.h"
#include "http/head.h"

enum { PROBE_HEAD_MAX = 16384, PROBE_BODY_MAX = 16384, PROBE_FIELDS_MAX = 100 };

enum probe_reply_result { PROBE_REPLY_MORE, PROBE_REPLY_DONE, PROBE_REPLY_BAD };

struct probe_reply {
	enum http_method method; /* of the request */
	bool wants_body;
	bool head_done;
	const char *fault; /* when BAD: a sentence; a literal */
	struct http_scan scan;
	struct http_response response; /* valid when head_done; its views point into head */
	struct http_chunked chunked;
	uint64_t body_left; /* for a body with a length */
	uint32_t head_n, body_n;
	uint32_t body_looked, looks; /* of a body that is not whole: how much of it was matched last, and how often */
	struct http_field field[PROBE_FIELDS_MAX];
	char head[PROBE_HEAD_MAX];
	char body[PROBE_BODY_MAX];
};

void probe_reply_init(struct probe_reply *r, enum http_method method, bool wants_body);
/* DONE: the head is there, and the body as far as it is wanted. */
enum probe_reply_result probe_reply_feed(struct probe_reply *r, const char *data, size_t n) LBD_MUST_CHECK;
/* The server ended. DONE or BAD. */
enum probe_reply_result probe_reply_end(struct probe_reply *r) LBD_MUST_CHECK;

#endif

/* Writes message heads anew from the parsed message, in one pass, into memory that the caller reserved. Never copies
 * raw head bytes: what goes out is exactly what was understood. Pure. */
#ifndef LBD_HTTP_WRITE_H
#define LBD_HTTP_WRITE_H

#include "http/message.h"

/* What goes out besides the fields that are not dropped. */
struct http_out {
	struct str target;            /* request: the target to send; empty: path and query as received */
	struct str host;              /* request: value of Host, always sent */
	const struct http_field *add; /* further fields, in this order (their id and drop are not looked at) */
	size_t add_count;
	/* Of the body as it will be sent: LENGTH, CHUNKED, and an announced length write their field, others none. */
	struct http_framing framing;
	bool te_trailers;      /* TE: trailers is sent, with Connection: TE; not beside upgrade_to */
	struct str upgrade_to; /* not empty: Connection: upgrade and Upgrade are sent */
	bool close;            /* Connection: close is sent */
	bool keep_alive;       /* Connection: keep-alive is sent (to an HTTP/1.0 client that asked for it) */
};

/* NAME ": " VALUE CR LF: 4 bytes more than both. Returns behind it. */
char *http_write_field(char *at, const struct http_field *field);
/* At least the bytes that the head will take. */
size_t http_request_head_bound(const struct http_request *request, const struct http_out *out);
/* Returns behind the last byte written. METHOD target HTTP/1.1, Host, fields, additions, framing, Connection, empty
 * line. */
char *http_write_request_head(char *at, const struct http_request *request, const struct http_out *out);

size_t http_response_head_bound(const struct http_response *response, const struct http_out *out);
/* Always says HTTP/1.1. No framing field is written in 1xx and 204, whatever out->framing says (RFC 9110 8.6). With
 * out->framing = response->framing a HEAD or 304 response announces what the server announced. */
char *http_write_response_head(char *at, const struct http_response *response, const struct http_out *out);

/* A complete answer of the proxy itself: status line, Content-Type text/plain, Content-Length, Connection, and
 * "STATUS PHRASE\nreason\n" as the body (left out when head_only, and with status 1xx, 204 and 304). extra: complete
 * field lines with their CR LF, may be empty. Returns its length, at most room; 0 when room is too small. */
size_t http_write_reply(char *at, size_t room, unsigned status, const char *reason, struct str extra, bool head_only,
	bool close, bool keep_alive);

#endif

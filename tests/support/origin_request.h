/* Reading of requests for the demo server: the head, and the framing of the body. Strict on purpose: whatever a proxy
 * forwards in a doubtful form is answered with 400, so that a test sees it. */
#ifndef ORIGIN_REQUEST_H
#define ORIGIN_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct span {
	const char *at;
	size_t len;
};

struct request {
	struct span method, path, query; /* point into the bytes that were parsed */
	size_t head_len;
	uint64_t length; /* of the body, if it is not chunked */
	bool chunked, keep_alive, expect, upgrade;
};

enum request_verdict { REQUEST_PARTIAL, REQUEST_OK, REQUEST_BAD };

/* Parses one head from the start of data; searched counts the bytes that an earlier call has already looked at. */
enum request_verdict request_parse(struct request *request, const char *data, size_t len, size_t *searched);

bool span_is(struct span span, const char *text);

/* A body that is being received. Length and CRC-32 (zlib's) cover the content without the framing. */
struct body {
	int state;
	bool done;
	uint64_t left, length;
	uint32_t crc;
	bool want_crc;
};

void body_start(struct body *body, const struct request *request, bool want_crc);

/* Takes what belongs to the body; returns how many bytes that was, -1 on broken chunks. Sets body->done at the end. */
long body_feed(struct body *body, const char *data, size_t len);

#endif

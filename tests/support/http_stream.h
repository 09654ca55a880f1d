/* Reads what a proxy wrote on one connection, in any pieces, as strictly as a peer that trusts nobody: a sequence of
 * whole messages, each with one reading. The observer of fuzz_exchange. */
#ifndef LBD_TESTS_HTTP_STREAM_H
#define LBD_TESTS_HTTP_STREAM_H

#include "http/chunked.h"
#include "http/head.h"

enum { HTTP_STREAM_HEAD = 8192, HTTP_STREAM_FIELDS = 64 };

struct http_stream {
	bool is_request;
	bool unknowable; /* a tunnel, or an answer to a method that we do not know: any byte may be right from here on
			  */
	bool body;       /* of a message whose head was read */
	uint64_t left;
	struct http_chunked chunked;
	enum http_framing_kind framing;
	size_t held; /* of a head that is not complete */
	char head[HTTP_STREAM_HEAD];
};

/* NULL, or what is wrong: a literal. */
const char *http_stream_take(struct http_stream *s, const char *data, size_t n) LBD_MUST_CHECK;

#endif

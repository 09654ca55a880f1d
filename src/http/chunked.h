/* The chunked transfer coding, RFC 9112 7.1, read strictly and resumably at every byte. Extensions are checked and
 * dropped; trailers are checked, and the caller's to keep. Pure. */
#ifndef LBD_HTTP_CHUNKED_H
#define LBD_HTTP_CHUNKED_H

#include "http/message.h"

enum {
	HTTP_CHUNK_LINE_MAX = 1024, /* bytes of a size line with its extensions */
	HTTP_TRAILERS_MAX = 8192,   /* bytes of all trailer lines */
	HTTP_CHUNK_HEAD_ROOM = 18   /* bytes that http_chunk_head may write: 16 digits and CR LF */
};

/* Zero-initialised for each body. */
struct http_chunked {
	uint64_t left;       /* data bytes that the current chunk still has */
	uint32_t line_bytes; /* of the current size line, or of all trailers */
	uint8_t state;
	uint8_t digits; /* of the current size, leading zeros too: 16 at the most */
};

enum http_chunked_result {
	HTTP_CHUNKED_MORE, /* all of data was used; no data segment */
	HTTP_CHUNKED_DATA, /* *segment holds body bytes; call again with what is left of data */
	HTTP_CHUNKED_TRAILERS, /* the same, bytes of trailer lines: all of them together are whole lines with their ends */
	HTTP_CHUNKED_END,  /* the body ended; *used tells where in data */
	HTTP_CHUNKED_BAD
};

/* Takes from data[0..n); *used says how many bytes were taken. BAD: *error is HTTP_ERROR_CHUNK or HTTP_ERROR_TRAILER,
 * and *used is the position of the fault. */
enum http_chunked_result http_chunked_read(struct http_chunked *c, const char *data, size_t n, size_t *used,
	struct str *segment, enum http_error *error) LBD_MUST_CHECK;

/* Takes the first line off all bytes of trailer lines together; false at the end. */
bool http_next_trailer(struct str *lines, struct http_field *field) LBD_MUST_CHECK;
/* A name that may stand behind a body and means nothing for framing, routing, authentication, the connection, or how the
 * body or the message is to be understood (RFC 9110 6.5.1): those must not come late. */
bool http_trailer_is_safe(struct str name) LBD_MUST_CHECK;

/* Writes the size line of a chunk of n > 0 bytes into out; returns its length. The caller adds the data and CR LF. */
size_t http_chunk_head(char out[HTTP_CHUNK_HEAD_ROOM], uint64_t n);

#endif

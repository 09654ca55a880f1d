/* Reads message heads, strictly: first the end of the head is found, resumably and with its limits, then the whole head
 * is parsed once. Nothing is repaired: what RFC 9112 does not allow is refused. Pure functions. */
#ifndef LBD_HTTP_HEAD_H
#define LBD_HTTP_HEAD_H

#include "http/message.h"

struct http_limits {
	uint32_t line;   /* bytes of the first line, without its end */
	uint32_t head;   /* bytes of all field lines with their ends; of a response, of the whole head */
	uint32_t fields; /* field lines, at most 65,534 */
};

/* Progress of the search; zero-initialised for each message. */
struct http_scan {
	uint32_t at;         /* searched up to here */
	uint32_t line_start; /* of the line that is being searched */
	uint32_t first_end;  /* behind the first line, once it is complete */
	uint16_t skipped;    /* empty lines in front of a request line; they belong to no message (RFC 9112 2.2) */
	uint16_t lines;      /* complete lines of the head so far: first line and field lines */
};

enum http_scan_result { HTTP_SCAN_MORE, HTTP_SCAN_COMPLETE, HTTP_SCAN_BAD };

/* Looks for the end of the head in data[0..n), which starts at the same byte and has only grown since the last call.
 * Costs O(new bytes). COMPLETE: the head is data[scan->skipped .. *head_end) and has scan->lines - 1 field lines at the
 * most. BAD: *error says why (line ends, limits, a first byte that no message starts with, more than 4 empty lines),
 * and *head_end is the position of the fault. is_request: skip empty lines, and apply limits->line. */
enum http_scan_result http_scan_head(struct http_scan *scan, bool is_request, const char *data, size_t n,
	const struct http_limits *limits, size_t *head_end, enum http_error *error) LBD_MUST_CHECK;

/* Parses head[0..n): the bytes from the first line to the empty line, both included, as http_scan_head found them.
 * request->fields.at and .capacity are given; the views point into head. On an error *error_at is the position of the
 * fault in head and the request is not to be used. CONNECT is refused (HTTP_ERROR_CONNECT) unless
 * request->connect_allowed is set. */
enum http_error http_parse_request(
	struct http_request *request, const char *head, size_t n, size_t *error_at) LBD_MUST_CHECK;

/* The same for a response to a request of this method (HEAD and the status decide the framing, RFC 9112 6.3). */
enum http_error http_parse_response(struct http_response *response, enum http_method method, const char *head, size_t n,
	size_t *error_at) LBD_MUST_CHECK;

/* The short way for a head that came in one piece and is fine: parses what stands at the start of data[0..n) and
 * returns its size. 0: http_scan_head has to judge, because the head is incomplete, malformed, too large, or has empty
 * lines in front of it; the message is not to be used then. What this accepts, scan and parse accept with the same
 * result. */
size_t http_read_request(
	struct http_request *request, const char *data, size_t n, const struct http_limits *limits) LBD_MUST_CHECK;
size_t http_read_response(struct http_response *response, enum http_method method, const char *data, size_t n,
	const struct http_limits *limits) LBD_MUST_CHECK;

#endif

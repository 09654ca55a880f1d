/* Reads a message head as the daemon does, from pieces of any size, and tells all about it as text, so that tests and
 * fuzz targets compare whole results. Each look of the parser at the bytes is at an own copy of exactly these bytes: a
 * sanitizer sees a read beyond them. */
#ifndef LBD_TESTS_SUPPORT_HTTP_READING_H
#define LBD_TESTS_SUPPORT_HTTP_READING_H

#include "base/text.h"
#include "http/head.h"

enum { HTTP_READING_FIELDS_MAX = 100 };

struct http_input {
	bool is_request;
	enum http_method method; /* that a response answers */
	struct str data;
	const uint8_t *pieces; /* bytes of each piece, over and over; 0 counts as 256 */
	size_t piece_count;    /* 0: all at once */
	struct http_limits limits;
};

struct http_reading {
	enum http_scan_result scan;
	enum http_error error;
	size_t error_at; /* in data */
	size_t head_start, head_end;
	uint32_t lines;
	char *head; /* owned: what the views point into */
	struct http_request request;
	struct http_response response;
	struct http_field fields[HTTP_READING_FIELDS_MAX];
};

extern const struct http_limits http_reading_limits;

void http_reading_run(struct http_reading *reading, const struct http_input *input);
/* The same in one piece by the short way; HTTP_SCAN_MORE: it left the head to the scan. */
void http_reading_run_short(struct http_reading *reading, const struct http_input *input);
void http_reading_free(struct http_reading *reading);
/* All of it, one line for each thing; "more" or "WORD at POSITION" when there is no message. */
void http_reading_describe(const struct http_reading *reading, const struct http_input *input, struct text *out);
/* Writes the message that was read and reads what was written: what is sent on must come out the same, and nothing that
 * was to be dropped may be in it. NULL, or what went wrong. */
const char *http_reading_round_trip(const struct http_reading *reading, const struct http_input *input);

#endif

/* Finds the end of a message head in bytes that arrive in any pieces, and refuses early what can not become one. What
 * it answers depends on the bytes alone, never on how they were cut: each byte is judged as soon as it and, for a CR,
 * its successor are there, and always in the same order. */
#include "http/bytes.h"
#include "http/head.h"

enum { SCAN_SKIP_MAX = 4 * 2 }; /* bytes of empty lines in front of a request: RFC 9112 2.2 asks for one line */

struct scan_step {
	struct http_scan *scan;
	const char *data;
	size_t n, end; /* end: n, or less at a limit */
	bool is_request, at_limit;
	enum http_error limit_error; /* what ending at end means */
	size_t fault;
	enum http_error error;
};

static enum http_scan_result scan_fail(struct scan_step *step, enum http_error error, size_t at)
{
	step->error = error;
	step->fault = at;
	return HTTP_SCAN_BAD;
}

static size_t scan_min(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Sets how far the search may go: over the first line of a request, over its field lines and the empty one behind them,
 * or over the whole head of a response. */
static void scan_set_end(struct scan_step *step, const struct http_limits *limits)
{
	size_t max = limits->head;
	step->limit_error = HTTP_ERROR_HEAD_TOO_LARGE;
	if (step->is_request && !step->scan->lines) {
		max = (size_t)step->scan->skipped + limits->line + 2;
		step->limit_error = HTTP_ERROR_LINE_TOO_LONG;
	} else if (step->is_request) {
		max = (size_t)step->scan->first_end + limits->head + 2;
	}
	step->end = scan_min(step->n, max);
	step->at_limit = step->end == max;
}

/* Nothing more was found up to step->end. */
static enum http_scan_result scan_wait(struct scan_step *step)
{
	if (step->at_limit)
		return scan_fail(step, step->limit_error, step->end);
	return HTTP_SCAN_MORE;
}

/* No message starts with this byte: a TLS hello, a NUL, a blank; "HTTP/1." is what every response starts with. */
static bool scan_start_is_bad(struct scan_step *step)
{
	static const char version[] = "HTTP/1.";
	size_t start = step->scan->skipped;
	if (step->is_request) {
		if (start < step->end && !http_byte_is_token(step->data[start]) && step->data[start] != '\r') {
			scan_fail(step, step->data[start] == '\n' ? HTTP_ERROR_LINE_END : HTTP_ERROR_METHOD, start);
			return true;
		}
		return false;
	}
	for (size_t i = 0; i < sizeof version - 1 && i < step->end; i++)
		if (step->data[i] != version[i]) {
			scan_fail(step, HTTP_ERROR_STATUS_LINE, i);
			return true;
		}
	return false;
}

/* The first line is searched for its end and for control characters at once, so that binary junk without a line end is
 * refused now and not at a timeout. */
static enum http_scan_result scan_first_line(struct scan_step *step)
{
	struct http_scan *scan = step->scan;
	if (scan_start_is_bad(step))
		return HTTP_SCAN_BAD;
	const char *end = step->data + step->end;
	const char *stop = step->data + scan->at;
	stop = step->is_request ? http_find_control(stop, end) : http_find_value_end(stop, end);
	scan->at = (uint32_t)(stop - step->data);
	if (stop == end)
		return scan_wait(step);
	if (*stop == '\n')
		return scan_fail(step, HTTP_ERROR_LINE_END, scan->at);
	if (*stop != '\r')
		return scan_fail(step, step->is_request ? HTTP_ERROR_REQUEST_LINE : HTTP_ERROR_STATUS_LINE, scan->at);
	if (stop + 1 == end)
		return scan_wait(step);
	if (stop[1] != '\n')
		return scan_fail(step, HTTP_ERROR_LINE_END, scan->at);
	bool empty = scan->at == scan->line_start;
	scan->at += 2;
	scan->line_start = scan->at;
	if (!empty) {
		scan->lines = 1;
		scan->first_end = scan->at;
	} else {
		if (scan->skipped == SCAN_SKIP_MAX)
			return scan_fail(step, HTTP_ERROR_REQUEST_LINE, scan->at - 2);
		scan->skipped = (uint16_t)scan->at;
	}
	return HTTP_SCAN_COMPLETE;
}

static enum http_scan_result scan_field_lines(struct scan_step *step, uint32_t lines_max)
{
	struct http_scan *scan = step->scan;
	while (scan->at < step->end) {
		const char *lf = memchr(step->data + scan->at, '\n', step->end - scan->at);
		if (!lf) {
			scan->at = (uint32_t)step->end;
			break;
		}
		size_t at = (size_t)(lf - step->data);
		if (at == scan->line_start || lf[-1] != '\r')
			return scan_fail(step, HTTP_ERROR_LINE_END, at);
		bool empty = at == scan->line_start + 1;
		scan->at = (uint32_t)at + 1;
		if (empty)
			return HTTP_SCAN_COMPLETE;
		if (scan->lines == lines_max)
			return scan_fail(step, HTTP_ERROR_TOO_MANY_FIELDS, scan->line_start);
		scan->lines++;
		scan->line_start = scan->at;
	}
	return scan_wait(step);
}

enum http_scan_result http_scan_head(struct http_scan *scan, bool is_request, const char *data, size_t n,
	const struct http_limits *limits, size_t *head_end, enum http_error *error)
{
	struct scan_step step = {.scan = scan, .data = data, .n = n, .is_request = is_request};
	enum http_scan_result result = HTTP_SCAN_COMPLETE;
	while (!scan->lines && result == HTTP_SCAN_COMPLETE) {
		scan_set_end(&step, limits);
		result = scan_first_line(&step);
	}
	if (result == HTTP_SCAN_COMPLETE) {
		scan_set_end(&step, limits);
		result = scan_field_lines(&step, limits->fields + 1);
	}
	*error = step.error;
	*head_end = result == HTTP_SCAN_BAD ? step.fault : scan->at;
	return result;
}

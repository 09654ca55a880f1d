#include "backend/probe_reply.h"

static enum probe_reply_result probe_reply_bad(struct probe_reply *r, const char *fault)
{
	r->fault = fault;
	return PROBE_REPLY_BAD;
}

void probe_reply_init(struct probe_reply *r, enum http_method method, bool wants_body)
{
	r->method = method;
	r->wants_body = wants_body;
	r->head_done = false;
	r->fault = NULL;
	r->scan = (struct http_scan){0};
	r->chunked = (struct http_chunked){0};
	r->head_n = r->body_n = r->body_looked = r->looks = 0;
}

static void probe_reply_keep(struct probe_reply *r, struct str bytes)
{
	size_t room = sizeof r->body - r->body_n, n = bytes.n < room ? bytes.n : room;
	memcpy(r->body + r->body_n, bytes.p, n);
	r->body_n += (uint32_t)n;
}

static enum probe_reply_result probe_reply_feed_chunked(struct probe_reply *r, struct str data)
{
	while (r->body_n < sizeof r->body) {
		size_t used;
		struct str segment;
		enum http_error error;
		switch (http_chunked_read(&r->chunked, data.p, data.n, &used, &segment, &error)) {
		case HTTP_CHUNKED_MORE:
			return PROBE_REPLY_MORE;
		case HTTP_CHUNKED_DATA:
			probe_reply_keep(r, segment);
			data = str_make(data.p + used, data.n - used);
			break;
		case HTTP_CHUNKED_TRAILERS:
			data = str_make(data.p + used, data.n - used);
			break;
		case HTTP_CHUNKED_END:
			return PROBE_REPLY_DONE;
		case HTTP_CHUNKED_BAD:
			return probe_reply_bad(r, http_error_text(error));
		}
	}
	return PROBE_REPLY_DONE;
}

static enum probe_reply_result probe_reply_feed_body(struct probe_reply *r, struct str data)
{
	if (!r->wants_body || r->response.framing.kind == HTTP_BODY_NONE)
		return PROBE_REPLY_DONE;
	if (r->response.framing.kind == HTTP_BODY_CHUNKED)
		return probe_reply_feed_chunked(r, data);
	if (r->response.framing.kind == HTTP_BODY_LENGTH) {
		data.n = data.n < r->body_left ? data.n : (size_t)r->body_left;
		r->body_left -= data.n;
	}
	probe_reply_keep(r, data);
	bool whole = r->response.framing.kind == HTTP_BODY_LENGTH && r->body_left == 0;
	return whole || r->body_n == sizeof r->body ? PROBE_REPLY_DONE : PROBE_REPLY_MORE;
}

/* The bytes behind a head begin the body, or after an interim response (1xx) the next head. */
static enum probe_reply_result probe_reply_take_head(struct probe_reply *r, size_t head_end)
{
	size_t at;
	r->response = (struct http_response){.fields = {.at = r->field, .capacity = PROBE_FIELDS_MAX}};
	size_t skipped = r->scan.skipped;
	enum http_error error =
		http_parse_response(&r->response, r->method, r->head + skipped, head_end - skipped, &at);
	if (error)
		return probe_reply_bad(r, http_error_text(error));
	if (r->response.status >= 200 || r->response.status == 101) {
		r->head_done = true;
		r->body_left = r->response.framing.length;
		return probe_reply_feed_body(r, str_make(r->head + head_end, r->head_n - head_end));
	}
	r->head_n -= (uint32_t)head_end;
	memmove(r->head, r->head + head_end, r->head_n);
	r->scan = (struct http_scan){0};
	return PROBE_REPLY_MORE;
}

static enum probe_reply_result probe_reply_scan(struct probe_reply *r)
{
	static const struct http_limits limits = {PROBE_HEAD_MAX, PROBE_HEAD_MAX, PROBE_FIELDS_MAX};
	enum probe_reply_result result = PROBE_REPLY_MORE;
	while (result == PROBE_REPLY_MORE && !r->head_done && r->head_n > 0) {
		size_t head_end;
		enum http_error error;
		switch (http_scan_head(&r->scan, false, r->head, r->head_n, &limits, &head_end, &error)) {
		case HTTP_SCAN_MORE:
			return r->head_n < sizeof r->head ? PROBE_REPLY_MORE
							  : probe_reply_bad(r, "the head is too large");
		case HTTP_SCAN_BAD:
			return probe_reply_bad(r, http_error_text(error));
		case HTTP_SCAN_COMPLETE:
			result = probe_reply_take_head(r, head_end);
			break;
		}
	}
	return result;
}

enum probe_reply_result probe_reply_feed(struct probe_reply *r, const char *data, size_t n)
{
	enum probe_reply_result result = PROBE_REPLY_MORE;
	while (n > 0 && result == PROBE_REPLY_MORE) {
		if (r->head_done)
			return probe_reply_feed_body(r, str_make(data, n));
		size_t room = sizeof r->head - r->head_n, take = n < room ? n : room;
		memcpy(r->head + r->head_n, data, take);
		r->head_n += (uint32_t)take;
		data += take;
		n -= take;
		result = probe_reply_scan(r);
	}
	return result;
}

enum probe_reply_result probe_reply_end(struct probe_reply *r)
{
	if (!r->head_done)
		return probe_reply_bad(r, r->head_n ? "closed within the response head" : "closed without a response");
	if (r->response.framing.kind == HTTP_BODY_UNTIL_CLOSE)
		return PROBE_REPLY_DONE;
	return probe_reply_bad(r, "closed within the response body");
}

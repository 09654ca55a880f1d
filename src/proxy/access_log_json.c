/* The JSON form: always one valid object (RFC 8259), whatever bytes a client sent. Each text has a limit, so that a
 * long one is cut and the object still ends. */
#include "proxy/access_line.h"

enum {
	ACCESS_JSON_NAME = 256,
	ACCESS_JSON_METHOD = 64,
	ACCESS_JSON_HOST = 1024,
	ACCESS_JSON_ID = 512,
	ACCESS_JSON_WORD = 128,
	ACCESS_JSON_REST = 1536,    /* what stands behind path and query and is no captured header, at its longest */
	ACCESS_JSON_HEADERS = 2048, /* captured headers of one direction, at their longest */
	ACCESS_JSON_CLOSE = 64
};

/* Length of the well-formed UTF-8 sequence at p (Unicode 15, table 3-7); 0: none. */
static size_t access_json_sequence(const unsigned char *p, size_t n)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t length = p[0] >= 0xc2 && p[0] <= 0xdf   ? 2
			: p[0] >= 0xe0 && p[0] <= 0xef ? 3
			: p[0] >= 0xf0 && p[0] <= 0xf4 ? 4
						       : 0;
	if (!length || n < length)
		return 0;
	if (p[0] == 0xe0)
		low = 0xa0;
	else if (p[0] == 0xed)
		high = 0x9f;
	else if (p[0] == 0xf0)
		low = 0x90;
	else if (p[0] == 0xf4)
		high = 0x8f;
	if (p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < length; i++)
		if (p[i] < 0x80 || p[i] > 0xbf)
			return 0;
	return length;
}

/* Characters that a terminal acts on, or that change the order in which the rest of the line is read: the controls of
 * U+0080 to U+009F, line and paragraph separators, and the marks, embeddings and isolates of UAX 9. All have two or
 * three bytes. */
static bool access_json_misleads(unsigned c)
{
	return (c >= 0x80 && c <= 0x9f) || c == 0x61c || c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069);
}

static unsigned access_json_decode(const unsigned char *p, size_t sequence)
{
	if (sequence == 2)
		return (p[0] & 0x1fu) << 6 | (p[1] & 0x3fu);
	return sequence == 3 ? (p[0] & 0xfu) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu) : 0;
}

/* What stands for the byte at p: *used bytes of input become *n bytes at the returned place. */
static const char *access_json_unit(const unsigned char *p, size_t left, char escape[6], size_t *used, size_t *n)
{
	static const char hex[] = "0123456789abcdef";
	unsigned c = p[0];
	*used = 1;
	if (p[0] == '"' || p[0] == '\\') {
		escape[0] = '\\';
		escape[1] = (char)p[0];
		*n = 2;
		return escape;
	}
	size_t sequence = p[0] >= 0x80 ? access_json_sequence(p, left) : 0;
	if (sequence) {
		*used = *n = sequence;
		c = access_json_decode(p, sequence);
		if (!access_json_misleads(c))
			return (const char *)p;
	}
	escape[0] = '\\';
	escape[1] = 'u';
	for (unsigned i = 0; i < 4; i++)
		escape[2 + i] = hex[c >> (12 - 4 * i) & 15];
	*n = 6;
	return escape;
}

static bool access_json_is_plain(unsigned char c)
{
	return c >= 32 && c <= 126 && c != '"' && c != '\\';
}

/* A quoted text of at most max bytes between its quotes; units are written whole or not at all. */
static void access_json_add_text(struct access_line *l, struct str s, size_t max)
{
	access_line_add_char(l, '"');
	char *end = access_line_room(l) > max ? l->at + max : l->end;
	const unsigned char *p = (const unsigned char *)(s.n ? s.p : ""), *p_end = p + s.n;
	while (p < p_end) {
		char escape[6];
		size_t used, n;
		const unsigned char *run = p, *run_end = p_end - p > end - l->at ? p + (end - l->at) : p_end;
		while (p < run_end && access_json_is_plain(*p))
			p++;
		l->at = mempcpy(l->at, run, (size_t)(p - run));
		if (p == run_end)
			break;
		const char *unit = access_json_unit(p, (size_t)(p_end - p), escape, &used, &n);
		if ((size_t)(end - l->at) < n)
			break;
		memcpy(l->at, unit, n);
		l->at += n;
		p += used;
	}
	access_line_add_char(l, '"');
}

/* key: with its quotes, colon and the comma in front. */
static void access_json_text_or_null(struct access_line *l, const char *key, struct str s, bool there, size_t max)
{
	access_line_add(l, str_of(key));
	if (there)
		access_json_add_text(l, s, max);
	else
		access_line_add(l, str_of("null"));
}

static void access_json_name(struct access_line *l, const char *key, const char *name)
{
	access_json_text_or_null(l, key, str_of(name ? name : ""), name != NULL, ACCESS_JSON_NAME);
}

static void access_json_number(struct access_line *l, const char *key, uint64_t value)
{
	access_line_add(l, str_of(key));
	access_line_add_u64(l, value);
}

static void access_json_duration(struct access_line *l, const char *key, uint64_t us)
{
	if (us != ACCESS_LOG_NEVER) {
		access_json_number(l, key, us);
		return;
	}
	access_line_add(l, str_of(key));
	access_line_add(l, str_of("null"));
}

static void access_json_write_date(char out[29], uint64_t seconds)
{
	struct access_line line = {out, out + 29}, *l = &line;
	struct access_time t = access_time_of(seconds, 0);
	access_line_add(l, str_of("{\"time\":\""));
	access_line_add_padded(l, t.year, 4);
	access_line_add_char(l, '-');
	access_line_add_padded(l, t.month, 2);
	access_line_add_char(l, '-');
	access_line_add_padded(l, t.day, 2);
	access_line_add_char(l, 'T');
	access_line_add_padded(l, t.hour, 2);
	access_line_add_char(l, ':');
	access_line_add_padded(l, t.minute, 2);
	access_line_add_char(l, ':');
	access_line_add_padded(l, t.second, 2);
	access_line_add_char(l, '.');
}

static void access_json_time(struct access_line *l, const struct access_record *r)
{
	struct access_date unkept = {0}, *date = r->date ? r->date : &unkept;
	uint64_t second = r->accept_wall_us / 1000000;
	if (date->json_second != second + 1) {
		access_json_write_date(date->json, second);
		date->json_second = second + 1;
	}
	access_line_add(l, str_make(date->json, sizeof date->json));
	access_line_add_padded(l, (unsigned)(r->accept_wall_us % 1000000), 6);
	access_line_add(l, str_of("Z\",\"client\":\""));
}

static size_t access_json_room_before(const struct access_line *l, size_t rest)
{
	return access_line_room(l) > rest ? access_line_room(l) - rest : 0;
}

static size_t access_json_headers_bound(const struct access_record *r)
{
	if (!r->capture)
		return 0;
	return (r->capture->request.count ? ACCESS_JSON_HEADERS : 0) +
	       (r->capture->response.count ? ACCESS_JSON_HEADERS : 0);
}

/* "Name":"value", for each that was there. Those that do not fit any more are left out, or cut. */
static void access_json_direction(
	struct access_line *l, const struct access_record *r, const struct config_strings *names, bool request)
{
	const char *end = l->at + ACCESS_JSON_HEADERS - ACCESS_JSON_CLOSE;
	bool first = true;
	for (uint32_t i = 0; i < names->count; i++) {
		struct str value = access_record_captured(r, request, i), name = str_of(names->at[i]);
		if (!value.p || (size_t)(end - l->at) < name.n + ACCESS_JSON_CLOSE)
			continue;
		if (!first)
			access_line_add_char(l, ',');
		access_json_add_text(l, name, name.n);
		access_line_add_char(l, ':');
		access_json_add_text(l, value, (size_t)(end - l->at) - ACCESS_JSON_CLOSE / 2);
		first = false;
	}
}

static void access_json_headers(struct access_line *l, const struct access_record *r)
{
	bool request = r->capture && r->capture->request.count, response = r->capture && r->capture->response.count;
	access_line_add(l, str_of(",\"headers\":{"));
	if (request) {
		access_line_add(l, str_of("\"request\":{"));
		access_json_direction(l, r, &r->capture->request, true);
		access_line_add_char(l, '}');
	}
	if (response) {
		access_line_add(l, str_of(request ? ",\"response\":{" : "\"response\":{"));
		access_json_direction(l, r, &r->capture->response, false);
		access_line_add_char(l, '}');
	}
	access_line_add(l, str_of("}}"));
}

static void access_json_request(struct access_line *l, const struct access_record *r)
{
	static const char *const versions[] = {"\"HTTP/1.0\"", "\"HTTP/1.1\""};
	bool known = r->method.n != 0;
	access_json_text_or_null(l, ",\"method\":", r->method, known, ACCESS_JSON_METHOD);
	access_json_text_or_null(l, ",\"host\":", r->host, known, ACCESS_JSON_HOST);
	size_t rest = ACCESS_JSON_REST + access_json_headers_bound(r);
	access_json_text_or_null(l, ",\"path\":", r->path, known, access_json_room_before(l, rest));
	access_json_text_or_null(l, ",\"query\":", r->query, known, access_json_room_before(l, rest));
	access_line_add(l, str_of(",\"version\":"));
	access_line_add(l, str_of(known ? versions[r->version_minor != 0] : "null"));
}

size_t access_log_format_json(const struct access_record *record, char out[ACCESS_LOG_LINE_MAX])
{
	const struct access_record *r = record;
	struct access_line line = {out, out + ACCESS_LOG_LINE_MAX}, *l = &line;
	access_json_time(l, r);
	access_line_add_address(l, r->client, true);
	access_line_add(l, str_of("\",\"peer\":\""));
	access_line_add_address(l, r->peer, true);
	access_line_add_char(l, '"');
	access_json_name(l, ",\"frontend\":", r->frontend);
	access_json_name(l, ",\"backend\":", r->backend ? r->backend : r->frontend);
	access_json_name(l, ",\"server\":", r->server);
	access_json_request(l, r);
	access_json_duration(l, ",\"status\":", r->status < 0 ? ACCESS_LOG_NEVER : (uint64_t)r->status);
	access_json_number(l, ",\"bytes_in\":", r->bytes_in);
	access_json_number(l, ",\"bytes_out\":", r->bytes_out);
	access_json_duration(l, ",\"t_request\":", r->t_request);
	access_json_duration(l, ",\"t_queue\":", r->t_queue);
	access_json_duration(l, ",\"t_connect\":", r->t_connect);
	access_json_duration(l, ",\"t_response\":", r->t_response);
	access_json_duration(l, ",\"t_total\":", r->t_total);
	const char termination[2] = {
		r->termination[0] ? r->termination[0] : '-', r->termination[1] ? r->termination[1] : '-'};
	access_json_text_or_null(l, ",\"termination\":", str_make(termination, 2), true, ACCESS_JSON_WORD);
	access_json_text_or_null(l, ",\"reason\":", str_of(reason_word(r->reason)), true, ACCESS_JSON_WORD);
	if (r->detail)
		access_json_text_or_null(l, ",\"detail\":", str_of(r->detail), true, ACCESS_JSON_WORD);
	access_json_number(l, ",\"retries\":", r->retries);
	access_json_text_or_null(l, ",\"request_id\":", r->request_id, r->request_id.n != 0, ACCESS_JSON_ID);
	access_json_headers(l, r);
	return (size_t)(l->at - out);
}

/* Request heads (RFC 9112 section 3 and 5) and body framing (section 6 and 7.1) for the demo server. */
#include "config.h"

#include "origin_request.h"

#include <string.h>
#include <strings.h>

bool span_is(struct span span, const char *text)
{
	return strlen(text) == span.len && memcmp(span.at, text, span.len) == 0;
}

static bool span_is_nocase(struct span span, const char *text)
{
	return strlen(text) == span.len && strncasecmp(span.at, text, span.len) == 0;
}

static bool span_has_token(struct span list, const char *token)
{
	while (list.len > 0) {
		const char *comma = memchr(list.at, ',', list.len);
		struct span item = {list.at, comma != NULL ? (size_t)(comma - list.at) : list.len};
		size_t step = item.len + (comma != NULL);
		while (item.len > 0 && (*item.at == ' ' || *item.at == '\t'))
			item.at++, item.len--;
		while (item.len > 0 && (item.at[item.len - 1] == ' ' || item.at[item.len - 1] == '\t'))
			item.len--;
		if (span_is_nocase(item, token))
			return true;
		list.at += step;
		list.len -= step;
	}
	return false;
}

static bool request_read_line(struct request *request, const char *line, size_t len)
{
	const char *space = memchr(line, ' ', len);
	if (space == NULL || space == line || len < 12)
		return false;
	const char *version = line + len - 8;
	if (version - 1 <= space || version[-1] != ' ' || memcmp(version, "HTTP/1.", 7) != 0)
		return false;
	if (version[7] != '0' && version[7] != '1')
		return false;
	request->keep_alive = version[7] == '1';
	request->method = (struct span){line, (size_t)(space - line)};
	struct span target = {space + 1, (size_t)(version - 1 - (space + 1))};
	if (target.len == 0 || memchr(target.at, ' ', target.len) != NULL)
		return false;
	const char *mark = memchr(target.at, '?', target.len);
	size_t path = mark != NULL ? (size_t)(mark - target.at) : target.len;
	request->path = (struct span){target.at, path};
	request->query = mark != NULL ? (struct span){mark + 1, target.len - path - 1} : (struct span){target.at, 0};
	return true;
}

static bool request_read_length(struct request *request, struct span value, bool again)
{
	uint64_t length = 0;
	if (value.len == 0 || value.len > 15)
		return false;
	for (size_t i = 0; i < value.len; i++) {
		if (value.at[i] < '0' || value.at[i] > '9')
			return false;
		length = length * 10 + (uint64_t)(value.at[i] - '0');
	}
	if (again && length != request->length)
		return false;
	request->length = length;
	return true;
}

static bool request_read_fields(struct request *request, const char *at, const char *end)
{
	bool has_length = false;
	while (at < end) {
		const char *eol = memchr(at, '\r', (size_t)(end - at));
		if (eol == NULL || eol[1] != '\n')
			return false;
		const char *colon = memchr(at, ':', (size_t)(eol - at));
		if (colon == NULL || colon == at || colon[-1] == ' ' || *at == ' ' || *at == '\t')
			return false;
		struct span name = {at, (size_t)(colon - at)}, value = {colon + 1, (size_t)(eol - colon - 1)};
		while (value.len > 0 && (*value.at == ' ' || *value.at == '\t'))
			value.at++, value.len--;
		while (value.len > 0 && (value.at[value.len - 1] == ' ' || value.at[value.len - 1] == '\t'))
			value.len--;
		at = eol + 2;
		if (span_is_nocase(name, "content-length")) {
			if (!request_read_length(request, value, has_length))
				return false;
			has_length = true;
		} else if (span_is_nocase(name, "transfer-encoding")) {
			if (request->chunked || !span_is_nocase(value, "chunked"))
				return false;
			request->chunked = true;
		} else if (span_is_nocase(name, "connection")) {
			if (span_has_token(value, "close"))
				request->keep_alive = false;
			else if (span_has_token(value, "keep-alive"))
				request->keep_alive = true;
		} else if (span_is_nocase(name, "expect")) {
			request->expect = span_is_nocase(value, "100-continue");
		} else if (span_is_nocase(name, "upgrade")) {
			request->upgrade = true;
		}
	}
	return !(request->chunked && has_length);
}

enum request_verdict request_parse(struct request *request, const char *data, size_t len, size_t *searched)
{
	size_t from = *searched > 3 ? *searched - 3 : 0;
	const char *end = len > from ? memmem(data + from, len - from, "\r\n\r\n", 4) : NULL;
	if (end == NULL) {
		*searched = len;
		return REQUEST_PARTIAL;
	}
	*searched = 0;
	memset(request, 0, sizeof *request);
	request->head_len = (size_t)(end - data) + 4;
	const char *eol = memchr(data, '\r', request->head_len);
	if (eol[1] != '\n' || !request_read_line(request, data, (size_t)(eol - data)))
		return REQUEST_BAD;
	return request_read_fields(request, eol + 2, end + 2) ? REQUEST_OK : REQUEST_BAD;
}

enum {
	CHUNK_OFF,
	CHUNK_FIRST,
	CHUNK_SIZE,
	CHUNK_EXT,
	CHUNK_SIZE_LF,
	CHUNK_DATA,
	CHUNK_DATA_CR,
	CHUNK_DATA_LF,
	CHUNK_TRAILER,
	CHUNK_TRAILER_LINE,
	CHUNK_TRAILER_LF,
	CHUNK_END_LF
};

void body_start(struct body *body, const struct request *request, bool want_crc)
{
	*body = (struct body){.state = request->chunked ? CHUNK_FIRST : CHUNK_OFF,
		.left = request->chunked ? 0 : request->length,
		.crc = 0xffffffffU,
		.want_crc = want_crc};
	body->done = !request->chunked && request->length == 0;
}

static void body_count(struct body *body, const char *data, size_t len)
{
	body->length += len;
	body->left -= len;
	if (!body->want_crc)
		return;
	uint32_t crc = body->crc;
	for (size_t i = 0; i < len; i++) {
		crc ^= (unsigned char)data[i];
		/* The reflected polynomial of IEEE 802.3, four bits at a time. */
		static const uint32_t nibble[16] = {0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190,
			0x6b6b51f4, 0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0,
			0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
		crc = (crc >> 4) ^ nibble[crc & 15];
		crc = (crc >> 4) ^ nibble[crc & 15];
	}
	body->crc = crc;
}

static int chunk_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One byte of framing; false if it is broken. */
static bool chunk_step(struct body *body, char c)
{
	switch (body->state) {
	case CHUNK_FIRST:
		body->left = (uint64_t)chunk_digit(c);
		body->state = CHUNK_SIZE;
		return chunk_digit(c) >= 0;
	case CHUNK_SIZE:
		if (chunk_digit(c) >= 0 && body->left < (UINT64_C(1) << 48)) {
			body->left = body->left * 16 + (uint64_t)chunk_digit(c);
			return true;
		}
		body->state = c == '\r' ? CHUNK_SIZE_LF : CHUNK_EXT;
		return c == '\r' || c == ';';
	case CHUNK_EXT:
		if (c == '\r')
			body->state = CHUNK_SIZE_LF;
		return c != '\n';
	case CHUNK_SIZE_LF:
		body->state = body->left > 0 ? CHUNK_DATA : CHUNK_TRAILER;
		return c == '\n';
	case CHUNK_DATA_CR:
		body->state = CHUNK_DATA_LF;
		return c == '\r';
	case CHUNK_DATA_LF:
		body->state = CHUNK_FIRST;
		return c == '\n';
	case CHUNK_TRAILER:
		body->state = c == '\r' ? CHUNK_END_LF : CHUNK_TRAILER_LINE;
		return c != '\n';
	case CHUNK_TRAILER_LINE:
		if (c == '\r')
			body->state = CHUNK_TRAILER_LF;
		return c != '\n';
	case CHUNK_TRAILER_LF:
		body->state = CHUNK_TRAILER;
		return c == '\n';
	default:
		body->done = true;
		return c == '\n';
	}
}

long body_feed(struct body *body, const char *data, size_t len)
{
	size_t at = 0;
	while (at < len && !body->done) {
		if (body->state != CHUNK_OFF && body->state != CHUNK_DATA) {
			if (!chunk_step(body, data[at++]))
				return -1;
			continue;
		}
		size_t part = len - at < body->left ? len - at : (size_t)body->left;
		body_count(body, data + at, part);
		at += part;
		if (body->left == 0 && body->state == CHUNK_OFF)
			body->done = true;
		else if (body->left == 0)
			body->state = CHUNK_DATA_CR;
	}
	return (long)at;
}

/* The chunked coding as a machine over bytes: a size line takes a few steps, data goes in one. States are one for each
 * place of the grammar, so that a blank, a quote or a CR is allowed only where RFC 9112 7.1 has it. */
#include "http/chunked.h"
#include "http/bytes.h"

enum chunked_state {
	CHUNKED_SIZE_START, /* zero: a new body begins here */
	CHUNKED_SIZE,
	CHUNKED_EXTENSION_BLANK, /* behind a size or a value: only ";" may follow */
	CHUNKED_NAME_START,      /* behind ";" */
	CHUNKED_NAME,
	CHUNKED_NAME_BLANK,  /* "=" or ";" */
	CHUNKED_VALUE_START, /* behind "=" */
	CHUNKED_VALUE,
	CHUNKED_QUOTED,
	CHUNKED_QUOTED_PAIR,
	CHUNKED_QUOTED_END,
	CHUNKED_SIZE_LF,
	CHUNKED_DATA,
	CHUNKED_DATA_CR,
	CHUNKED_DATA_LF,
	CHUNKED_TRAILER_START,
	CHUNKED_TRAILER_NAME,
	CHUNKED_TRAILER_VALUE,
	CHUNKED_TRAILER_LF,
	CHUNKED_END_LF,
	CHUNKED_END,
	CHUNKED_REFUSED
};

enum { CHUNKED_DIGITS_MAX = 16 };
static const uint64_t chunked_size_max = UINT64_C(1) << 62;

static int chunked_hex(char c)
{
	if (http_byte_is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static enum chunked_state chunked_add_digit(struct http_chunked *c, char byte)
{
	int digit = chunked_hex(byte);
	if (digit < 0 || c->digits == CHUNKED_DIGITS_MAX || c->left > chunked_size_max >> 4)
		return CHUNKED_REFUSED;
	c->digits++;
	c->left = c->left << 4 | (unsigned)digit;
	return c->left > chunked_size_max ? CHUNKED_REFUSED : CHUNKED_SIZE;
}

/* What may follow a complete size, name or value. blank: the state behind a blank. */
static enum chunked_state chunked_after_part(char byte, enum chunked_state blank)
{
	if (byte == '\r')
		return CHUNKED_SIZE_LF;
	if (byte == ';')
		return CHUNKED_NAME_START;
	return http_byte_is_blank(byte) ? blank : CHUNKED_REFUSED;
}

static enum chunked_state chunked_extension_step(enum chunked_state state, char byte)
{
	switch (state) {
	case CHUNKED_EXTENSION_BLANK:
		return byte == ';' ? CHUNKED_NAME_START : http_byte_is_blank(byte) ? state : CHUNKED_REFUSED;
	case CHUNKED_NAME_START:
		return http_byte_is_token(byte) ? CHUNKED_NAME : http_byte_is_blank(byte) ? state : CHUNKED_REFUSED;
	case CHUNKED_NAME:
		if (http_byte_is_token(byte))
			return state;
		return byte == '=' ? CHUNKED_VALUE_START : chunked_after_part(byte, CHUNKED_NAME_BLANK);
	case CHUNKED_NAME_BLANK:
		if (byte == '=' || byte == ';')
			return byte == '=' ? CHUNKED_VALUE_START : CHUNKED_NAME_START;
		return http_byte_is_blank(byte) ? state : CHUNKED_REFUSED;
	case CHUNKED_VALUE_START:
		if (byte == '"')
			return CHUNKED_QUOTED;
		return http_byte_is_token(byte) ? CHUNKED_VALUE : http_byte_is_blank(byte) ? state : CHUNKED_REFUSED;
	case CHUNKED_VALUE:
		return http_byte_is_token(byte) ? state : chunked_after_part(byte, CHUNKED_EXTENSION_BLANK);
	case CHUNKED_QUOTED:
		if (byte == '"' || byte == '\\')
			return byte == '"' ? CHUNKED_QUOTED_END : CHUNKED_QUOTED_PAIR;
		return byte != '\t' && http_byte_is_control(byte) ? CHUNKED_REFUSED : state;
	case CHUNKED_QUOTED_PAIR:
		return byte != '\t' && http_byte_is_control(byte) ? CHUNKED_REFUSED : CHUNKED_QUOTED;
	case CHUNKED_QUOTED_END:
		return chunked_after_part(byte, CHUNKED_EXTENSION_BLANK);
	default:
		return CHUNKED_REFUSED;
	}
}

static enum chunked_state chunked_size_step(struct http_chunked *c, enum chunked_state state, char byte)
{
	switch (state) {
	case CHUNKED_SIZE_START:
		c->left = 0;
		c->digits = 0;
		return chunked_add_digit(c, byte);
	case CHUNKED_SIZE:
		if (chunked_hex(byte) >= 0)
			return chunked_add_digit(c, byte);
		return chunked_after_part(byte, CHUNKED_EXTENSION_BLANK);
	case CHUNKED_SIZE_LF:
		if (byte != '\n')
			return CHUNKED_REFUSED;
		c->line_bytes = 0;
		return c->left ? CHUNKED_DATA : CHUNKED_TRAILER_START;
	case CHUNKED_DATA_CR:
		return byte == '\r' ? CHUNKED_DATA_LF : CHUNKED_REFUSED;
	case CHUNKED_DATA_LF:
		c->line_bytes = 0;
		return byte == '\n' ? CHUNKED_SIZE_START : CHUNKED_REFUSED;
	default:
		return chunked_extension_step(state, byte);
	}
}

static enum chunked_state chunked_trailer_step(enum chunked_state state, char byte)
{
	switch (state) {
	case CHUNKED_TRAILER_START:
		if (byte == '\r')
			return CHUNKED_END_LF;
		return http_byte_is_token(byte) ? CHUNKED_TRAILER_NAME : CHUNKED_REFUSED;
	case CHUNKED_TRAILER_NAME:
		if (byte == ':')
			return CHUNKED_TRAILER_VALUE;
		return http_byte_is_token(byte) ? state : CHUNKED_REFUSED;
	case CHUNKED_TRAILER_VALUE:
		if (byte == '\r')
			return CHUNKED_TRAILER_LF;
		return byte != '\t' && http_byte_is_control(byte) ? CHUNKED_REFUSED : state;
	case CHUNKED_TRAILER_LF:
		return byte == '\n' ? CHUNKED_TRAILER_START : CHUNKED_REFUSED;
	case CHUNKED_END_LF:
		return byte == '\n' ? CHUNKED_END : CHUNKED_REFUSED;
	default:
		return CHUNKED_REFUSED;
	}
}

/* One byte that is not data. */
static enum chunked_state chunked_step(struct http_chunked *c, char byte)
{
	bool trailer = c->state >= CHUNKED_TRAILER_START;
	if (++c->line_bytes > (trailer ? HTTP_TRAILERS_MAX : HTTP_CHUNK_LINE_MAX))
		return CHUNKED_REFUSED;
	return trailer ? chunked_trailer_step(c->state, byte) : chunked_size_step(c, c->state, byte);
}

static enum http_chunked_result chunked_take_data(
	struct http_chunked *c, const char *data, size_t n, size_t *used, struct str *segment)
{
	size_t take = c->left < n - *used ? (size_t)c->left : n - *used;
	*segment = str_make(data + *used, take);
	*used += take;
	c->left -= take;
	if (!c->left)
		c->state = CHUNKED_DATA_CR;
	return HTTP_CHUNKED_DATA;
}

static bool chunked_in_trailers(const struct http_chunked *c, char byte)
{
	return c->state >= CHUNKED_TRAILER_START && c->state <= CHUNKED_TRAILER_LF &&
	       !(c->state == CHUNKED_TRAILER_START && byte == '\r');
}

static enum http_chunked_result chunked_take_trailers(
	struct http_chunked *c, const char *data, size_t n, size_t *used, struct str *segment, enum http_error *error)
{
	size_t start = *used;
	while (*used < n && chunked_in_trailers(c, data[*used])) {
		enum chunked_state next = chunked_step(c, data[*used]);
		if (next == CHUNKED_REFUSED) {
			*error = HTTP_ERROR_TRAILER;
			return HTTP_CHUNKED_BAD;
		}
		c->state = (uint8_t)next;
		++*used;
	}
	*segment = str_make(data + start, *used - start);
	return HTTP_CHUNKED_TRAILERS;
}

enum http_chunked_result http_chunked_read(
	struct http_chunked *c, const char *data, size_t n, size_t *used, struct str *segment, enum http_error *error)
{
	*used = 0;
	*segment = str_make(NULL, 0);
	*error = HTTP_ERROR_NONE;
	while (c->state != CHUNKED_END) {
		if (*used == n)
			return HTTP_CHUNKED_MORE;
		if (c->state == CHUNKED_DATA)
			return chunked_take_data(c, data, n, used, segment);
		if (chunked_in_trailers(c, data[*used]))
			return chunked_take_trailers(c, data, n, used, segment, error);
		enum chunked_state next = chunked_step(c, data[*used]);
		if (next == CHUNKED_REFUSED) {
			*error = c->state >= CHUNKED_TRAILER_START ? HTTP_ERROR_TRAILER : HTTP_ERROR_CHUNK;
			return HTTP_CHUNKED_BAD;
		}
		c->state = (uint8_t)next;
		++*used;
	}
	return HTTP_CHUNKED_END;
}

size_t http_chunk_head(char out[HTTP_CHUNK_HEAD_ROOM], uint64_t n)
{
	unsigned digits = (unsigned)(67 - __builtin_clzll(n | 1)) / 4;
	for (unsigned i = digits; i > 0; i--, n >>= 4)
		out[i - 1] = "0123456789abcdef"[n & 15];
	out[digits] = '\r';
	out[digits + 1] = '\n';
	return digits + 2;
}

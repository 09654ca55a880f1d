#include "http/path.h"

#include "http/bytes.h"

/* ---- whether there is anything to do ---- */

static bool path_is_odd(char c, char next)
{
	return c == '%' || c == '\\' || (c == '/' && (next == '/' || next == '.'));
}

/* Whether one of eight bytes may be odd; never too few, for a mark may be wrong only behind a right one. Reads nine. */
static bool path_eight_may_be_odd(const char *p)
{
	uint64_t word = http_bytes_load(p), next = http_bytes_load(p + 1);
	uint64_t pairs = http_bytes_equal(word, '/') & (http_bytes_equal(next, '/') | http_bytes_equal(next, '.'));
	return http_bytes_equal(word, '%') | http_bytes_equal(word, '\\') | pairs;
}

#ifdef __SSE2__
/* The same of sixteen bytes. Reads seventeen. */
static bool path_sixteen_are_odd(const char *p)
{
	__m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)p);
	__m128i next = _mm_loadu_si128((const __m128i *)(const void *)(p + 1));
	__m128i slash = _mm_set1_epi8('/'), dot = _mm_set1_epi8('.');
	__m128i follows = _mm_or_si128(_mm_cmpeq_epi8(next, slash), _mm_cmpeq_epi8(next, dot));
	__m128i pairs = _mm_and_si128(_mm_cmpeq_epi8(bytes, slash), follows);
	__m128i alone =
		_mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('%')), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
	return _mm_movemask_epi8(_mm_or_si128(pairs, alone)) != 0;
}
#endif

bool http_path_is_normal(struct str path)
{
	if (!path.n || *path.p != '/')
		return true;
	const char *p = path.p, *end = path.p + path.n;
#ifdef __SSE2__
	for (; end - p > 16; p += 16)
		if (path_sixteen_are_odd(p))
			return false;
#endif
	for (; end - p > 8; p += 8)
		if (path_eight_may_be_odd(p))
			return false;
	for (; p < end; p++)
		if (path_is_odd(*p, p + 1 < end ? p[1] : 'x'))
			return false;
	return true;
}

/* ---- percent sequences ---- */

static int path_digit(char c)
{
	if (http_byte_is_digit(c))
		return c - '0';
	int letter = str_lower((unsigned char)c);
	return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

/* The byte that the sequence at p stands for; -1: it is none. */
static int path_decode(const char *p, const char *end)
{
	if (end - p < 3)
		return -1;
	int high = path_digit(p[1]), low = path_digit(p[2]);
	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

bool http_path_is_unreserved(int c)
{
	bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
	return letter || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
}

bool http_path_is_strict(struct str path)
{
	if (!path.n)
		return true;
	const char *end = path.p + path.n;
	for (const char *p = path.p; (p = memchr(p, '%', (size_t)(end - p))); p++) {
		int byte = path_decode(p, end);
		if (byte == 0 || byte == '/' || byte == '\\')
			return false;
	}
	return true;
}

/* ---- segments ---- */

struct path_writer {
	char *start, *at; /* of what is written */
	char *segment;    /* where the last one begins: behind its slash */
	char *piece;      /* the same, where "%2F" and "%5C" end one too */
};

static bool path_is_dots(const char *from, const char *to)
{
	ptrdiff_t n = to - from;
	return n > 0 && n <= 2 && from[0] == '.' && from[n - 1] == '.';
}

/* "..%2F" is a segment of its own for some servers only. */
static bool path_end_piece(const struct path_writer *w, bool encoded)
{
	bool alone = w->piece == w->segment && !encoded;
	return alone || !path_is_dots(w->piece, w->at);
}

bool http_path_has_dots(struct str path)
{
	if (!path.n)
		return false;
	const char *end = path.p + path.n, *piece = path.p;
	bool dots = false;
	for (const char *p = piece; p < end && !dots; p++) {
		int byte = *p == '%' ? path_decode(p, end) : *p;
		if (byte != '/' && byte != '\\')
			continue;
		dots = path_is_dots(piece, p);
		piece = *p == '%' ? p + 3 : p + 1;
	}
	return dots || path_is_dots(piece, end);
}

/* At a slash or the end. False: above the root. */
static bool path_end_segment(struct path_writer *w)
{
	if (!path_is_dots(w->segment, w->at))
		return true;
	bool up = w->at - w->segment == 2;
	w->at = w->segment;
	if (!up)
		return true;
	if (w->at - w->start == 1)
		return false;
	while (*(--w->at - 1) != '/')
		;
	return true;
}

/* Several are one. */
static void path_write_slash(struct path_writer *w)
{
	if (w->at == w->start || w->at[-1] != '/')
		*w->at++ = '/';
	w->segment = w->piece = w->at;
}

/* Returns false where it ends a piece that is none. */
static bool path_write_encoded(struct path_writer *w, int byte)
{
	static const char digits[] = "0123456789ABCDEF";
	bool separates = byte == '/' || byte == '\\';
	bool good = !separates || path_end_piece(w, true);
	*w->at++ = '%';
	*w->at++ = digits[byte / 16];
	*w->at++ = digits[byte % 16];
	if (separates)
		w->piece = w->at;
	return good;
}

enum http_error http_path_normalize(struct str path, char *room, struct str *normal)
{
	if (!path.n || *path.p != '/')
		return HTTP_ERROR_PATH;
	struct path_writer w = {.start = room, .at = room, .segment = room, .piece = room};
	const char *p = path.p, *end = path.p + path.n;
	bool good = true;
	while (good && p < end) {
		int byte = *p == '%' ? path_decode(p, end) : 0;
		if (*p == '/' || *p == '\\') {
			good = path_end_piece(&w, false) && path_end_segment(&w);
			path_write_slash(&w);
		} else if (*p != '%') {
			*w.at++ = *p;
		} else if (byte >= 0 && http_path_is_unreserved(byte)) {
			*w.at++ = (char)byte;
		} else {
			good = byte >= 0 && path_write_encoded(&w, byte);
		}
		p += *p == '%' ? 3 : 1;
	}
	if (!good || !path_end_piece(&w, false) || !path_end_segment(&w))
		return HTTP_ERROR_PATH;
	*normal = str_make(room, (size_t)(w.at - room));
	return HTTP_ERROR_NONE;
}

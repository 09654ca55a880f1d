/*
 * UTF-8 decoding (RFC 3629: no surrogates, no overlong forms), widths and sanitising. The width table holds the ranges
 * of Unicode's East Asian Wide and of combining marks that names and check texts meet in practice.
 */
#include "text/utf8.h"

#include <string.h>

struct utf8_range {
	uint32_t first, last;
};

static const struct utf8_range utf8_zero[] = {{0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD}, {0x0610, 0x061A},
	{0x064B, 0x065F}, {0x0E31, 0x0E31}, {0x0E34, 0x0E3A}, {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF}, {0x200B, 0x200F},
	{0x202A, 0x202E}, {0x2060, 0x206F}, {0x20D0, 0x20F0}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}, {0xFEFF, 0xFEFF},
	{0xE0000, 0xE01EF}};

static const struct utf8_range utf8_wide[] = {{0x1100, 0x115F}, {0x231A, 0x231B}, {0x2329, 0x232A}, {0x23E9, 0x23EC},
	{0x2614, 0x2615}, {0x2E80, 0x303E}, {0x3041, 0x33FF}, {0x3400, 0x4DBF}, {0x4E00, 0x9FFF}, {0xA000, 0xA4CF},
	{0xA960, 0xA97F}, {0xAC00, 0xD7A3}, {0xF900, 0xFAFF}, {0xFE30, 0xFE6F}, {0xFF00, 0xFF60}, {0xFFE0, 0xFFE6},
	{0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD}};

static bool utf8_in_ranges(const struct utf8_range *ranges, size_t count, uint32_t cp)
{
	for (size_t i = 0; i < count; i++)
		if (cp >= ranges[i].first && cp <= ranges[i].last)
			return true;
	return false;
}

static size_t utf8_sequence_length(unsigned char lead)
{
	if (lead < 0x80)
		return 1;
	if (lead >= 0xC2 && lead <= 0xDF)
		return 2;
	if (lead >= 0xE0 && lead <= 0xEF)
		return 3;
	if (lead >= 0xF0 && lead <= 0xF4)
		return 4;
	return 0;
}

size_t utf8_decode(const char *s, size_t len, uint32_t *cp)
{
	static const uint32_t lowest[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned char lead = (unsigned char)s[0];
	size_t want = utf8_sequence_length(lead);

	if (want == 1) {
		*cp = lead;
		return 1;
	}
	*cp = UTF8_REPLACEMENT;
	if (want == 0 || want > len)
		return 1;
	uint32_t value = lead & (0xFFu >> (want + 1));
	for (size_t i = 1; i < want; i++) {
		unsigned char next = (unsigned char)s[i];
		if ((next & 0xC0) != 0x80)
			return 1;
		value = value << 6 | (next & 0x3F);
	}
	if (value < lowest[want] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
		return 1;
	*cp = value;
	return want;
}

size_t utf8_encode(uint32_t cp, char out[4])
{
	if (cp < 0x80) {
		out[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		out[0] = (char)(0xC0 | cp >> 6);
		out[1] = (char)(0x80 | (cp & 0x3F));
		return 2;
	}
	if (cp < 0x10000) {
		out[0] = (char)(0xE0 | cp >> 12);
		out[1] = (char)(0x80 | (cp >> 6 & 0x3F));
		out[2] = (char)(0x80 | (cp & 0x3F));
		return 3;
	}
	out[0] = (char)(0xF0 | cp >> 18);
	out[1] = (char)(0x80 | (cp >> 12 & 0x3F));
	out[2] = (char)(0x80 | (cp >> 6 & 0x3F));
	out[3] = (char)(0x80 | (cp & 0x3F));
	return 4;
}

int utf8_width(uint32_t cp)
{
	if (cp < 0x300)
		return 1;
	if (utf8_in_ranges(utf8_zero, sizeof utf8_zero / sizeof *utf8_zero, cp))
		return 0;
	return utf8_in_ranges(utf8_wide, sizeof utf8_wide / sizeof *utf8_wide, cp) ? 2 : 1;
}

int utf8_columns(const char *s)
{
	int columns = 0;
	size_t len = strlen(s);

	for (size_t i = 0; i < len;) {
		uint32_t cp;
		i += utf8_decode(s + i, len - i, &cp);
		columns += utf8_width(cp);
	}
	return columns;
}

/* Controls that reorder or hide text: a name must read as what it is. */
static bool utf8_is_invisible(uint32_t cp)
{
	return cp == 0x061C || (cp >= 0x200B && cp <= 0x200F) || (cp >= 0x2028 && cp <= 0x202E) ||
	       (cp >= 0x2060 && cp <= 0x206F) || cp == 0xFEFF || (cp >= 0xE0000 && cp <= 0xE0FFF);
}

size_t utf8_sanitize(char *dst, size_t cap, const char *src, size_t len)
{
	size_t out = 0;

	if (cap == 0)
		return 0;
	for (size_t i = 0; i < len;) {
		uint32_t cp;
		char bytes[4];
		i += utf8_decode(src + i, len - i, &cp);
		if (utf8_is_invisible(cp))
			continue;
		if (cp < 0x20 || (cp >= 0x7F && cp < 0xA0) || cp == UTF8_REPLACEMENT)
			cp = '?';
		size_t n = utf8_encode(cp, bytes);
		if (out + n >= cap)
			break;
		memcpy(dst + out, bytes, n);
		out += n;
	}
	dst[out] = '\0';
	return out;
}

/* Bytes of s that fit cols columns from its beginning. */
static size_t utf8_prefix(const char *s, size_t len, int cols)
{
	size_t at = 0;

	while (at < len) {
		uint32_t cp;
		size_t n = utf8_decode(s + at, len - at, &cp);
		cols -= utf8_width(cp);
		if (cols < 0)
			break;
		at += n;
	}
	return at;
}

void utf8_ellipsis(char *dst, size_t cap, const char *s, int cols, uint32_t mark)
{
	size_t len = strlen(s), out = 0;
	int total = utf8_columns(s);
	char bytes[4];

	if (cap == 0)
		return;
	if (total <= cols || cols < 1) {
		utf8_sanitize(dst, cap, s, cols < 1 ? 0 : len);
		return;
	}
	int tail_cols = (cols - 1) / 2, skip = total - tail_cols;
	size_t head = utf8_prefix(s, len, cols - 1 - tail_cols), tail = utf8_prefix(s, len, skip);
	size_t n = utf8_encode(mark, bytes);
	/* A wide character across the cut goes as a whole. */
	while (utf8_columns(s + tail) > tail_cols) {
		uint32_t cp;
		tail += utf8_decode(s + tail, len - tail, &cp);
	}
	if (head + n + (len - tail) >= cap) {
		dst[0] = '\0';
		return;
	}
	memcpy(dst, s, head);
	out = head;
	memcpy(dst + out, bytes, n);
	out += n;
	memcpy(dst + out, s + tail, len - tail);
	dst[out + len - tail] = '\0';
}

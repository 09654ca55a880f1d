/* The lexer: libconfig's language as its manual describes it, with words for what is wrong. */
#include "config.h"

#include "config/lex.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum { LEX_TEXT_MAX = 65536, LEX_SHOWN = 40 };

static bool lex_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool lex_is_letter(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static int lex_hex(char c)
{
	if (lex_is_digit(c))
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void LBD_PRINTF(2, 3) lex_fail(struct lex_token *t, const char *format, ...)
{
	va_list values;
	va_start(values, format);
	vsnprintf(t->error, sizeof(t->error), format, values);
	va_end(values);
	t->kind = LEX_ERROR;
}

void lex_init(struct lex *l, struct str bytes)
{
	*l = (struct lex){bytes.p, bytes.p + bytes.n, 1};
	if (str_starts_with(bytes, str_of("\xef\xbb\xbf")))
		l->at += 3;
}

static bool lex_starts(const struct lex *l, const char *word)
{
	return str_starts_with(str_make(l->at, (size_t)(l->end - l->at)), str_of(word));
}

static void lex_skip_line(struct lex *l)
{
	const char *end = memchr(l->at, '\n', (size_t)(l->end - l->at));
	l->at = end ? end : l->end;
}

/* False: the comment has no end. */
static bool lex_skip_comment(struct lex *l)
{
	for (l->at += 2; l->at < l->end; l->at++) {
		if (lex_starts(l, "*/")) {
			l->at += 2;
			return true;
		}
		l->line += *l->at == '\n';
	}
	return false;
}

/* False: t holds the error. */
static bool lex_skip_blank(struct lex *l, struct lex_token *t)
{
	while (l->at < l->end) {
		if (*l->at == '\n')
			l->line++;
		if (strchr(" \t\r\n\f", *l->at) && *l->at) {
			l->at++;
		} else if (*l->at == '#' || lex_starts(l, "//")) {
			lex_skip_line(l);
		} else if (lex_starts(l, "/*")) {
			t->line = l->line;
			if (!lex_skip_comment(l)) {
				lex_fail(t, "the comment that begins here has no end; close it with */");
				return false;
			}
		} else {
			break;
		}
	}
	return true;
}

/* One escape behind a backslash. What libconfig does not know stays as written, backslash included. */
static void lex_read_escape(struct lex *l, struct lex_token *t)
{
	static const char codes[] = "nrtf\\\"", bytes[] = "\n\r\t\f\\\"";
	const char *code = l->at < l->end && *l->at ? strchr(codes, *l->at) : NULL;
	if (code) {
		text_add_char(&t->text, bytes[code - codes]);
		l->at++;
	} else if (l->end - l->at >= 3 && (*l->at | 0x20) == 'x' && lex_hex(l->at[1]) >= 0 && lex_hex(l->at[2]) >= 0) {
		text_add_char(&t->text, (char)(lex_hex(l->at[1]) << 4 | lex_hex(l->at[2])));
		l->at += 3;
	} else {
		text_add_char(&t->text, '\\');
	}
}

static void lex_read_text(struct lex *l, struct lex_token *t, enum lex_kind kind)
{
	text_clear(&t->text);
	for (l->at++; l->at < l->end && *l->at != '"';) {
		if (*l->at == '\\') {
			l->at++;
			lex_read_escape(l, t);
		} else {
			l->line += *l->at == '\n';
			text_add_char(&t->text, *l->at++);
		}
		if (t->text.n > LEX_TEXT_MAX) {
			lex_fail(t, "the text that begins here is longer than %d bytes; is its closing quote missing?",
				LEX_TEXT_MAX);
			return;
		}
	}
	if (l->at == l->end) {
		lex_fail(t, "the text that begins here has no end; close it with a quote");
		return;
	}
	l->at++;
	t->kind = kind;
	if (t->text.n > 0 && memchr(t->text.data, '\0', t->text.n))
		lex_fail(t, "a NUL byte in a text");
}

static bool lex_is_float(const char *p, const char *end)
{
	unsigned digits = 0;
	bool marked = false;
	for (; p < end && (lex_is_digit(*p) || *p == '.'); p++) {
		if (*p == '.' && marked)
			return false;
		marked |= *p == '.';
		digits += *p != '.';
	}
	if (digits == 0)
		return false;
	if (p < end && (*p | 0x20) == 'e') {
		marked = true;
		p++;
		p += p < end && (*p == '-' || *p == '+');
		if (p == end)
			return false;
		while (p < end && lex_is_digit(*p))
			p++;
	}
	return marked && p == end;
}

/* Digits of a base, with an optional L or LL. The value beyond 64 bits is an error, unlike in libconfig. */
static void lex_convert(struct lex_token *t, const char *p, const char *end, unsigned base, bool negative)
{
	while (end > p && end[-1] == 'L' && t->raw.p + t->raw.n - end < 2)
		end--;
	uint64_t value = 0, limit = negative ? (uint64_t)INT64_MAX + 1 : INT64_MAX;
	int shown = (int)(t->raw.n < LEX_SHOWN ? t->raw.n : LEX_SHOWN);
	if (base == 10 && *p == '0' && end - p > 1 && lex_is_digit(p[1])) {
		lex_fail(t, "%.*s has a leading zero; numbers are decimal, and a text is needed where octal is meant",
			shown, t->raw.p);
		return;
	}
	if (p == end) {
		lex_fail(t, "malformed number %.*s", shown, t->raw.p);
		return;
	}
	for (; p < end; p++) {
		int digit = lex_hex(*p);
		if (digit < 0 || (unsigned)digit >= base) {
			lex_fail(t, "malformed number %.*s; a text needs quotes, such as \"500ms\"", shown, t->raw.p);
			return;
		}
		if (__builtin_mul_overflow(value, base, &value) ||
			__builtin_add_overflow(value, (unsigned)digit, &value) || value > limit) {
			lex_fail(t, "%.*s is too large for any option", shown, t->raw.p);
			return;
		}
	}
	t->integer = negative ? (int64_t)(0 - value) : (int64_t)value;
	t->kind = LEX_INT;
}

static void lex_read_number(struct lex *l, struct lex_token *t)
{
	const char *start = l->at;
	bool negative = *start == '-';
	while (l->at < l->end && (lex_is_letter(*l->at) || lex_is_digit(*l->at) || strchr("+-._", *l->at)) && *l->at)
		l->at++;
	t->raw = str_make(start, (size_t)(l->at - start));
	const char *p = start + (*start == '-' || *start == '+');
	if (lex_is_float(p, l->at))
		t->kind = LEX_FLOAT;
	else if (p == start && l->at - p >= 2 && *p == '0' && (p[1] | 0x20) == 'x')
		lex_convert(t, p + 2, l->at, 16, false);
	else if (p < l->at && lex_is_digit(*p))
		lex_convert(t, p, l->at, 10, negative);
	else
		lex_fail(t, "malformed number %.*s", (int)(t->raw.n < LEX_SHOWN ? t->raw.n : LEX_SHOWN), start);
}

static void lex_read_name(struct lex *l, struct lex_token *t)
{
	const char *start = l->at;
	while (l->at < l->end && (lex_is_letter(*l->at) || lex_is_digit(*l->at) || *l->at == '_' || *l->at == '-'))
		l->at++;
	t->raw = str_make(start, (size_t)(l->at - start));
	t->kind = LEX_NAME;
	t->integer = str_equal_nocase(t->raw, str_of("true"));
	if (t->integer || str_equal_nocase(t->raw, str_of("false")))
		t->kind = LEX_BOOL;
}

static void lex_read_include(struct lex *l, struct lex_token *t)
{
	l->at += strlen("@include");
	while (l->at < l->end && (*l->at == ' ' || *l->at == '\t'))
		l->at++;
	if (l->at < l->end && *l->at == '"')
		lex_read_text(l, t, LEX_INCLUDE);
	else
		lex_fail(t, "@include needs a path in quotes, such as @include \"servers.conf\"");
}

void lex_next(struct lex *l, struct lex_token *t)
{
	if (!lex_skip_blank(l, t))
		return;
	t->line = l->line;
	t->raw = str_make(l->at, 1);
	if (l->at == l->end) {
		t->kind = LEX_END;
	} else if (*l->at == '"') {
		lex_read_text(l, t, LEX_TEXT);
	} else if (lex_is_letter(*l->at)) {
		lex_read_name(l, t);
	} else if (lex_is_digit(*l->at) || *l->at == '-' || *l->at == '+' || *l->at == '.') {
		lex_read_number(l, t);
	} else if (lex_starts(l, "@include")) {
		lex_read_include(l, t);
	} else if (*l->at && strchr("=:;,{}()[]", *l->at)) {
		t->kind = LEX_SIGN;
		t->sign = *l->at++;
	} else if (*l->at == '\0') {
		lex_fail(t, "a NUL byte; a configuration is plain text");
	} else if ((unsigned char)*l->at > 0x20 && (unsigned char)*l->at < 0x7f) {
		lex_fail(t, "unexpected character '%c'", *l->at);
	} else {
		lex_fail(t, "unexpected byte 0x%02x; a configuration is plain text", (unsigned char)*l->at);
	}
}

/* The grammar over the tokens of all files of a configuration, writing the text that libconfig gets.
 *
 * The text is written so that libconfig's line numbers are indexes: a line begins with each name and each element of a
 * list, and `lines` says where that came from. Arrays become lists, because libconfig ends at the first element of
 * another type while the schema can say which option needs what. Integers get an L, so that none of them wraps. */
#include "config.h"

#include "config/scan.h"

#include <stdio.h>
#include <stdlib.h>

#include "config/lex.h"
#include "config/source.h"

enum {
	SCAN_DEPTH = 32,             /* of groups and lists in each other; the schema needs 8 */
	SCAN_INCLUDE_DEPTH = 10,     /* as libconfig's own */
	SCAN_FILES = 1000,           /* included, in all */
	SCAN_VALUES = 1000000,       /* names and values in all */
	SCAN_COMPARISONS = 80000000, /* that libconfig makes while it adds members; 12,600 in one group, 1 s */
};

enum scan_expect { SCAN_NAME, SCAN_EQUALS, SCAN_VALUE, SCAN_AFTER };

/* A bracket that is open, and the file itself at the bottom. */
struct scan_open {
	char sign; /* 0, '{', '(' or '[' */
	struct config_place at;
	uint32_t serial;  /* of this group among all */
	uint32_t members; /* names or elements so far */
};

struct scan_file {
	const struct scan_file *parent;
	const char *path;
	dev_t device;
	ino_t inode;
	bool known; /* device and inode are */
	uint32_t index, depth;
};

struct scanner {
	struct config_scan *out;
	struct config_report *report;
	const struct scan_file *file;
	struct scan_open open[SCAN_DEPTH];
	uint32_t depth, groups, files;
	enum scan_expect expect;
	bool after_text;    /* the last token was a text, so another one continues it */
	size_t mark;        /* length of the text before the setting that has begun */
	uint32_t mark_line; /* lines before it */
	uint64_t comparisons;
	size_t bytes;
	struct lex_token token;
};

static bool scan_bytes(struct scanner *c, struct str bytes);

static struct config_place scan_place(const struct scanner *c)
{
	return (struct config_place){c->file->index, c->token.line};
}

static struct scan_open *scan_top(struct scanner *c)
{
	return &c->open[c->depth];
}

/* Begins a line of the text for what the token is. */
static bool scan_begin_line(struct scanner *c)
{
	struct config_scan *s = c->out;
	if (s->count == s->capacity) {
		uint32_t capacity = s->capacity ? s->capacity * 2 : 256;
		struct config_scan_line *lines = realloc(s->lines, capacity * sizeof(*lines));
		if (!lines) {
			c->report->failed = true;
			return false;
		}
		s->lines = lines;
		s->capacity = capacity;
	}
	if (s->count == SCAN_VALUES) {
		config_report_error(c->report, scan_place(c), "more than %d names and values; is this the right file?",
			SCAN_VALUES);
		return false;
	}
	if (s->count > 0)
		text_add_char(&s->text, '\n');
	s->lines[s->count++] = (struct config_scan_line){.at = scan_place(c)};
	return true;
}

/* ---- names: each may stand once in a group ---- */

static bool scan_add_member(struct scanner *c)
{
	c->comparisons += scan_top(c)->members++;
	if (c->comparisons <= SCAN_COMPARISONS)
		return true;
	config_report_error(c->report, scan_place(c), "too many names in one group; at most about 12,000 are possible");
	return false;
}

/* libconfig compares each new name with all others of its group, byte by byte. Names of ours that differ in their first
 * letters keep that short; `lines` knows the true ones. */
static void scan_write_short_name(struct scanner *c)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	uint32_t base = sizeof(letters) - 1, number = scan_top(c)->members;
	do
		text_add_char(&c->out->text, letters[number % base]);
	while (number /= base);
}

static bool scan_write_name(struct scanner *c)
{
	struct config_scan *s = c->out;
	struct str name = c->token.raw;
	c->mark = s->text.n;
	c->mark_line = s->count;
	if (!scan_add_member(c) || !scan_begin_line(c))
		return false;
	const struct config_name *known = config_names_add(&s->names, scan_top(c)->serial, name, s->count - 1);
	if (!known) {
		c->report->failed = true;
		return false;
	}
	struct config_scan_line *line = &s->lines[s->count - 1];
	line->name = known->offset;
	line->duplicate = known->line != s->count - 1;
	if (line->duplicate) {
		struct config_place first = s->lines[known->line].at;
		config_report_error(c->report, scan_place(c), "\"%.*s\" is written twice in this group; first at %s:%u",
			(int)(name.n < 80 ? name.n : 80), name.p, c->report->files[first.file], first.line);
	}
	scan_write_short_name(c);
	return true;
}

/* ---- values ---- */

static void scan_write_text(struct scanner *c)
{
	struct text *out = &c->out->text;
	const struct text *t = &c->token.text;
	text_add_char(out, '"');
	for (size_t i = 0; i < t->n; i++) {
		char byte = t->data[i];
		if (byte == '"' || byte == '\\')
			text_add_char(out, '\\');
		if (byte == '\n')
			text_add_c(out, "\\n");
		else
			text_add_char(out, byte);
	}
	text_add_char(out, '"');
	out->failed |= t->failed;
}

static bool scan_open_bracket(struct scanner *c)
{
	if (scan_top(c)->sign == '[') {
		config_report_error(
			c->report, scan_place(c), "[ ] holds plain values only; write ( ) for a list of groups");
		return false;
	}
	if (c->depth + 1 == SCAN_DEPTH) {
		config_report_error(
			c->report, scan_place(c), "more than %d groups and lists in each other", SCAN_DEPTH);
		return false;
	}
	text_add_char(&c->out->text, c->token.sign == '{' ? '{' : '(');
	c->open[++c->depth] = (struct scan_open){c->token.sign, scan_place(c), ++c->groups, 0};
	c->expect = c->token.sign == '{' ? SCAN_NAME : SCAN_VALUE;
	return true;
}

static void scan_write_close(struct scanner *c)
{
	text_add_char(&c->out->text, scan_top(c)->sign == '{' ? '}' : ')');
	c->depth--;
	c->expect = SCAN_AFTER;
}

static bool scan_close_bracket(struct scanner *c)
{
	char sign = c->token.sign, open = scan_top(c)->sign;
	char expected = open == '{' ? '}' : open == '(' ? ')' : ']';
	if (open == 0)
		config_report_error(c->report, scan_place(c), "unexpected '%c': nothing is open here", sign);
	else if (sign != expected)
		config_report_error(c->report, scan_place(c), "unexpected '%c': the '%c' of line %u is open", sign,
			open, scan_top(c)->at.line);
	else
		scan_write_close(c);
	return open != 0 && sign == expected;
}

static void scan_describe(const struct lex_token *t, char text[64])
{
	if (t->kind == LEX_SIGN)
		snprintf(text, 64, "'%c'", t->sign);
	else if (t->kind == LEX_TEXT)
		snprintf(text, 64, "a text");
	else
		snprintf(text, 64, "%.*s", (int)(t->raw.n < 60 ? t->raw.n : 60), t->raw.p);
}

static bool scan_unexpected(struct scanner *c, const char *needed)
{
	char found[64];
	scan_describe(&c->token, found);
	config_report_error(c->report, scan_place(c), "unexpected %s; %s", found, needed);
	return false;
}

static bool scan_value(struct scanner *c)
{
	const struct lex_token *t = &c->token;
	bool element = scan_top(c)->sign != '{' && scan_top(c)->sign != 0;
	if (element && t->kind == LEX_SIGN && (t->sign == ')' || t->sign == ']'))
		return scan_close_bracket(c); /* an empty list, or a trailing comma */
	bool opens = t->kind == LEX_SIGN && strchr("{([", t->sign);
	if (t->kind == LEX_NAME)
		return scan_unexpected(c, "a text needs quotes");
	if (t->kind == LEX_SIGN && !opens)
		return scan_unexpected(c, "a value is needed here");
	if (element) {
		if (scan_top(c)->members++ > 0)
			text_add_char(&c->out->text, ',');
		if (!scan_begin_line(c))
			return false;
	}
	if (opens)
		return scan_open_bracket(c);
	if (t->kind == LEX_TEXT)
		scan_write_text(c);
	else if (t->kind == LEX_INT)
		text_format(&c->out->text, "%lldL", (long long)t->integer);
	else
		text_add(&c->out->text, t->raw);
	c->expect = SCAN_AFTER;
	c->after_text = t->kind == LEX_TEXT;
	return true;
}

/* Behind a value: a separator, the end of what is open, the next setting, or more of a text. */
static bool scan_after(struct scanner *c)
{
	const struct lex_token *t = &c->token;
	bool group = scan_top(c)->sign == '{' || scan_top(c)->sign == 0;
	/* Texts behind one another are one text, in libconfig's language: good for long ones, and in a list a comma that
	 * was forgotten. */
	if (t->kind == LEX_TEXT && c->after_text && !group)
		return scan_unexpected(c, "',' is needed between the values of a list");
	if (t->kind == LEX_TEXT && c->after_text) {
		text_add_char(&c->out->text, ' ');
		scan_write_text(c);
		return true;
	}
	c->after_text = false;
	if (t->kind == LEX_SIGN && (t->sign == ',' || (t->sign == ';' && group))) {
		if (group)
			text_add_char(&c->out->text, ';');
		c->expect = group ? SCAN_NAME : SCAN_VALUE;
		return true;
	}
	if (t->kind == LEX_SIGN && strchr(")}]", t->sign))
		return scan_close_bracket(c);
	if (t->kind == LEX_NAME && group)
		return scan_write_name(c) && (c->expect = SCAN_EQUALS, true);
	return scan_unexpected(
		c, group ? "';' or the next option is needed here" : "',' or the end of the list is needed here");
}

static bool scan_token(struct scanner *c)
{
	const struct lex_token *t = &c->token;
	switch (c->expect) {
	case SCAN_NAME:
		if (t->kind == LEX_NAME) {
			c->expect = SCAN_EQUALS;
			return scan_write_name(c);
		}
		if (t->kind == LEX_SIGN && strchr(")}]", t->sign))
			return scan_close_bracket(c);
		return scan_unexpected(c, "the name of an option is needed here");
	case SCAN_EQUALS:
		if (t->kind != LEX_SIGN || (t->sign != '=' && t->sign != ':'))
			return scan_unexpected(c, "'=' or ':' is needed behind the name of an option");
		text_add_char(&c->out->text, '=');
		c->expect = SCAN_VALUE;
		return true;
	case SCAN_VALUE:
		return scan_value(c);
	case SCAN_AFTER:
		return scan_after(c);
	}
	return false;
}

/* ---- files ---- */

static bool scan_source(struct scanner *c, struct scan_file *file, struct config_place from, const char *shown)
{
	struct config_source source;
	char error[256];
	if (!config_source_read(file->path, &source, error, sizeof(error))) {
		if (file->parent)
			config_report_error(c->report, from, "the included file \"%s\" %s", shown, error);
		else
			config_report_error(c->report, from, "%s", error);
		return false;
	}
	file->device = source.device;
	file->inode = source.inode;
	file->known = true;
	bool ok = false;
	for (const struct scan_file *f = file->parent; f; f = f->parent)
		if (f->known && f->device == file->device && f->inode == file->inode) {
			config_report_error(c->report, from, "the file \"%s\" includes itself", shown);
			goto done;
		}
	c->bytes += source.n;
	if (c->bytes > CONFIG_SOURCE_MAX)
		config_report_error(c->report, from, "with \"%s\" the configuration is larger than %d MiB", shown,
			CONFIG_SOURCE_MAX >> 20);
	else {
		const struct scan_file *parent = c->file;
		if (file->parent)
			file->index = config_report_add_file(c->report, file->path);
		c->file = file;
		ok = scan_bytes(c, str_make(source.data, source.n));
		c->file = parent;
	}
done:
	config_source_free(&source);
	return ok;
}

/* A relative path is looked for beside the file that names it. */
static bool scan_include(struct scanner *c)
{
	struct config_place from = scan_place(c);
	const struct text *t = &c->token.text;
	const char *slash = strrchr(c->file->path, '/');
	int beside = slash && t->n > 0 && t->data[0] != '/' ? (int)(slash + 1 - c->file->path) : 0;
	char path[4096], shown[200];
	int n = snprintf(path, sizeof(path), "%.*s%.*s", beside, c->file->path, (int)t->n, t->n ? t->data : "");
	snprintf(shown, sizeof(shown), "%.*s", (int)t->n, t->n ? t->data : "");
	struct scan_file file = {c->file, path, 0, 0, false, 0, c->file->depth + 1};
	if (t->n == 0 || n >= (int)sizeof(path))
		config_report_error(c->report, from, "@include of a path that is empty or too long");
	else if (file.depth > SCAN_INCLUDE_DEPTH)
		config_report_error(c->report, from, "more than %d files include each other", SCAN_INCLUDE_DEPTH);
	else if (++c->files > SCAN_FILES)
		config_report_error(c->report, from, "more than %d files are included", SCAN_FILES);
	else
		return scan_source(c, &file, from, shown);
	return false;
}

/* False: a syntax error, already reported. */
static bool scan_bytes(struct scanner *c, struct str bytes)
{
	struct lex lex;
	lex_init(&lex, bytes);
	for (;;) {
		lex_next(&lex, &c->token);
		if (c->token.kind == LEX_END)
			return true;
		if (c->token.kind == LEX_ERROR) {
			bool named = c->expect == SCAN_NAME ||
				     (c->expect == SCAN_AFTER && scan_top(c)->sign != '(' && scan_top(c)->sign != '[');
			config_report_error(c->report, scan_place(c), "%s%s", c->token.error,
				named ? "; a name is a letter, then letters, digits, _ or -" : "");
			return false;
		}
		if (!(c->token.kind == LEX_INCLUDE ? scan_include(c) : scan_token(c)))
			return false;
	}
}

/* The end of everything: nothing may be open, nor half a setting. */
static bool scan_finish(struct scanner *c)
{
	const struct scan_open *top = scan_top(c);
	if (c->depth > 0)
		config_report_error(c->report, top->at,
			"the '%c' that begins here is not closed at the end of the file", top->sign);
	else if (c->expect == SCAN_EQUALS || c->expect == SCAN_VALUE)
		config_report_error(
			c->report, c->out->lines[c->mark_line].at, "the file ends before the value of this option");
	else
		return true;
	return false;
}

/* Behind a syntax error: forgets the setting that had begun and closes what is open, so that what came before can
 * still be checked. */
static void scan_close_all(struct scanner *c)
{
	char sign = scan_top(c)->sign;
	if ((sign == '{' || sign == 0) && (c->expect == SCAN_EQUALS || c->expect == SCAN_VALUE)) {
		c->out->text.n = c->mark;
		c->out->count = c->mark_line;
	}
	while (c->depth > 0)
		scan_write_close(c);
	c->out->partial = true;
}

bool config_scan_file(struct config_scan *s, struct config_report *r, const char *file, struct str content)
{
	*s = (struct config_scan){0};
	struct scanner c = {.out = s, .report = r, .groups = 1, .expect = SCAN_NAME};
	c.open[0].serial = 1;
	struct scan_file main_file = {.path = file, .index = config_report_add_file(r, file)};
	struct config_place start = {main_file.index, 0};
	c.file = &main_file;
	bool ok = content.p ? scan_bytes(&c, content) : scan_source(&c, &main_file, start, file);
	if (ok && !scan_finish(&c))
		ok = false;
	if (!ok)
		scan_close_all(&c);
	text_add_char(&s->text, '\n');
	text_add_char(&s->text, '\0');
	text_free(&c.token.text);
	if (s->text.failed)
		r->failed = true;
	return !r->failed;
}

void config_scan_free(struct config_scan *s)
{
	text_free(&s->text);
	config_names_free(&s->names);
	free(s->lines);
	*s = (struct config_scan){0};
}

/* Collects the messages of one run. A file of garbage can hold a million errors: the first ones are kept, the others
 * counted. */
#include "config.h"

#include "config/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { REPORT_KEPT = 1000, REPORT_LENGTH = 1024 };

struct config_message {
	struct config_place at;
	uint32_t order;
	bool warning;
	const char *text;
};

void config_report_init(struct config_report *r)
{
	*r = (struct config_report){0};
	arena_init(&r->arena, NULL, 0);
}

void config_report_free(struct config_report *r)
{
	arena_reset(&r->arena);
	free(r->files);
	free(r->messages);
	free(r->marks);
}

uint32_t config_report_add_file(struct config_report *r, const char *name)
{
	if (r->file_count == r->file_capacity) {
		uint32_t capacity = r->file_capacity ? r->file_capacity * 2 : 8;
		const char **files = realloc(r->files, capacity * sizeof(*files));
		if (!files) {
			r->failed = true;
			return 0;
		}
		r->files = files;
		r->file_capacity = capacity;
	}
	const char *copy = arena_copy(&r->arena, str_of(name));
	if (!copy) {
		r->failed = true;
		return 0;
	}
	r->files[r->file_count] = copy;
	return r->file_count++;
}

void config_report_mark(struct config_report *r, const void *field, struct config_place at)
{
	if (r->mark_count == r->mark_capacity) {
		uint32_t capacity = r->mark_capacity ? r->mark_capacity * 2 : 64;
		struct config_mark *marks = realloc(r->marks, capacity * sizeof(*marks));
		if (!marks) {
			r->failed = true;
			return;
		}
		r->marks = marks;
		r->mark_capacity = capacity;
	}
	r->marks[r->mark_count++] = (struct config_mark){field, at};
}

static int report_compare_marks(const void *a, const void *b)
{
	uintptr_t left = (uintptr_t)((const struct config_mark *)a)->field;
	uintptr_t right = (uintptr_t)((const struct config_mark *)b)->field;
	return (left > right) - (left < right);
}

void config_report_sort_marks(struct config_report *r)
{
	if (r->mark_count)
		qsort(r->marks, r->mark_count, sizeof(*r->marks), report_compare_marks);
}

struct config_place config_report_place(const struct config_report *r, const void *field, struct config_place otherwise)
{
	const struct config_mark key = {.field = field}, *found = NULL;
	if (r->mark_count)
		found = bsearch(&key, r->marks, r->mark_count, sizeof(*r->marks), report_compare_marks);
	return found ? found->at : otherwise;
}

bool config_report_full(const struct config_report *r)
{
	return r->count >= REPORT_KEPT;
}

static struct config_message *report_slot(struct config_report *r)
{
	if (config_report_full(r)) {
		r->dropped++;
		return NULL;
	}
	if (r->count == r->capacity) {
		uint32_t capacity = r->capacity ? r->capacity * 2 : 16;
		struct config_message *messages = realloc(r->messages, capacity * sizeof(*messages));
		if (!messages) {
			r->failed = true;
			return NULL;
		}
		r->messages = messages;
		r->capacity = capacity;
	}
	return &r->messages[r->count];
}

/* What was quoted from the file must not end the line or reach the terminal as a command. */
static void report_clean(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = '?';
}

static void LBD_PRINTF(4, 0)
	report_add(struct config_report *r, struct config_place at, bool warning, const char *format, va_list values)
{
	struct config_message *m = report_slot(r);
	if (!m)
		return;
	char line[REPORT_LENGTH];
	vsnprintf(line, sizeof(line), format, values);
	report_clean(line);
	const char *copy = arena_copy(&r->arena, str_of(line));
	if (!copy) {
		r->failed = true;
		return;
	}
	*m = (struct config_message){at, r->count++, warning, copy};
}

void config_report_error(struct config_report *r, struct config_place at, const char *format, ...)
{
	va_list values;
	va_start(values, format);
	report_add(r, at, false, format, values);
	va_end(values);
	r->errors++;
}

void config_report_warning(struct config_report *r, struct config_place at, const char *format, ...)
{
	va_list values;
	va_start(values, format);
	report_add(r, at, true, format, values);
	va_end(values);
}

static int report_compare(const void *left, const void *right)
{
	const struct config_message *a = left, *b = right;
	if (a->at.file != b->at.file)
		return a->at.file < b->at.file ? -1 : 1;
	if (a->at.line != b->at.line)
		return a->at.line < b->at.line ? -1 : 1;
	return a->order < b->order ? -1 : 1;
}

void config_report_write(struct config_report *r, struct text *out)
{
	const char *first = r->file_count ? r->files[0] : "configuration";
	if (r->count > 0)
		qsort(r->messages, r->count, sizeof(*r->messages), report_compare);
	for (uint32_t i = 0; i < r->count; i++) {
		const struct config_message *m = &r->messages[i];
		text_add_c(out, m->at.file < r->file_count ? r->files[m->at.file] : first);
		if (m->at.line > 0 && !r->no_lines)
			text_format(out, ":%u", m->at.line);
		text_format(out, ": %s: %s\n", m->warning ? "warning" : "error", m->text);
	}
	if (r->dropped > 0)
		text_format(out, "%s: error: %u more messages are not shown\n", first, r->dropped);
	if (r->failed)
		text_format(out, "%s: error: out of memory\n", first);
}

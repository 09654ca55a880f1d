/*
 * Builds a snapshot from the bytes of the replies. Columns are found by header name; a column that is not in
 * fields.def is skipped, one that is missing reads as absent, and every text is sanitised here, once.
 */
#include "wire/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "text/utf8.h"

static const char *const snapshot_num_names[FN_COUNT] = {
#define FIELD_TEXT(id)
#define FIELD_NUM(id) #id,
#include "wire/fields.def"
#undef FIELD_TEXT
#undef FIELD_NUM
};

static const char *const snapshot_text_names[FT_COUNT] = {
#define FIELD_TEXT(id) #id,
#define FIELD_NUM(id)
#include "wire/fields.def"
#undef FIELD_TEXT
#undef FIELD_NUM
};

/* In column_field: a text field is its number, a numeric one FT_COUNT more, -1 is a column nobody reads. */
enum { SNAPSHOT_TEXT_CAP = 256 };

static bool snapshot_on_row(void *arg, const struct csv_row *row);

bool snapshot_init(struct snapshot *snap)
{
	memset(snap, 0, sizeof *snap);
	if (!csv_init(&snap->csv, snapshot_on_row, snap))
		return false;
	snap->text_cap = 4096;
	snap->text = malloc(snap->text_cap);
	snapshot_reset(snap);
	return snap->text != NULL;
}

void snapshot_free(struct snapshot *snap)
{
	csv_free(&snap->csv);
	free(snap->rows);
	free(snap->text);
	snap->rows = NULL;
	snap->text = NULL;
}

void snapshot_reset(struct snapshot *snap)
{
#define INFO_TEXT(id, key) snap->info.id[0] = '\0';
#define INFO_NUM(id, key)  snap->info.id = -1;
#include "wire/info.def"
#undef INFO_TEXT
#undef INFO_NUM
	snap->level[0] = '\0';
	snap->count = 0;
	snap->columns = 0;
	snap->incomplete = 0;
	snap->complete = snap->no_memory = snap->has_breaker = snap->has_latency = false;
	snap->line_len = 0;
	snap->text_len = 1;
	if (snap->text)
		snap->text[0] = '\0';
	csv_reset(&snap->csv);
}

const char *snapshot_text(const struct snapshot *snap, const struct snapshot_row *row, enum field_text field)
{
	return snap->text + row->text[field];
}

void snapshot_feed_level(struct snapshot *snap, const char *bytes, size_t len)
{
	size_t at = strlen(snap->level);

	for (size_t i = 0; i < len && at + 1 < LEVEL_TEXT_MAX; i++)
		if (bytes[i] >= 'a' && bytes[i] <= 'z')
			snap->level[at++] = bytes[i];
	snap->level[at] = '\0';
}

/* A whole number with an optional sign; anything else, or nothing, is absent. Too large: the largest. */
static int64_t snapshot_parse_number(const char *s, size_t len)
{
	bool negative = len > 0 && s[0] == '-';
	size_t i = negative ? 1 : 0;
	int64_t value = 0;

	if (i == len)
		return ROW_ABSENT;
	for (; i < len; i++) {
		if (s[i] < '0' || s[i] > '9')
			return s[i] == '.' && i > 0 ? (negative ? -value : value) : ROW_ABSENT;
		if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, s[i] - '0', &value))
			value = INT64_MAX / 16;
	}
	return negative ? -value : value;
}

static void snapshot_info_line(struct snapshot *snap, const char *line, size_t len)
{
	const char *colon = memchr(line, ':', len);

	if (!colon)
		return;
	size_t key = (size_t)(colon - line);
	const char *value = colon + 1;
	size_t value_len = len - key - 1;
	while (value_len > 0 && *value == ' ') {
		value++;
		value_len--;
	}
#define INFO_TEXT(id, name)                                                                                            \
	if (key == sizeof name - 1 && memcmp(line, name, key) == 0)                                                    \
		utf8_sanitize(snap->info.id, INFO_TEXT_MAX, value, value_len);
#define INFO_NUM(id, name)                                                                                             \
	if (key == sizeof name - 1 && memcmp(line, name, key) == 0)                                                    \
		snap->info.id = snapshot_parse_number(value, value_len);
#include "wire/info.def"
#undef INFO_TEXT
#undef INFO_NUM
}

void snapshot_feed_info(struct snapshot *snap, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (bytes[i] == '\n') {
			size_t n = snap->line_len;
			if (n > 0 && snap->line[n - 1] == '\r')
				n--;
			snapshot_info_line(snap, snap->line, n);
			snap->line_len = 0;
		} else if (snap->line_len < sizeof snap->line) {
			snap->line[snap->line_len++] = bytes[i];
		}
	}
}

static int16_t snapshot_find_field(const char *name, size_t len)
{
	for (int16_t i = 0; i < FT_COUNT; i++)
		if (strlen(snapshot_text_names[i]) == len && memcmp(snapshot_text_names[i], name, len) == 0)
			return i;
	for (int16_t i = 0; i < FN_COUNT; i++)
		if (strlen(snapshot_num_names[i]) == len && memcmp(snapshot_num_names[i], name, len) == 0)
			return (int16_t)(FT_COUNT + i);
	return -1;
}

/* The line that begins with "# "; what comes before it (an error text, a stray line) is not a table. */
static void snapshot_on_header(struct snapshot *snap, const struct csv_row *row)
{
	if (row->fields < 2 || row->text[0] != '#')
		return;
	for (size_t i = 0; i < row->fields; i++) {
		const char *name = row->text + row->offset[i];
		size_t len = row->offset[i + 1] - row->offset[i];
		if (i == 0)
			for (size_t skip = len > 1 && name[1] == ' ' ? 2 : 1; skip > 0; skip--, len--)
				name++;
		int16_t field = snapshot_find_field(name, len);
		snap->column_field[i] = field;
		snap->has_breaker |= field == FT_brk_state;
		snap->has_latency |= field == FT_COUNT + FN_lat_p99_us;
	}
	snap->columns = row->fields;
}

static uint32_t snapshot_keep_text(struct snapshot *snap, const char *s, size_t len)
{
	if (len == 0)
		return 0;
	if (snap->text_len + SNAPSHOT_TEXT_CAP > snap->text_cap) {
		size_t cap = snap->text_cap + snap->text_cap / 2 + SNAPSHOT_TEXT_CAP;
		char *text = realloc(snap->text, cap);
		if (!text) {
			snap->no_memory = true;
			return 0;
		}
		snap->text = text;
		snap->text_cap = cap;
	}
	uint32_t at = (uint32_t)snap->text_len;
	snap->text_len += utf8_sanitize(snap->text + at, SNAPSHOT_TEXT_CAP, s, len) + 1;
	return at;
}

static struct snapshot_row *snapshot_add_row(struct snapshot *snap)
{
	if (snap->count == snap->cap) {
		size_t cap = snap->cap ? snap->cap + snap->cap / 2 : 32;
		struct snapshot_row *rows = realloc(snap->rows, cap * sizeof *rows);
		if (!rows) {
			snap->no_memory = true;
			return NULL;
		}
		snap->rows = rows;
		snap->cap = cap;
	}
	struct snapshot_row *row = &snap->rows[snap->count++];
	memset(row->text, 0, sizeof row->text);
	for (int i = 0; i < FN_COUNT; i++)
		row->num[i] = ROW_ABSENT;
	return row;
}

/* Old and foreign tables may lack the type column; the name of the row tells most of it. */
static int64_t snapshot_guess_type(const char *svname)
{
	if (strcmp(svname, "FRONTEND") == 0)
		return ROW_FRONTEND;
	return strcmp(svname, "BACKEND") == 0 ? ROW_BACKEND : ROW_SERVER;
}

static bool snapshot_on_row(void *arg, const struct csv_row *row)
{
	struct snapshot *snap = arg;

	if (row->fields == 1 && row->offset[1] == row->offset[0]) {
		snap->complete = snap->columns > 0;
		return !snap->complete;
	}
	if (snap->columns == 0) {
		snapshot_on_header(snap, row);
		return true;
	}
	if (row->fields != snap->columns) {
		snap->incomplete++;
		return true;
	}
	struct snapshot_row *out = snapshot_add_row(snap);
	if (!out)
		return false;
	for (size_t i = 0; i < row->fields; i++) {
		int16_t field = snap->column_field[i];
		const char *s = row->text + row->offset[i];
		size_t len = row->offset[i + 1] - row->offset[i];
		if (field >= FT_COUNT)
			out->num[field - FT_COUNT] = snapshot_parse_number(s, len);
		else if (field >= 0)
			out->text[field] = snapshot_keep_text(snap, s, len);
	}
	if (out->text[FT_pxname] == 0 || out->text[FT_svname] == 0) {
		snap->count--;
		snap->incomplete++;
	} else if (out->num[FN_type] == ROW_ABSENT) {
		out->num[FN_type] = snapshot_guess_type(snapshot_text(snap, out, FT_svname));
	}
	return true;
}

void snapshot_feed_stat(struct snapshot *snap, const char *bytes, size_t len)
{
	csv_feed(&snap->csv, bytes, len);
}

void snapshot_finish(struct snapshot *snap)
{
	if (csv_finish(&snap->csv) && !snap->complete)
		snap->incomplete++;
}

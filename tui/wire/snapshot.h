/*
 * One poll's answer, parsed: the level of the connection, `show info` and the rows of `show stat`. It is built off to
 * the side and becomes the model's current view only when it is complete. All text has passed the sanitiser.
 * The owner frees it with snapshot_free(); snapshot_reset() keeps the memory for the next poll. One thread.
 */
#ifndef TUI_WIRE_SNAPSHOT_H
#define TUI_WIRE_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/csv.h"

enum field_num {
#define FIELD_TEXT(id)
#define FIELD_NUM(id) FN_##id,
#include "wire/fields.def"
#undef FIELD_TEXT
#undef FIELD_NUM
	FN_COUNT
};

enum field_text {
#define FIELD_TEXT(id) FT_##id,
#define FIELD_NUM(id)
#include "wire/fields.def"
#undef FIELD_TEXT
#undef FIELD_NUM
	FT_COUNT
};

enum { INFO_TEXT_MAX = 64, LEVEL_TEXT_MAX = 16 };

struct info {
#define INFO_TEXT(id, key) char id[INFO_TEXT_MAX];
#define INFO_NUM(id, key)  int64_t id; /* -1: not in the answer */
#include "wire/info.def"
#undef INFO_TEXT
#undef INFO_NUM
};

enum row_type { ROW_FRONTEND = 0, ROW_BACKEND = 1, ROW_SERVER = 2, ROW_LISTENER = 3 };

/* A number that was empty or not in the answer. */
#define ROW_ABSENT INT64_MIN

struct snapshot_row {
	uint32_t text[FT_COUNT]; /* offsets into snapshot.text; 0 is "" */
	int64_t num[FN_COUNT];
};

struct snapshot {
	struct info info;
	char level[LEVEL_TEXT_MAX]; /* "" when unknown */
	struct snapshot_row *rows;
	size_t count, cap;
	char *text;
	size_t text_len, text_cap;
	size_t columns;      /* of the header; 0: no header seen */
	unsigned incomplete; /* rows that were dropped since they were cut or did not fit the header */
	bool complete;       /* the empty line behind the last row was seen */
	bool no_memory;
	bool has_breaker, has_latency; /* the answer has these columns of lbd's own */
	int16_t column_field[CSV_COLUMNS_MAX];
	struct csv csv;
	char line[512]; /* of show info, so far */
	size_t line_len;
};

/* False when there is no memory. */
bool snapshot_init(struct snapshot *snap);
void snapshot_free(struct snapshot *snap);
void snapshot_reset(struct snapshot *snap);

/* The three parts of a poll, in pieces as they arrive. */
void snapshot_feed_level(struct snapshot *snap, const char *bytes, size_t len);
void snapshot_feed_info(struct snapshot *snap, const char *bytes, size_t len);
void snapshot_feed_stat(struct snapshot *snap, const char *bytes, size_t len);
/* The stream ended: a cut row is dropped and counted. */
void snapshot_finish(struct snapshot *snap);

const char *snapshot_text(const struct snapshot *snap, const struct snapshot_row *row, enum field_text field);

#endif

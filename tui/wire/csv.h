/*
 * CSV as RFC 4180 has it, parsed as it arrives. Rows end with LF or CRLF; a field in double quotes may hold commas,
 * line ends and doubled quotes. Memory is bounded whatever the peer sends: a field keeps its first CSV_FIELD_MAX
 * bytes, a row its first CSV_COLUMNS_MAX fields. One thread.
 */
#ifndef TUI_WIRE_CSV_H
#define TUI_WIRE_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CSV_FIELD_MAX = 1024, CSV_COLUMNS_MAX = 512 };

/* One complete row: field i is text + offset[i], offset[i + 1] - offset[i] bytes. Valid during the call only. */
struct csv_row {
	const char *text;
	const uint32_t *offset;
	size_t fields;
};

/* Returns false to end the parsing; csv_feed() then takes no more bytes. */
typedef bool csv_row_fn(void *arg, const struct csv_row *row);

enum csv_state { CSV_FIELD_START, CSV_PLAIN, CSV_QUOTED, CSV_QUOTE_SEEN };

struct csv {
	csv_row_fn *on_row;
	void *arg;
	char *text;
	size_t len;
	size_t fields;
	enum csv_state state;
	bool in_row;
	bool ended;
	uint32_t offset[CSV_COLUMNS_MAX + 1];
};

/* False when there is no memory. Call csv_free() in any case. */
bool csv_init(struct csv *csv, csv_row_fn *on_row, void *arg);
void csv_reset(struct csv *csv);
void csv_free(struct csv *csv);

/* Parses len bytes, calls on_row for each complete row; an empty line is a row of one empty field. */
void csv_feed(struct csv *csv, const char *bytes, size_t len);

/* The end of input: true when an unfinished row was dropped. */
bool csv_finish(struct csv *csv);

#endif

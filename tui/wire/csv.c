/*
 * The CSV parser: a small state machine with one row buffer of fixed size, so hostile input costs time in proportion
 * to its length and no memory.
 */
#include "wire/csv.h"

#include <stdlib.h>
#include <string.h>

bool csv_init(struct csv *csv, csv_row_fn *on_row, void *arg)
{
	*csv = (struct csv){.on_row = on_row, .arg = arg};
	csv->text = malloc((size_t)CSV_FIELD_MAX * CSV_COLUMNS_MAX);
	return csv->text != NULL;
}

void csv_reset(struct csv *csv)
{
	csv->len = 0;
	csv->fields = 0;
	csv->state = CSV_FIELD_START;
	csv->in_row = false;
	csv->ended = false;
}

void csv_free(struct csv *csv)
{
	free(csv->text);
	csv->text = NULL;
}

static void csv_field_begin(struct csv *csv)
{
	if (csv->fields < CSV_COLUMNS_MAX)
		csv->offset[csv->fields] = (uint32_t)csv->len;
}

static void csv_field_append(struct csv *csv, char c)
{
	if (csv->fields < CSV_COLUMNS_MAX && csv->len - csv->offset[csv->fields] < CSV_FIELD_MAX)
		csv->text[csv->len++] = c;
}

static void csv_field_end(struct csv *csv)
{
	if (csv->fields < CSV_COLUMNS_MAX)
		csv->fields++;
	csv->state = CSV_FIELD_START;
}

static void csv_row_end(struct csv *csv)
{
	if (csv->state != CSV_QUOTE_SEEN && csv->fields < CSV_COLUMNS_MAX && csv->len > csv->offset[csv->fields] &&
		csv->text[csv->len - 1] == '\r')
		csv->len--;
	csv_field_end(csv);
	csv->offset[csv->fields] = (uint32_t)csv->len;
	struct csv_row row = {csv->text, csv->offset, csv->fields};
	csv->ended = !csv->on_row(csv->arg, &row);
	csv->len = 0;
	csv->fields = 0;
	csv->in_row = false;
}

/* Outside quotes, or behind a closing quote (where stray text is kept, and a CR belongs to the line end). */
static void csv_byte_unquoted(struct csv *csv, char c)
{
	if (c == ',') {
		csv_field_end(csv);
		csv_field_begin(csv);
	} else if (c == '\n') {
		csv_row_end(csv);
	} else if (!(csv->state == CSV_QUOTE_SEEN && c == '\r')) {
		csv->state = CSV_PLAIN;
		csv_field_append(csv, c);
	}
}

static void csv_byte(struct csv *csv, char c)
{
	if (!csv->in_row) {
		csv->in_row = true;
		csv->state = CSV_FIELD_START;
		csv_field_begin(csv);
	}
	switch (csv->state) {
	case CSV_FIELD_START:
		if (c == '"')
			csv->state = CSV_QUOTED;
		else
			csv_byte_unquoted(csv, c);
		break;
	case CSV_PLAIN:
		csv_byte_unquoted(csv, c);
		break;
	case CSV_QUOTED:
		if (c == '"')
			csv->state = CSV_QUOTE_SEEN;
		else
			csv_field_append(csv, c);
		break;
	case CSV_QUOTE_SEEN:
		if (c == '"') {
			csv->state = CSV_QUOTED;
			csv_field_append(csv, c);
		} else {
			csv_byte_unquoted(csv, c);
		}
		break;
	}
}

void csv_feed(struct csv *csv, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len && !csv->ended; i++)
		csv_byte(csv, bytes[i]);
}

bool csv_finish(struct csv *csv)
{
	bool dropped = csv->in_row && !csv->ended;

	csv_reset(csv);
	return dropped;
}

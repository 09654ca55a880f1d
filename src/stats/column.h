/* The rows of columns.def as data, and the value that a row of show stat has in a column. Pure. */
#ifndef LBD_STATS_COLUMN_H
#define LBD_STATS_COLUMN_H

#include "stats/field.h"
#include "stats/stat_row.h"

#include <stddef.h>

enum stat_source { STAT_FROM_COUNTER, STAT_FROM_GAUGE, STAT_FROM_TEXT, STAT_FROM_ZERO, STAT_FROM_NONE };

struct stat_column {
	const char *name, *kinds, *tags, *help;
	enum field_type type;
	enum stat_source source;
	size_t at; /* the counter, or the field's place in struct stat_row */
};

uint32_t stat_column_count(void);
const struct stat_column *stat_column(uint32_t index);
/* Position in typed and JSON output, which do not count the "-" column. */
uint32_t stat_column_position(uint32_t index);
void stat_column_value(const struct stat_column *column, const struct stat_row *row, struct field_value *out);

#endif

#include "stats/column.h"

#include <string.h>

static const struct stat_column stat_columns[] = {
#define STAT_AT_COUNTER(id)   COUNTER_##id
#define STAT_AT_GAUGE(field)  offsetof(struct stat_row, field)
#define STAT_AT_TEXT(field)   offsetof(struct stat_row, field)
#define STAT_AT_ZERO(nothing) 0
#define STAT_AT_NONE(nothing) 0
#define COLUMN(name, kinds, tags, type, source, at, help)                                                              \
	{name, kinds, tags, help, FIELD_##type, STAT_FROM_##source, STAT_AT_##source(at)},
#include "stats/columns.def"
#undef COLUMN
};

enum { STAT_COLUMNS = sizeof stat_columns / sizeof stat_columns[0], STAT_DASH = 103 };

uint32_t stat_column_count(void)
{
	return STAT_COLUMNS;
}

const struct stat_column *stat_column(uint32_t index)
{
	return &stat_columns[index];
}

uint32_t stat_column_position(uint32_t index)
{
	return index > STAT_DASH ? index - 1 : index;
}

/* Whether rows of this kind have the column at all. */
static bool stat_column_applies(const struct stat_column *column, const struct stat_row *row)
{
	static const char letters[] = "FBS";
	if (!strchr(column->kinds, letters[row->kind]))
		return false;
	if (!row->http && strchr(column->kinds, 'h'))
		return false;
	return row->kind != STAT_SERVER || row->checked || !strchr(column->kinds, 'c');
}

void stat_column_value(const struct stat_column *column, const struct stat_row *row, struct field_value *out)
{
	const char *at = (const char *)row + column->at;
	int64_t gauge;
	*out = (struct field_value){.type = column->type};
	if (column->source == STAT_FROM_NONE || !stat_column_applies(column, row)) {
		out->blank = true;
	} else if (column->source == STAT_FROM_COUNTER) {
		out->number = row->counter[column->at];
	} else if (column->source == STAT_FROM_GAUGE) {
		memcpy(&gauge, at, sizeof gauge);
		out->blank = gauge == STAT_BLANK;
		out->number = (uint64_t)gauge;
	} else if (column->source == STAT_FROM_TEXT) {
		memcpy(&out->text, at, sizeof out->text);
		out->blank = !out->text;
	}
}

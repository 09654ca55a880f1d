#include "stats/stat_row.h"

#include "stats/column.h"

#include <string.h>

void stat_row_init(struct stat_row *row, enum stat_kind kind, const char *proxy, uint32_t proxy_id, const char *object)
{
	memset(row, 0, sizeof *row);
	for (uint32_t i = 0; i < stat_column_count(); i++) {
		const struct stat_column *column = stat_column(i);
		if (column->source == STAT_FROM_GAUGE)
			memcpy((char *)row + column->at, &(int64_t){STAT_BLANK}, sizeof(int64_t));
	}
	row->kind = kind;
	row->type = kind;
	row->process = 1;
	row->proxy_id = proxy_id;
	row->server_id = 0;
	row->proxy = proxy;
	row->object = object;
	row->dash = "-";
}

#include "stats/stat_write.h"

#include "stats/column.h"

void stat_write_csv_header(struct text *out)
{
	text_add_c(out, "# ");
	for (uint32_t i = 0; i < stat_column_count(); i++) {
		text_add_c(out, stat_column(i)->name);
		text_add_char(out, ',');
	}
	text_add_char(out, '\n');
}

void stat_write_csv(struct text *out, const struct stat_row *row)
{
	struct field_value value;
	for (uint32_t i = 0; i < stat_column_count(); i++) {
		stat_column_value(stat_column(i), row, &value);
		field_add_csv(out, &value);
		text_add_char(out, ',');
	}
	text_add_char(out, '\n');
}

/* The "-" column separates; it is no value. */
static bool stat_write_skips(const struct stat_column *column, const struct field_value *value)
{
	return value->blank || !column->tags[0];
}

void stat_write_typed(struct text *out, const struct stat_row *row, bool descriptions)
{
	static const char letters[] = "FBS";
	struct field_value value;
	for (uint32_t i = 0; i < stat_column_count(); i++) {
		const struct stat_column *column = stat_column(i);
		stat_column_value(column, row, &value);
		if (stat_write_skips(column, &value))
			continue;
		text_format(out, "%c.%u.%u.%u.%s.1:%s:%s:", letters[row->kind], (unsigned)row->proxy_id,
			(unsigned)row->server_id, (unsigned)stat_column_position(i), column->name, column->tags,
			field_type_word(column->type));
		field_add_plain(out, &value);
		if (descriptions)
			field_add_description(out, column->help);
		text_add_char(out, '\n');
	}
}

void stat_write_json(struct text *out, const struct stat_row *row, bool descriptions)
{
	static const char *const words[] = {"Frontend", "Backend", "Server"};
	struct field_value value;
	bool first = true;
	text_add_char(out, '[');
	for (uint32_t i = 0; i < stat_column_count(); i++) {
		const struct stat_column *column = stat_column(i);
		stat_column_value(column, row, &value);
		if (stat_write_skips(column, &value))
			continue;
		text_format(out, "%s{\"objType\":\"%s\",\"proxyId\":%u,\"id\":%u,", first ? "" : ",", words[row->kind],
			(unsigned)row->proxy_id, (unsigned)row->server_id);
		field_add_json_members(out, stat_column_position(i), column->name, column->tags, &value,
			descriptions ? column->help : NULL);
		text_add_char(out, '}');
		first = false;
	}
	text_add_char(out, ']');
}

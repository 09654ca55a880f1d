#include "stats/info.h"

#include "stats/field.h"

#include <stddef.h>

enum info_source { INFO_FROM_NUMBER, INFO_FROM_TEXT, INFO_FROM_ZERO };

struct info_row {
	unsigned position;
	enum field_type type;
	enum info_source source;
	const char *name, *tags, *help;
	size_t at; /* the field's place in struct info_values */
};

static const struct info_row info_rows[] = {
#define INFO_AT_NUMBER(field) offsetof(struct info_values, field)
#define INFO_AT_TEXT(field)   offsetof(struct info_values, field)
#define INFO_AT_ZERO(nothing) 0
#define INFO(position, name, tags, type, source, at, help)                                                             \
	{position, FIELD_##type, INFO_FROM_##source, name, tags, help, INFO_AT_##source(at)},
#include "stats/info.def"
#undef INFO
};

enum { INFO_ROWS = sizeof info_rows / sizeof info_rows[0] };

static struct field_value info_value(const struct info_row *row, const struct info_values *values)
{
	const char *at = (const char *)values + row->at;
	struct field_value value = {.type = row->type};
	if (row->source == INFO_FROM_NUMBER) {
		memcpy(&value.number, at, sizeof value.number);
	} else if (row->source == INFO_FROM_TEXT) {
		memcpy(&value.text, at, sizeof value.text);
		value.blank = !value.text;
	}
	return value;
}

void info_write_text(struct text *out, const struct info_values *values, bool descriptions)
{
	for (const struct info_row *row = info_rows; row < info_rows + INFO_ROWS; row++) {
		struct field_value value = info_value(row, values);
		if (value.blank)
			continue;
		text_add_c(out, row->name);
		text_add_c(out, ": ");
		field_add_plain(out, &value);
		if (descriptions)
			field_add_description(out, row->help);
		text_add_char(out, '\n');
	}
}

void info_write_typed(struct text *out, const struct info_values *values, bool descriptions)
{
	for (const struct info_row *row = info_rows; row < info_rows + INFO_ROWS; row++) {
		struct field_value value = info_value(row, values);
		if (value.blank)
			continue;
		text_format(out, "%u.%s.1:%s:%s:", row->position, row->name, row->tags, field_type_word(row->type));
		field_add_plain(out, &value);
		if (descriptions)
			field_add_description(out, row->help);
		text_add_char(out, '\n');
	}
}

void info_write_json(struct text *out, const struct info_values *values, bool descriptions)
{
	bool first = true;
	text_add_char(out, '[');
	for (const struct info_row *row = info_rows; row < info_rows + INFO_ROWS; row++) {
		struct field_value value = info_value(row, values);
		if (value.blank)
			continue;
		text_add_c(out, first ? "{" : ",{");
		field_add_json_members(
			out, row->position, row->name, row->tags, &value, descriptions ? row->help : NULL);
		text_add_char(out, '}');
		first = false;
	}
	text_add_c(out, "]\n");
}

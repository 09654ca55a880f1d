/* A snapshot as a table for people, or as CSV and JSON for programs: every field of fields.def, by its name. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "app/batch.h"
#include "text/utf8.h"
#include "view/view.h"

static const struct {
	const char *name;
	bool text;
	int field;
} print_fields[] = {
#define FIELD_TEXT(id) {#id, true, FT_##id},
#define FIELD_NUM(id)  {#id, false, FN_##id},
#include "wire/fields.def"
#undef FIELD_TEXT
#undef FIELD_NUM
};

enum { PRINT_FIELDS = sizeof print_fields / sizeof *print_fields, PRINT_WIDTH_MAX = 64 };

static void print_cell(char *out, size_t cap, const struct fleet *fleet, const struct entity *entity, int column)
{
	if (column == COLUMN_NAME)
		snprintf(out, cap, "%s", entity->key);
	else
		view_format_cell(out, cap, fleet, entity, (enum column)column, false);
}

static void print_table(const struct fleet *fleet)
{
	int width[COLUMN_COUNT] = {0};
	char text[CSV_FIELD_MAX];

	for (size_t i = 0; i < fleet->row_count; i++)
		for (int column = 0; column < COLUMN_COUNT; column++) {
			print_cell(text, sizeof text, fleet, fleet->rows[i], column);
			int columns = utf8_columns(text);
			width[column] = columns > width[column] ? columns : width[column];
		}
	for (size_t i = 0; i <= fleet->row_count; i++) {
		for (int column = 0; column < COLUMN_COUNT; column++) {
			if (width[column] == 0)
				continue;
			if (i == 0)
				snprintf(text, sizeof text, "%s", column_rows[column].title);
			else
				print_cell(text, sizeof text, fleet, fleet->rows[i - 1], column);
			int title = (int)strlen(column_rows[column].title);
			int pad = (width[column] > title ? width[column] : title) - utf8_columns(text);
			bool last = true;
			for (int right = column + 1; right < COLUMN_COUNT; right++)
				last = last && width[right] == 0;
			printf("%s%*s", *text || !last ? text : "-", last || pad < 0 ? 0 : pad + 2, "");
		}
		putchar('\n');
	}
}

static void print_csv_text(const char *text)
{
	if (!strpbrk(text, ",\"")) {
		fputs(text, stdout);
		return;
	}
	putchar('"');
	for (; *text; text++)
		printf(*text == '"' ? "\"\"" : "%c", *text);
	putchar('"');
}

static void print_csv(const struct fleet *fleet)
{
	for (int i = 0; i < PRINT_FIELDS; i++)
		printf("%s%s", i ? "," : "", print_fields[i].name);
	putchar('\n');
	for (size_t r = 0; r < fleet->row_count; r++) {
		for (int i = 0; i < PRINT_FIELDS; i++) {
			if (i)
				putchar(',');
			if (print_fields[i].text)
				print_csv_text(
					entity_text(fleet, fleet->rows[r], (enum field_text)print_fields[i].field));
			else if (entity_num(fleet->rows[r], (enum field_num)print_fields[i].field) != ROW_ABSENT)
				printf("%lld",
					(long long)entity_num(fleet->rows[r], (enum field_num)print_fields[i].field));
		}
		putchar('\n');
	}
}

static void print_json_text(const char *text)
{
	putchar('"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			putchar('\\');
		putchar(*text);
	}
	putchar('"');
}

static void print_json_row(const struct fleet *fleet, const struct entity *entity)
{
	const char *separator = "{";

	for (int i = 0; i < PRINT_FIELDS; i++) {
		if (print_fields[i].text) {
			const char *text = entity_text(fleet, entity, (enum field_text)print_fields[i].field);
			if (!*text)
				continue;
			printf("%s\"%s\":", separator, print_fields[i].name);
			print_json_text(text);
		} else {
			int64_t value = entity_num(entity, (enum field_num)print_fields[i].field);
			if (value == ROW_ABSENT)
				continue;
			printf("%s\"%s\":%lld", separator, print_fields[i].name, (long long)value);
		}
		separator = ",";
	}
	putchar('}');
}

static void print_json(const struct fleet *fleet)
{
	const char *separator = "";

	fputs("{\"schema\":1,\"daemon\":{", stdout);
#define INFO_TEXT(id, key)                                                                                             \
	printf("%s\"%s\":", separator, #id);                                                                           \
	print_json_text(fleet->now->info.id);                                                                          \
	separator = ",";
#define INFO_NUM(id, key)                                                                                              \
	if (fleet->now->info.id >= 0)                                                                                  \
		printf("%s\"%s\":%lld", separator, #id, (long long)fleet->now->info.id);
#include "wire/info.def"
#undef INFO_TEXT
#undef INFO_NUM
	fputs("},\"rows\":[", stdout);
	for (size_t i = 0; i < fleet->row_count; i++) {
		fputs(i ? ",\n" : "\n", stdout);
		print_json_row(fleet, fleet->rows[i]);
	}
	fputs("],\n\"trouble\":[", stdout);
	separator = "";
	for (size_t i = 0; i < fleet->row_count; i++)
		if (entity_is_trouble(fleet, fleet->rows[i])) {
			fputs(separator, stdout);
			print_json_text(fleet->rows[i]->key);
			separator = ",";
		}
	puts("]}");
}

void print_fleet(const struct fleet *fleet, enum args_format format)
{
	if (format == FORMAT_CSV)
		print_csv(fleet);
	else if (format == FORMAT_JSON)
		print_json(fleet);
	else
		print_table(fleet);
}

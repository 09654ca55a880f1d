#include "stats/field.h"

#include <string.h>

struct field_tag {
	char letter;
	const char *word;
};

static const char *const field_type_words[] = {"str", "u32", "s32", "u64"};
static const struct field_tag field_origins[] = {
	{'M', "Metric"}, {'S', "Status"}, {'K', "Key"}, {'C', "Config"}, {'P', "Product"}, {0, "Metric"}};
static const struct field_tag field_natures[] = {{'G', "Gauge"}, {'C', "Counter"}, {'M', "Max"}, {'L', "Limit"},
	{'R', "Rate"}, {'D', "Duration"}, {'A', "Age"}, {'a', "Avg"}, {'N', "Name"}, {'O', "Output"}, {0, "Gauge"}};
static const struct field_tag field_scopes[] = {{'P', "Process"}, {'S', "Service"}, {0, "Process"}};

const char *field_type_word(enum field_type type)
{
	return field_type_words[type];
}

static const char *field_tag_word(const struct field_tag *tags, char letter)
{
	while (tags->letter && tags->letter != letter)
		tags++;
	return tags->word;
}

void field_add_plain(struct text *out, const struct field_value *value)
{
	if (value->blank)
		return;
	if (value->type == FIELD_STR) {
		text_add_c(out, value->text);
	} else if (value->type == FIELD_S32 && (int64_t)value->number < 0) {
		text_add_char(out, '-');
		text_add_u64(out, 0 - value->number);
	} else {
		text_add_u64(out, value->number);
	}
}

void field_add_csv(struct text *out, const struct field_value *value)
{
	if (value->blank || value->type != FIELD_STR || !strpbrk(value->text, ",\"\r\n")) {
		field_add_plain(out, value);
		return;
	}
	text_add_char(out, '"');
	for (const char *c = value->text; *c; c++) {
		if (*c == '"')
			text_add_char(out, '"');
		text_add_char(out, *c);
	}
	text_add_char(out, '"');
}

void field_add_json_string(struct text *out, const char *text)
{
	static const char digits[] = "0123456789abcdef";
	text_add_char(out, '"');
	for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
		if (*c < 0x20 || *c >= 0x7f) {
			text_add_c(out, "\\u00");
			text_add_char(out, digits[*c >> 4]);
			text_add_char(out, digits[*c & 15]);
			continue;
		}
		if (*c == '"' || *c == '\\')
			text_add_char(out, '\\');
		text_add_char(out, (char)*c);
	}
	text_add_char(out, '"');
}

void field_add_description(struct text *out, const char *help)
{
	text_add_c(out, ":\"");
	text_add_c(out, help);
	text_add_char(out, '"');
}

void field_add_json_members(struct text *out, unsigned position, const char *name, const char *tags,
	const struct field_value *value, const char *description)
{
	text_format(out, "\"field\":{\"pos\":%u,\"name\":\"%s\"},\"processNum\":1,", position, name);
	text_format(out, "\"tags\":{\"origin\":\"%s\",\"nature\":\"%s\",\"scope\":\"%s\"},",
		field_tag_word(field_origins, tags[0]), field_tag_word(field_natures, tags[1]),
		field_tag_word(field_scopes, tags[2]));
	text_format(out, "\"value\":{\"type\":\"%s\",\"value\":", field_type_word(value->type));
	if (value->type == FIELD_STR)
		field_add_json_string(out, value->text);
	else
		field_add_plain(out, value);
	text_add_char(out, '}');
	if (description) {
		text_add_c(out, ",\"desc\":");
		field_add_json_string(out, description);
	}
}

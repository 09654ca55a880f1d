/* Values of one piece: numbers with their units, texts, words. */
#include "config.h"

#include "config/value.h"

#include <stdarg.h>
#include <stdio.h>

config_setting_t *config_value_elem(const config_setting_t *group, unsigned index)
{
	/* libconfig 1.5 takes a pointer to non-const and changes nothing. */
	union {
		const config_setting_t *in;
		config_setting_t *out;
	} parent = {.in = group};
	return config_setting_get_elem(parent.out, index);
}

unsigned config_value_length(const config_setting_t *s)
{
	return (unsigned)config_setting_length(s);
}

/* ---- messages ---- */

struct config_place config_value_place(const struct config_reader *r, const config_setting_t *s)
{
	if (r->scan && s->line >= 1 && s->line <= r->scan->count)
		return r->report->no_lines ? (struct config_place){r->scan->lines[s->line - 1].at.file, 0}
					   : r->scan->lines[s->line - 1].at;
	return (struct config_place){0, 0};
}

const char *config_value_name(const struct config_reader *r, const config_setting_t *s)
{
	if (r->scan && s->line >= 1 && s->line <= r->scan->count)
		return r->scan->names.bytes.data + r->scan->lines[s->line - 1].name;
	return s->name;
}

bool config_value_is_duplicate(const struct config_reader *r, const config_setting_t *s)
{
	return r->scan && s->line >= 1 && s->line <= r->scan->count && r->scan->lines[s->line - 1].duplicate;
}

const char *config_value_file(const struct config_reader *r, const config_setting_t *s)
{
	return r->scan ? r->files[config_value_place(r, s).file] : "";
}

void config_reader_error(struct config_reader *r, const config_setting_t *s, const char *format, ...)
{
	if (r->silent)
		return;
	char why[512];
	va_list values;
	va_start(values, format);
	vsnprintf(why, sizeof(why), format, values);
	va_end(values);
	config_report_error(r->report, config_value_place(r, s), "%s", why);
}

static bool value_is_integer(const config_setting_t *s)
{
	return s->type == CONFIG_TYPE_INT || s->type == CONFIG_TYPE_INT64;
}

static long long value_integer(const config_setting_t *s)
{
	return s->type == CONFIG_TYPE_INT ? config_setting_get_int(s) : config_setting_get_int64(s);
}

const char *config_value_describe(const config_setting_t *s, char text[96])
{
	const char *c = s->type == CONFIG_TYPE_STRING ? config_setting_get_string(s) : "";
	switch (s->type) {
	case CONFIG_TYPE_STRING:
		snprintf(text, 96, strlen(c) > 60 ? "\"%.60s...\"" : "\"%.60s\"", c);
		break;
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		snprintf(text, 96, "%lld", value_integer(s));
		break;
	case CONFIG_TYPE_FLOAT:
		snprintf(text, 96, "%g", config_setting_get_float(s));
		break;
	case CONFIG_TYPE_BOOL:
		return config_setting_get_bool(s) ? "true" : "false";
	case CONFIG_TYPE_GROUP:
		return "a group";
	default:
		return "a list";
	}
	return text;
}

bool config_value_fail(
	struct config_reader *r, const struct config_option *o, const config_setting_t *s, const char *format, ...)
{
	char path[64], found[96], why[384];
	va_list values;
	va_start(values, format);
	vsnprintf(why, sizeof(why), format, values);
	va_end(values);
	config_reader_error(r, s, "%s is %s; %s", config_option_path(o, path), config_value_describe(s, found), why);
	return false;
}

bool config_value_mismatch(struct config_reader *r, const struct config_option *o, const config_setting_t *s)
{
	const struct config_type_class *class = config_type_class(o->type);
	return config_value_fail(r, o, s, "needed: %s", class ? class->need : "a group { }");
}

void *config_value_alloc(struct config_reader *r, size_t count, size_t size)
{
	void *memory = arena_zero(r->arena, count ? count : 1, size);
	if (!memory)
		r->report->failed = true;
	return memory;
}

bool config_value_copy(struct config_reader *r, const char *text, const char **out)
{
	const char *copy = arena_copy(r->arena, str_of(text));
	if (!copy) {
		r->report->failed = true;
		return false;
	}
	*out = copy;
	return true;
}

void config_write_quoted(struct text *out, const char *text)
{
	text_add_char(out, '"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			text_add_char(out, '\\');
		if (*text == '\n')
			text_add_c(out, "\\n");
		else if (*text == '\r')
			text_add_c(out, "\\r");
		else
			text_add_char(out, *text);
	}
	text_add_char(out, '"');
}

/* ---- numbers ---- */

/* Fields are 32 or 64 bits wide; the row knows. */
static void value_store(const struct config_option *o, void *field, uint64_t value)
{
	uint32_t narrow = (uint32_t)value;
	if (o->size == sizeof(value))
		memcpy(field, &value, sizeof(value));
	else
		memcpy(field, &narrow, sizeof(narrow));
}

static uint64_t value_fetch(const struct config_option *o, const void *field)
{
	uint64_t wide;
	uint32_t narrow;
	if (o->size == sizeof(wide)) {
		memcpy(&wide, field, sizeof(wide));
		return wide;
	}
	memcpy(&narrow, field, sizeof(narrow));
	return narrow;
}

struct value_unit {
	const char *word;
	uint64_t factor;
};
static const struct value_unit value_no_units[] = {{NULL, 0}};
static const struct value_unit value_durations[] = {
	{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}, {NULL, 0}};
static const struct value_unit value_sizes[] = {{"g", 1 << 30}, {"m", 1 << 20}, {"k", 1 << 10}, {NULL, 0}};

static void value_write_units(const struct value_unit *units, uint64_t value, struct text *out)
{
	for (; value > 0 && units->word; units++)
		if (value % units->factor == 0) {
			text_format(out, "\"%llu%s\"", (unsigned long long)(value / units->factor), units->word);
			return;
		}
	text_add_u64(out, value);
}

static bool value_check_range(struct config_reader *r, const struct config_option *o, const config_setting_t *s,
	const struct value_unit *units, uint64_t value, bool negative)
{
	if (!negative && value >= o->min && value <= o->max)
		return true;
	struct text range = {0};
	value_write_units(units, o->min, &range);
	text_add_c(&range, " to ");
	value_write_units(units, o->max, &range);
	if (*o->unit)
		text_format(&range, "%s%s", strcmp(o->unit, "%") == 0 ? "" : " ", o->unit);
	if (*o->zero && o->min == 0)
		text_format(&range, " (0: %s)", o->zero);
	config_value_fail(r, o, s, "allowed: %.*s", (int)range.n, range.n ? range.data : "");
	text_free(&range);
	return false;
}

/* Digits and a unit, such as 500ms; false when it is not that. A number too large for 64 bits is the largest one. */
static bool value_parse_units(const char *text, const struct value_unit *units, uint64_t *out)
{
	size_t digits = strspn(text, "0123456789");
	uint64_t number;
	if (digits == 0)
		return false;
	if (!str_to_u64(str_make(text, digits), UINT64_MAX, &number))
		number = UINT64_MAX;
	for (; units->word; units++)
		if (str_equal_nocase(str_of(text + digits), str_of(units->word))) {
			if (__builtin_mul_overflow(number, units->factor, out))
				*out = UINT64_MAX;
			return true;
		}
	return false;
}

static bool value_read_number(struct config_reader *r, const struct config_option *o, const config_setting_t *s,
	const struct value_unit *units, uint64_t scale, void *field)
{
	uint64_t value = 0;
	bool negative = false;
	if (value_is_integer(s)) {
		negative = value_integer(s) < 0;
		value = (uint64_t)value_integer(s);
	} else if (s->type != CONFIG_TYPE_STRING || !value_parse_units(config_setting_get_string(s), units, &value)) {
		return config_value_mismatch(r, o, s);
	}
	if (!value_check_range(r, o, s, units, value, negative))
		return false;
	value_store(o, field, value * scale);
	return true;
}

static bool value_read_int(
	struct config_reader *r, const struct config_option *o, const config_setting_t *s, void *field)
{
	return value_read_number(r, o, s, value_no_units, 1, field);
}

static void value_write_int(const struct config_option *o, const void *field, struct text *out)
{
	text_add_u64(out, value_fetch(o, field));
}

static bool value_read_duration(
	struct config_reader *r, const struct config_option *o, const config_setting_t *s, void *field)
{
	return value_read_number(r, o, s, value_durations, 1000, field);
}

static void value_write_duration(const struct config_option *o, const void *field, struct text *out)
{
	value_write_units(value_durations, value_fetch(o, field) / 1000, out);
}

static bool value_read_size(
	struct config_reader *r, const struct config_option *o, const config_setting_t *s, void *field)
{
	return value_read_number(r, o, s, value_sizes, 1, field);
}

static void value_write_size(const struct config_option *o, const void *field, struct text *out)
{
	value_write_units(value_sizes, value_fetch(o, field), out);
}

static bool value_read_bool(
	struct config_reader *r, const struct config_option *o, const config_setting_t *s, void *field)
{
	if (s->type != CONFIG_TYPE_BOOL)
		return config_value_mismatch(r, o, s);
	*(bool *)field = config_setting_get_bool(s);
	return true;
}

static void value_write_bool(const struct config_option *o, const void *field, struct text *out)
{
	text_add_c(out, *(const bool *)field ? "true" : "false");
}

static bool value_read_octal(
	struct config_reader *r, const struct config_option *o, const config_setting_t *s, void *field)
{
	const char *text = s->type == CONFIG_TYPE_STRING ? config_setting_get_string(s) : "";
	size_t n = strlen(text);
	uint64_t value = 0;
	for (size_t i = 0; i < n && n <= 5; i++)
		value = value * 8 + (uint64_t)(text[i] - '0');
	if (n < 1 || n > 5 || strspn(text, "01234567") != n || value > o->max)
		return config_value_mismatch(r, o, s);
	value_store(o, field, value);
	return true;
}

static void value_write_octal(const struct config_option *o, const void *field, struct text *out)
{
	text_format(out, "\"%04o\"", (unsigned)value_fetch(o, field));
}

/* ---- words ---- */

bool config_value_find_word(
	struct config_reader *r, const struct config_option *o, const config_setting_t *s, uint32_t *index)
{
	struct str word;
	if (s->type == CONFIG_TYPE_STRING)
		for (*index = 0; config_word_at(o->words, *index, &word); ++*index)
			if (str_equal(word, str_of(config_setting_get_string(s))))
				return true;
	struct text allowed = {0};
	for (uint32_t i = 0; config_word_at(o->words, i, &word); i++)
		text_format(&allowed, "%s\"%.*s\"", i ? ", " : "", (int)word.n, word.p);
	config_value_fail(r, o, s, "allowed: %.*s", (int)allowed.n, allowed.n ? allowed.data : "");
	text_free(&allowed);
	return false;
}

static bool value_read_word(
	struct config_reader *r, const struct config_option *o, const config_setting_t *s, void *field)
{
	uint32_t index;
	if (!config_value_find_word(r, o, s, &index))
		return false;
	value_store(o, field, index);
	return true;
}

static void value_write_word(const struct config_option *o, const void *field, struct text *out)
{
	struct str word;
	if (config_word_at(o->words, (uint32_t)value_fetch(o, field), &word))
		text_format(out, "\"%.*s\"", (int)word.n, word.p);
}

/* ---- texts ---- */

bool config_value_check_text(
	struct config_reader *r, const struct config_option *o, const config_setting_t *s, const char *text)
{
	size_t n = strlen(text);
	if (n < o->min && n == 0)
		return config_value_fail(r, o, s, "it must not be empty");
	if (n < o->min || n > o->max)
		return config_value_fail(r, o, s, "it has %zu bytes; allowed: %llu to %llu", n,
			(unsigned long long)o->min, (unsigned long long)o->max);
	for (const char *c = text; *c; c++) {
		bool line_end = *c == '\n' || *c == '\r' || *c == '\t';
		if (((unsigned char)*c < 0x20 || *c == 0x7f) && !(line_end && o->type == CONFIG_TYPE_OF_BODY))
			return config_value_fail(r, o, s, "it holds the control character 0x%02x", (unsigned char)*c);
	}
	return true;
}

static bool value_read_text(
	struct config_reader *r, const struct config_option *o, const config_setting_t *s, void *field)
{
	if (s->type != CONFIG_TYPE_STRING)
		return config_value_mismatch(r, o, s);
	const char *text = config_setting_get_string(s);
	return config_value_check_text(r, o, s, text) && config_value_copy(r, text, field);
}

static void value_write_text(const struct config_option *o, const void *field, struct text *out)
{
	const char *text = *(const char *const *)field;
	config_write_quoted(out, text ? text : "");
}

bool config_text_is_token(const char *text)
{
	static const char bytes[] = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	return *text && text[strspn(text, bytes)] == '\0';
}

static bool value_read_token(
	struct config_reader *r, const struct config_option *o, const config_setting_t *s, void *field)
{
	const char *text = s->type == CONFIG_TYPE_STRING ? config_setting_get_string(s) : NULL;
	if (!text || (!config_text_is_token(text) && (*text || o->min > 0)))
		return config_value_mismatch(r, o, s);
	return value_read_text(r, o, s, field);
}

static bool value_is_name(const char *text)
{
	size_t n = strspn(text, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-");
	return text[n] == '\0' && ((*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z'));
}

static bool value_read_name(
	struct config_reader *r, const struct config_option *o, const config_setting_t *s, void *field)
{
	const char *text = s->type == CONFIG_TYPE_STRING ? config_setting_get_string(s) : NULL;
	if (!text || (!value_is_name(text) && (*text || o->min > 0)))
		return config_value_mismatch(r, o, s);
	return value_read_text(r, o, s, field);
}

static bool value_read_key(
	struct config_reader *r, const struct config_option *o, const config_setting_t *s, void *field)
{
	static const char *const plain[] = {"", "src", "uri", "path", "host"};
	static const char *const named[] = {"header:", "cookie:", "query:"};
	const char *text = s->type == CONFIG_TYPE_STRING ? config_setting_get_string(s) : NULL;
	bool known = false;
	for (size_t i = 0; text && i < sizeof(plain) / sizeof(*plain); i++)
		known |= strcmp(text, plain[i]) == 0;
	for (size_t i = 0; text && i < sizeof(named) / sizeof(*named); i++)
		known |= str_starts_with(str_of(text), str_of(named[i])) && config_text_is_token(strchr(text, ':') + 1);
	return known ? value_read_text(r, o, s, field) : config_value_mismatch(r, o, s);
}

/* Fills two fields, which stand together: what is sent, and the name if it is one. */
static bool value_read_host_header(
	struct config_reader *r, const struct config_option *o, const config_setting_t *s, void *field)
{
	struct config_backend *b = (struct config_backend *)((char *)field - o->offset);
	const char *text = s->type == CONFIG_TYPE_STRING ? config_setting_get_string(s) : NULL;
	if (!text || text[strcspn(text, " \t/\\@?#")])
		return config_value_mismatch(r, o, s);
	if (!config_value_check_text(r, o, s, text))
		return false;
	bool preserve = strcmp(text, "preserve") == 0, server = strcmp(text, "server") == 0;
	if (!config_value_copy(r, preserve || server ? "" : text, &b->host_name))
		return false;
	b->host_header = preserve ? CONFIG_HOST_PRESERVE : server ? CONFIG_HOST_SERVER : CONFIG_HOST_NAME;
	return true;
}

static void value_write_host_header(const struct config_option *o, const void *field, struct text *out)
{
	const struct config_backend *b = (const struct config_backend *)((const char *)field - o->offset);
	config_write_quoted(out, b->host_header == CONFIG_HOST_PRESERVE ? "preserve"
				 : b->host_header == CONFIG_HOST_SERVER ? "server"
									: b->host_name);
}

static const struct config_type_class value_classes[] = {
	[CONFIG_TYPE_OF_BOOL] = {"true or false", value_read_bool, value_write_bool},
	[CONFIG_TYPE_OF_INT] = {"a whole number, such as 4", value_read_int, value_write_int},
	[CONFIG_TYPE_OF_PERCENT] = {"a whole number of percent, such as 50", value_read_int, value_write_int},
	[CONFIG_TYPE_OF_DURATION] =
		{"a duration with its unit (ms, s, m, h, d), such as \"500ms\", or a whole number of "
		 "milliseconds",
			value_read_duration, value_write_duration},
	[CONFIG_TYPE_OF_SIZE] = {"a size with its unit (k, m, g), such as \"16k\", or a whole number of bytes",
		value_read_size, value_write_size},
	[CONFIG_TYPE_OF_OCTAL] = {"permission bits as an octal text, such as \"0660\"", value_read_octal,
		value_write_octal},
	[CONFIG_TYPE_OF_TEXT] = {"a text in quotes", value_read_text, value_write_text},
	[CONFIG_TYPE_OF_BODY] = {"a text in quotes", value_read_text, value_write_text},
	[CONFIG_TYPE_OF_PATTERN] = {"a pattern in quotes, such as \"^/api/\"", value_read_text, value_write_text},
	[CONFIG_TYPE_OF_TOKEN] = {"a name without spaces or separators (RFC 9110 token), such as \"X-User\"",
		value_read_token, value_write_text},
	[CONFIG_TYPE_OF_PLUGIN] = {"the name of an algorithm: a letter, then letters, digits, _ or -, such as \"p2c\"",
		value_read_name, value_write_text},
	[CONFIG_TYPE_OF_KEY] = {"src, uri, path, host, header:NAME, cookie:NAME or query:NAME", value_read_key,
		value_write_text},
	[CONFIG_TYPE_OF_BACKEND_NAME] = {"the name of a backend, such as \"app\"", value_read_name, value_write_text},
	[CONFIG_TYPE_OF_HOST_HEADER] = {"\"preserve\", \"server\" or a host such as \"www.example.org\"",
		value_read_host_header, value_write_host_header},
	[CONFIG_TYPE_OF_WORD] = {"", value_read_word, value_write_word},
};

const struct config_type_class *config_type_class(enum config_type type)
{
	switch (type) {
	case CONFIG_TYPE_OF_WORDS:
		return &config_class_words;
	case CONFIG_TYPE_OF_TEXTS:
		return &config_class_texts;
	case CONFIG_TYPE_OF_TOKENS:
		return &config_class_tokens;
	case CONFIG_TYPE_OF_ADDRESS:
		return &config_class_address;
	case CONFIG_TYPE_OF_ADDRESSES:
		return &config_class_addresses;
	case CONFIG_TYPE_OF_NETWORKS:
		return &config_class_networks;
	case CONFIG_TYPE_OF_STATUSES:
		return &config_class_statuses;
	case CONFIG_TYPE_OF_PEERS:
		return &config_class_peers;
	case CONFIG_TYPE_OF_FIELD_NAMES:
		return &config_class_field_names;
	case CONFIG_TYPE_OF_PROTOCOLS:
		return &config_class_protocols;
	default:
		return type < CONFIG_TYPE_OF_WORDS ? &value_classes[type] : NULL;
	}
}

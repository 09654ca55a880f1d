/* The doors of the layer: a file, bytes or arguments in, a configuration or messages out. */
#include "config.h"

#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "config/load.h"
#include "config/references.h"
#include "config/schema.h"

/* libconfig reads and writes numbers by the locale of the thread. */
static locale_t load_pin_locale(locale_t *c)
{
	*c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	return *c ? uselocale(*c) : (locale_t)0;
}

static void load_restore_locale(locale_t before, locale_t c)
{
	if (!c)
		return;
	uselocale(before);
	freelocale(c);
}

static bool load_parse_defaults(config_t *parser, struct config_report *report)
{
	struct text text = {0};
	config_schema_write_defaults(&text);
	text_add_char(&text, '\0');
	bool ok = !text.failed && config_read_string(parser, text.data);
	if (!ok)
		config_report_error(report, (struct config_place){0, 0}, "the built-in defaults cannot be parsed: %s",
			text.failed ? "out of memory" : config_error_text(parser));
	text_free(&text);
	return ok;
}

/* What the scanner let through is libconfig's language; if libconfig thinks otherwise, that is an error like others. */
static bool load_parse_file(config_t *parser, const struct config_scan *scan, struct config_report *report)
{
	if (config_read_string(parser, scan->text.data))
		return true;
	unsigned line = (unsigned)config_error_line(parser);
	struct config_place at = {0, 0};
	if (line >= 1 && line <= scan->count)
		at = scan->lines[line - 1].at;
	if (!scan->partial)
		config_report_error(
			report, at, "%s", config_error_text(parser) ? config_error_text(parser) : "syntax error");
	return false;
}

static const char **load_copy_files(struct config_reader *r)
{
	const char **files = config_value_alloc(r, r->report->file_count + 1, sizeof(*files));
	for (uint32_t i = 0; files && i < r->report->file_count; i++)
		if (!config_value_copy(r, r->report->files[i], &files[i]))
			return NULL;
	return files;
}

/* What follows another option unless it is written. */
static void load_follow(struct config *config)
{
	enum { FAST_AT_MOST = 1000000 };
	for (uint32_t i = 0; i < config->backend_count; i++) {
		struct config_check *check = &config->backends[i].check;
		if (!check->fast_interval)
			check->fast_interval = check->interval < FAST_AT_MOST ? check->interval : FAST_AT_MOST;
		if (!check->down_interval)
			check->down_interval = check->interval;
	}
}

static void load_read(struct config *config, const struct config_scan *scan, struct config_report *report)
{
	struct config_reader reader = {.arena = &config->arena, .report = report};
	config_t defaults, parser;
	config_init(&defaults);
	config_init(&parser);
	reader.files = load_copy_files(&reader);
	if (reader.files && load_parse_defaults(&defaults, report) && load_parse_file(&parser, scan, report) &&
		config_schema_prepare(&reader, config_root_setting(&defaults))) {
		config->file = reader.files[0];
		reader.scan = scan;
		config_schema_read(&reader, config_root_setting(&parser), config);
		if (!scan->partial)
			config_check_references(config, report);
		load_follow(config);
	}
	config_destroy(&defaults);
	config_destroy(&parser);
}

static struct config *load_content(const char *file, struct str content, struct config_report *report)
{
	struct config *config = calloc(1, sizeof(*config));
	if (!config) {
		report->failed = true;
		return NULL;
	}
	arena_init(&config->arena, NULL, 0);
	struct config_scan scan;
	locale_t c, before = load_pin_locale(&c);
	if (config_scan_file(&scan, report, file, content))
		load_read(config, &scan, report);
	config_scan_free(&scan);
	load_restore_locale(before, c);
	if (config_report_bad(report)) {
		config_free(config);
		return NULL;
	}
	return config;
}

struct config *config_load_report(const char *file, struct str content, bool lines, struct text *messages)
{
	struct config_report report;
	config_report_init(&report);
	report.no_lines = !lines;
	struct config *config = load_content(file, content, &report);
	config_report_write(&report, messages);
	config_report_free(&report);
	return config;
}

struct config *config_load(const char *file, struct text *messages)
{
	return config_load_report(file, str_make(NULL, 0), true, messages);
}

struct config *config_load_text(const char *file, struct str content, struct text *messages)
{
	return config_load_report(file, content.p ? content : str_of(""), true, messages);
}

void config_write_error(char *out, size_t size, const char *file, unsigned line, const char *format, ...)
{
	va_list values;
	int n = line ? snprintf(out, size, "%s:%u: error: ", file, line) : snprintf(out, size, "%s: error: ", file);
	va_start(values, format);
	if (n >= 0 && (size_t)n < size)
		vsnprintf(out + n, size - (size_t)n, format, values);
	va_end(values);
}

void config_free(struct config *config)
{
	if (!config)
		return;
	arena_reset(&config->arena);
	free(config);
}

const struct config_backend *config_find_backend(const struct config *config, const char *name)
{
	for (uint32_t i = 0; i < config->backend_count; i++)
		if (config->backends[i].name && strcmp(config->backends[i].name, name) == 0)
			return &config->backends[i];
	return NULL;
}

static bool config_network_contains(const struct config_network *n, const struct in6_addr *address)
{
	unsigned whole = n->prefix / 8, rest = n->prefix % 8;
	if (memcmp(n->address.s6_addr, address->s6_addr, whole) != 0)
		return false;
	return !rest || (n->address.s6_addr[whole] ^ address->s6_addr[whole]) >> (8 - rest) == 0;
}

bool config_networks_contain(const struct config_networks *networks, const struct in6_addr *address)
{
	for (uint32_t i = 0; i < networks->count; i++)
		if (config_network_contains(&networks->at[i], address))
			return true;
	return false;
}

static unsigned char load_fold(char c)
{
	return c == '_' ? '-' : str_lower((unsigned char)c);
}

/* Most names differ in one of their first bytes, so nothing is measured before. */
static bool load_name_matches(const char *known, struct str name)
{
	size_t n = 0;
	for (; known[n] && (known[n] != '*' || known[n + 1]); n++)
		if (n == name.n || load_fold(known[n]) != load_fold(name.p[n]))
			return false;
	return known[n] == '*' || n == name.n;
}

bool config_field_names_find(const struct config_field_names *names, struct str name)
{
	for (uint32_t i = 0; i < names->names.count; i++)
		if (load_name_matches(names->names.at[i], name))
			return true;
	return false;
}

bool config_statuses_contain(const struct config_statuses *statuses, unsigned status)
{
	for (uint32_t i = 0; i < statuses->count; i++)
		if (status >= statuses->at[i].low && status <= statuses->at[i].high)
			return true;
	return false;
}

const char *config_library_version(void)
{
	_Static_assert(LIBCONFIG_VER_MAJOR == 1 && LIBCONFIG_VER_MINOR < 10, "the text below has room for it");
	static const char version[] = {'l', 'i', 'b', 'c', 'o', 'n', 'f', 'i', 'g', ' ', '0' + LIBCONFIG_VER_MAJOR, '.',
		'0' + LIBCONFIG_VER_MINOR, '.', '0' + LIBCONFIG_VER_REVISION, '\0'};
	return version;
}

/* Walks the settings of a file by index (libconfig's lookup by name is linear) and fills structs by the rows.
 *
 * Objects begin as copies of templates. The templates hold the defaults of the table, and then what the file's
 * `defaults` says, so groups merge key by key and lists replace without any code for it. */
#include "config.h"

#include "config/schema.h"

static void schema_read_group(
	struct config_reader *r, enum config_group group, const config_setting_t *settings, char *base);

bool config_field_is_zero(const struct config_option *o, const void *base)
{
	static const char zero[64];
	uint32_t size = o->size < sizeof(zero) ? o->size : sizeof(zero);
	return memcmp((const char *)base + o->offset, zero, size) == 0;
}

bool config_switch_is_off(const struct config_option *first, const void *base)
{
	if (config_type_is_text(first->type) && !config_field_is_zero(first, base))
		return **(const char *const *)(const void *)((const char *)base + first->offset) == '\0';
	return config_field_is_zero(first, base);
}

/* ---- unknown keys ---- */

static void schema_list_keys(
	enum config_group group, const char *written, struct config_nearest *best, struct text *keys, unsigned *count)
{
	for (uint32_t i = 0; i < config_option_count; i++)
		if (config_options[i].group == group) {
			config_nearest_try(best, written, config_options[i].key);
			text_format(keys, "%s%s", (*count)++ ? ", " : "", config_options[i].key);
		}
}

/* other: a second group whose keys are allowed as well, or the same one again. */
static void schema_report_unknown(struct config_reader *r, const config_setting_t *s, const char *where,
	enum config_group group, enum config_group other)
{
	enum { SHOWN = 9 };
	struct config_nearest best = {0};
	struct text keys = {0};
	unsigned count = 0;
	if (config_report_full(r->report)) {
		config_reader_error(r, s, "unknown option");
		return;
	}
	if (group == CONFIG_GROUP_ROOT) {
		config_nearest_try(&best, config_value_name(r, s), "defaults");
		text_add_c(&keys, "defaults, ");
	}
	schema_list_keys(group, config_value_name(r, s), &best, &keys, &count);
	if (other != group)
		schema_list_keys(other, config_value_name(r, s), &best, &keys, &count);
	bool list = count <= SHOWN && !keys.failed;
	config_reader_error(r, s, "unknown option \"%.80s\" in %s%s%s%s%s%.*s", config_value_name(r, s), where,
		best.name ? "; did you mean \"" : "", best.name ? best.name : "", best.name ? "\"?" : "",
		!list       ? best.name ? "" : "; lbd --list=options shows what is allowed"
		: best.name ? " Allowed: "
			    : "; allowed: ",
		list ? (int)keys.n : 0, list ? keys.data : "");
	text_free(&keys);
}

/* ---- options without effect ---- */

static bool schema_differs_from_default(struct config_reader *r, const struct config_option *o, const void *field)
{
	union {
		char bytes[64];
		uint64_t align;
		void *pointer;
	} initial = {{0}};
	const struct config_type_class *class = config_type_class(o->type);
	const config_setting_t *group = config_value_elem(r->defaults, o->group), *s = NULL;
	for (unsigned i = 0; i < config_value_length(group); i++)
		if (strcmp(config_value_elem(group, i)->name, o->key) == 0)
			s = config_value_elem(group, i);
	if (!s || !class->read(r, o, s, initial.bytes))
		return true;
	struct text a = {0}, b = {0};
	class->write(o, field, &a);
	class->write(o, initial.bytes, &b);
	bool differs = !str_equal(text_str(&a), text_str(&b));
	text_free(&a);
	text_free(&b);
	return differs;
}

static void schema_warn_later(struct config_reader *r, const struct config_option *o, const config_setting_t *s)
{
	char path[64];
	if (!r->silent && r->scan)
		config_report_warning(r->report, config_value_place(r, s), "%s has no effect in this version yet",
			config_option_path(o, path));
}

/* ---- groups ---- */

/* An OPTIONAL group begins to exist when it is written: its switch gets the default that it had not so far. */
static void schema_switch_on(struct config_reader *r, enum config_group group, char *base)
{
	const struct config_option *first = config_option_first(group);
	const config_setting_t *defaults = config_value_elem(r->defaults, group);
	if (!config_option_has_default(first) || !config_switch_is_off(first, base))
		return;
	const struct config_type_class *class = config_type_class(first->type);
	if (!class->read(r, first, config_value_elem(defaults, 0), base + first->offset))
		r->report->failed = true;
}

static void schema_set_place(struct config_reader *r, enum config_group group, const config_setting_t *s, char *base)
{
	struct config_place at = config_value_place(r, s);
	const char *file = config_value_file(r, s);
	if (config_groups[group].line_offset == UINT32_MAX)
		return;
	memcpy(base + config_groups[group].line_offset, &at.line, sizeof(at.line));
	memcpy(base + config_groups[group].file_offset, &file, sizeof(file));
}

static void schema_check_required(
	struct config_reader *r, enum config_group group, const config_setting_t *s, const char *base)
{
	for (uint32_t i = 0; i < config_option_count; i++) {
		const struct config_option *o = &config_options[i];
		char path[64];
		/* An element that was refused leaves the field empty; its own error is enough. */
		bool written = false;
		if (o->group != group || !config_option_is_required(o) || !config_field_is_zero(o, base))
			continue;
		for (unsigned k = 0; k < config_value_length(s); k++)
			written |= strcmp(config_value_name(r, config_value_elem(s, k)), o->key) == 0;
		if (!written && r->scan && !r->scan->partial)
			config_reader_error(r, s, "%s is missing; it has no default", config_option_path(o, path));
	}
}

/* An optional group without effect is worth one warning; in others each value that differs from its default is. */
static enum config_warnings schema_enter(
	struct config_reader *r, const struct config_option *o, const config_setting_t *s, bool whole)
{
	enum config_warnings before = r->warnings;
	if (o->effect == CONFIG_EFFECT_LATER && before == CONFIG_WARN_LATER) {
		if (whole)
			schema_warn_later(r, o, s);
		r->warnings = whole ? CONFIG_WARN_NONE : CONFIG_WARN_ALL;
	}
	return before;
}

static void schema_read_one_group(
	struct config_reader *r, const struct config_option *o, const config_setting_t *s, char *base)
{
	bool optional = o->type == CONFIG_TYPE_OF_OPTIONAL;
	if (s->type != CONFIG_TYPE_GROUP) {
		config_value_mismatch(r, o, s);
		return;
	}
	enum config_warnings before = schema_enter(r, o, s, optional);
	if (optional)
		schema_switch_on(r, o->child, base);
	schema_set_place(r, o->child, s, base);
	schema_read_group(r, o->child, s, base);
	if (optional)
		schema_check_required(r, o->child, s, base);
	r->warnings = before;
}

/* A text stands for the whole group: its first row, and defaults for the others. */
static void schema_read_name_or_group(
	struct config_reader *r, const struct config_option *o, const config_setting_t *s, char *base)
{
	const struct config_option *first = config_option_first(o->child);
	if (s->type == CONFIG_TYPE_STRING) {
		memcpy(base, r->templates[o->child], config_groups[o->child].size);
		schema_set_place(r, o->child, s, base);
		if (!config_type_class(first->type)->read(r, first, s, base + first->offset))
			return;
	} else if (s->type == CONFIG_TYPE_GROUP) {
		schema_read_one_group(r, o, s, base);
	} else {
		config_value_fail(r, o, s, "needed: a name in quotes, or a group { }");
	}
}

static void schema_read_object(struct config_reader *r, enum config_group group, const config_setting_t *s, char *base)
{
	schema_set_place(r, group, s, base);
	schema_read_group(r, group, s, base);
	schema_check_required(r, group, s, base);
}

static void schema_read_list(
	struct config_reader *r, const struct config_option *o, const config_setting_t *s, void *field)
{
	if (s->type != CONFIG_TYPE_LIST && !(s->type == CONFIG_TYPE_ARRAY && config_value_length(s) == 0)) {
		config_value_fail(r, o, s, "needed: a list of groups, such as ( { ... }, { ... } )");
		return;
	}
	uint32_t count = config_value_length(s), size = config_groups[o->child].size;
	struct config_array array = {config_value_alloc(r, count, size), count};
	if (!array.at)
		return;
	enum config_warnings before = schema_enter(r, o, s, true);
	for (uint32_t i = 0; i < count; i++) {
		const config_setting_t *element = config_value_elem(s, i);
		char *base = (char *)array.at + (size_t)i * size;
		memcpy(base, r->templates[o->child], size);
		if (element->type == CONFIG_TYPE_GROUP)
			schema_read_object(r, o->child, element, base);
		else
			config_value_fail(r, o, element, "each element must be a group { }");
	}
	r->warnings = before;
	memcpy(field, &array.at, sizeof(array.at));
	memcpy((char *)field + sizeof(array.at), &array.count, sizeof(array.count));
}

/* ---- named groups ---- */

static const char *schema_name_of(const char *object)
{
	const char *name;
	memcpy(&name, object, sizeof(name));
	return name;
}

/* The object of this name among those that came from `defaults`, else a new one behind the others. */
static char *schema_named_slot(struct config_array *array, uint32_t inherited, uint32_t size, const char *name)
{
	char *objects = array->at;
	for (uint32_t i = 0; i < inherited; i++)
		if (strcmp(schema_name_of(objects + (size_t)i * size), name) == 0)
			return objects + (size_t)i * size;
	return objects + (size_t)array->count++ * size;
}

static void schema_read_named(
	struct config_reader *r, const struct config_option *o, const config_setting_t *s, void *field)
{
	enum { NAME_MAX_BYTES = 128 };
	uint32_t size = config_groups[o->child].size;
	struct config_array old = {0}, array = {0};
	if (s->type != CONFIG_TYPE_GROUP) {
		config_value_fail(r, o, s, "needed: named groups, such as { name: { ... }; }");
		return;
	}
	memcpy(&old.at, field, sizeof(old.at));
	memcpy(&old.count, (char *)field + sizeof(old.at), sizeof(old.count));
	array.at = config_value_alloc(r, (size_t)old.count + config_value_length(s), size);
	if (!array.at)
		return;
	if (old.count > 0)
		memcpy(array.at, old.at, (size_t)old.count * size);
	array.count = old.count;
	for (unsigned i = 0; i < config_value_length(s); i++) {
		const config_setting_t *element = config_value_elem(s, i);
		const char *written = config_value_name(r, element);
		if (config_value_is_duplicate(r, element))
			continue;
		if (strlen(written) > NAME_MAX_BYTES)
			config_reader_error(
				r, element, "the name \"%.40s...\" has more than %d bytes", written, NAME_MAX_BYTES);
		if (element->type != CONFIG_TYPE_GROUP) {
			char found[96];
			config_reader_error(r, element, "\"%.80s\" is %s; it must be a group { }", written,
				config_value_describe(element, found));
			continue;
		}
		uint32_t before = array.count;
		char *base = schema_named_slot(&array, old.count, size, written);
		if (array.count > before)
			memcpy(base, r->templates[o->child], size);
		const char *name;
		if (!config_value_copy(r, written, &name))
			return;
		memcpy(base, &name, sizeof(name));
		schema_read_object(r, o->child, element, base);
	}
	memcpy(field, &array.at, sizeof(array.at));
	memcpy((char *)field + sizeof(array.at), &array.count, sizeof(array.count));
}

/* ---- one option, one group ---- */

static void schema_read_option(
	struct config_reader *r, const struct config_option *o, const config_setting_t *s, char *base)
{
	char *field = base + o->offset;
	switch (o->type) {
	case CONFIG_TYPE_OF_GROUP:
	case CONFIG_TYPE_OF_OPTIONAL:
		schema_read_one_group(r, o, s, field);
		return;
	case CONFIG_TYPE_OF_NAME_OR_GROUP:
		schema_read_name_or_group(r, o, s, field);
		return;
	case CONFIG_TYPE_OF_NAMED:
		schema_read_named(r, o, s, field);
		return;
	case CONFIG_TYPE_OF_LIST:
		schema_read_list(r, o, s, field);
		return;
	default:
		break;
	}
	if (!config_type_class(o->type)->read(r, o, s, field) || !r->scan)
		return;
	/* Servers are many, and no value of theirs is checked against another. */
	if (o->group != CONFIG_GROUP_SERVER)
		config_report_mark(r->report, field, config_value_place(r, s));
	bool later =
		o->effect == CONFIG_EFFECT_LATER ? r->warnings != CONFIG_WARN_NONE : r->warnings == CONFIG_WARN_ALL;
	if (later && schema_differs_from_default(r, o, field))
		schema_warn_later(r, o, s);
}

static void schema_read_group(
	struct config_reader *r, enum config_group group, const config_setting_t *settings, char *base)
{
	for (unsigned i = 0; i < config_value_length(settings); i++) {
		const config_setting_t *s = config_value_elem(settings, i);
		const struct config_option *o = config_option_find(group, config_value_name(r, s));
		if (o)
			schema_read_option(r, o, s, base);
		else if (!config_value_is_duplicate(r, s))
			schema_report_unknown(r, s, config_groups[group].path, group, group);
	}
}

/* ---- defaults ---- */

void config_schema_write_defaults(struct text *out)
{
	for (uint32_t g = 0; g < CONFIG_GROUP_COUNT; g++) {
		text_format(out, "g%u: {", g);
		for (uint32_t i = 0; i < config_option_count; i++)
			if (config_options[i].group == g && config_option_has_default(&config_options[i]))
				text_format(out, " %s = %s;", config_options[i].key, config_options[i].initial);
		text_add_c(out, " };\n");
	}
}

/* Inner groups first hold their own rows' defaults; the switch of an optional one is off. */
static void schema_fill_template(struct config_reader *r, enum config_group group, char *base)
{
	for (uint32_t i = 0; i < config_option_count; i++) {
		const struct config_option *o = &config_options[i];
		if (o->group != group || !(o->type == CONFIG_TYPE_OF_GROUP || o->type == CONFIG_TYPE_OF_OPTIONAL ||
						 o->type == CONFIG_TYPE_OF_NAME_OR_GROUP))
			continue;
		const struct config_option *first = config_option_first(o->child);
		schema_fill_template(r, o->child, base + o->offset);
		if (o->type == CONFIG_TYPE_OF_OPTIONAL && config_type_is_text(first->type) &&
			config_option_has_default(first))
			*(const char **)(void *)(base + o->offset + first->offset) = "";
		else if (o->type == CONFIG_TYPE_OF_OPTIONAL)
			memset(base + o->offset + first->offset, 0, first->size);
	}
	schema_read_group(r, group, config_value_elem(r->defaults, group), base);
}

bool config_schema_prepare(struct config_reader *r, const config_setting_t *defaults)
{
	r->defaults = defaults;
	for (uint32_t g = 0; g < CONFIG_GROUP_COUNT; g++) {
		r->templates[g] = config_value_alloc(r, 1, config_groups[g].size);
		if (!r->templates[g])
			return false;
		schema_fill_template(r, g, r->templates[g]);
	}
	return !r->report->failed;
}

/* ---- the file ---- */

/* Each key goes to the frontends, to the backends, or to both; messages come once. */
static void schema_read_defaults(struct config_reader *r, const config_setting_t *s)
{
	if (s->type != CONFIG_TYPE_GROUP) {
		config_reader_error(r, s, "defaults must be a group { }");
		return;
	}
	for (unsigned i = 0; i < config_value_length(s); i++) {
		const config_setting_t *key = config_value_elem(s, i);
		const struct config_option *f = config_option_find(CONFIG_GROUP_FRONTEND, config_value_name(r, key));
		const struct config_option *b = config_option_find(CONFIG_GROUP_BACKEND, config_value_name(r, key));
		if (!f && !b && !config_value_is_duplicate(r, key))
			schema_report_unknown(r, key, "defaults", CONFIG_GROUP_FRONTEND, CONFIG_GROUP_BACKEND);
		if (f)
			schema_read_option(r, f, key, r->templates[CONFIG_GROUP_FRONTEND]);
		r->silent = f != NULL;
		if (b)
			schema_read_option(r, b, key, r->templates[CONFIG_GROUP_BACKEND]);
		r->silent = false;
	}
}

void config_schema_read(struct config_reader *r, const config_setting_t *root, struct config *config)
{
	config->global = *(struct config_global *)r->templates[CONFIG_GROUP_GLOBAL];
	for (unsigned i = 0; i < config_value_length(root); i++)
		if (strcmp(config_value_name(r, config_value_elem(root, i)), "defaults") == 0)
			schema_read_defaults(r, config_value_elem(root, i));
	for (unsigned i = 0; i < config_value_length(root); i++) {
		const config_setting_t *s = config_value_elem(root, i);
		const struct config_option *o = config_option_find(CONFIG_GROUP_ROOT, config_value_name(r, s));
		if (o)
			schema_read_option(r, o, s, (char *)config);
		else if (strcmp(config_value_name(r, s), "defaults") != 0 && !config_value_is_duplicate(r, s))
			schema_report_unknown(r, s, "the file", CONFIG_GROUP_ROOT, CONFIG_GROUP_ROOT);
	}
}

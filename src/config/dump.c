/* --dump-config and --list=options: the rows, written out. */
#include "config.h"

#include <stdio.h>

#include "config/effect.h"
#include "config/schema.h"

/* The frontend or backend that is written, for options that have no effect in it are left out. */
struct dump_in {
	enum config_group group;
	const char *object;
};

static void dump_group(
	enum config_group group, const char *base, const struct dump_in *in, unsigned indent, struct text *out);

static void dump_indent(unsigned indent, struct text *out)
{
	for (unsigned i = 0; i < indent; i++)
		text_add_char(out, '\t');
}

static struct config_array dump_array(const char *field)
{
	struct config_array array = {0};
	memcpy(&array.at, field, sizeof(array.at));
	memcpy(&array.count, field + sizeof(array.at), sizeof(array.count));
	return array;
}

static void dump_block(const char *head, enum config_group group, const char *base, const struct dump_in *in,
	unsigned indent, struct text *out)
{
	dump_indent(indent, out);
	text_format(out, "%s{\n", head);
	dump_group(group, base, in, indent + 1, out);
	dump_indent(indent, out);
	text_add_char(out, '}');
}

/* An array of objects: a group with their names, or a list. */
static void dump_objects(const struct config_option *o, const char *field, const struct dump_in *outer, unsigned indent,
	struct text *out)
{
	struct config_array array = dump_array(field);
	bool named = o->type == CONFIG_TYPE_OF_NAMED;
	/* A list that is not written is empty. */
	if (array.count == 0 && !named)
		return;
	dump_indent(indent, out);
	if (array.count == 0) {
		text_format(out, "%s: { };\n", o->key);
		return;
	}
	text_format(out, "%s%s\n", o->key, named ? ": {" : " = (");
	for (uint32_t i = 0; i < array.count; i++) {
		const char *object = (const char *)array.at + (size_t)i * config_groups[o->child].size;
		const char *name = "";
		if (named)
			memcpy(&name, object, sizeof(name));
		struct text head = {0};
		text_format(&head, "%s%s%c", name, named ? ": " : "", '\0');
		const struct dump_in own = {o->child, object};
		bool side = o->child == CONFIG_GROUP_FRONTEND || o->child == CONFIG_GROUP_BACKEND;
		dump_block(head.data ? head.data : "", o->child, object, side ? &own : outer, indent + 1, out);
		out->failed |= head.failed;
		text_free(&head);
		text_add_c(out, named ? ";\n" : i + 1 < array.count ? ",\n" : "\n");
	}
	dump_indent(indent, out);
	text_format(out, "%s\n", named ? "};" : ");");
}

static void dump_inner(
	const struct config_option *o, const char *field, const struct dump_in *in, unsigned indent, struct text *out)
{
	if (o->type == CONFIG_TYPE_OF_NAMED || o->type == CONFIG_TYPE_OF_LIST) {
		dump_objects(o, field, in, indent, out);
		return;
	}
	if (o->type == CONFIG_TYPE_OF_OPTIONAL && config_switch_is_off(config_option_first(o->child), field))
		return;
	char head[64];
	snprintf(head, sizeof(head), "%s: ", o->key);
	dump_block(head, o->child, field, in, indent, out);
	text_add_c(out, ";\n");
}

static void dump_group(
	enum config_group group, const char *base, const struct dump_in *in, unsigned indent, struct text *out)
{
	for (uint32_t i = 0; i < config_option_count; i++) {
		const struct config_option *o = &config_options[i];
		if (o->group != group || config_effect_idle(o->effect, in->group, in->object))
			continue;
		if (config_option_is_group(o)) {
			dump_inner(o, base + o->offset, in, indent, out);
		} else if (config_option_has_default(o) || !config_field_is_zero(o, base)) {
			dump_indent(indent, out);
			text_format(out, "%s = ", o->key);
			config_type_class(o->type)->write(o, base + o->offset, out);
			text_add_c(out, ";\n");
		}
	}
}

void config_dump(const struct config *config, struct text *out)
{
	const struct dump_in nowhere = {CONFIG_GROUP_ROOT, NULL};
	dump_group(CONFIG_GROUP_ROOT, (const char *)config, &nowhere, 0, out);
}

static void list_option(const struct config_option *o, struct text *out)
{
	static const char *const units[] = {
		[CONFIG_TYPE_OF_DURATION] = "ms", [CONFIG_TYPE_OF_SIZE] = "bytes", [CONFIG_TYPE_OF_STATUSES] = ""};
	/* What depends on more than the mode says so in its help. */
	const char *effect = o->effect == CONFIG_EFFECT_LATER                                              ? "later"
			     : o->effect == CONFIG_EFFECT_HTTP || o->effect == CONFIG_EFFECT_FRONTEND_HTTP ? "http"
													   : "live";
	const char *unit =
		(o->type == CONFIG_TYPE_OF_DURATION || o->type == CONFIG_TYPE_OF_SIZE) ? units[o->type] : o->unit;
	bool number = o->type >= CONFIG_TYPE_OF_INT && o->type <= CONFIG_TYPE_OF_SIZE;
	char path[64];
	text_format(out, "%s\t", config_option_path(o, path));
	config_option_write_type(o, out);
	text_format(out, "\t%s\t%s\t",
		config_option_is_required(o)   ? "required"
		: config_option_has_default(o) ? o->initial
					       : "-",
		*unit ? unit : "-");
	if (number)
		text_format(out, "%llu..%llu", (unsigned long long)o->min, (unsigned long long)o->max);
	else
		text_add_char(out, '-');
	text_format(out, "\t%s\t%s\t%s\n", *o->zero ? o->zero : "-", effect, o->help);
}

void config_list_options(struct text *out)
{
	text_add_c(out, "# option\ttype\tdefault\tunit\trange\tzero\teffect\thelp\n");
	for (uint32_t i = 0; i < config_option_count; i++)
		list_option(&config_options[i], out);
}

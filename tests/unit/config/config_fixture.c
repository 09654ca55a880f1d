#include "config.h"

#include "config_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

const char fixture_valid[] = "frontends: { web: { bind = [ \"*:80\" ]; default_backend = \"app\"; }; };"
			     "backends: { app: { servers: { a: { address = \"h:1\"; }; }; }; };";

struct config *fixture_load(const char *text, struct text *out)
{
	struct config *config = config_load_text("t.conf", str_of(text), out);
	text_add_char(out, '\0');
	return config;
}

void fixture_expect_messages(const char *text, const char *messages)
{
	struct text out = {0};
	struct config *config = fixture_load(text, &out);
	cr_expect_str_eq(out.data, messages, "of %.200s:\n%s", text, out.data);
	cr_expect_eq(config == NULL, strstr(messages, ": error: ") != NULL, "%.200s", text);
	config_free(config);
	text_free(&out);
}

static const char *fixture_sample(const struct config_option *o)
{
	switch (o->type) {
	case CONFIG_TYPE_OF_ADDRESS:
		return "\"h:1\"";
	case CONFIG_TYPE_OF_ADDRESSES:
		return "[ \"*:80\" ]";
	case CONFIG_TYPE_OF_INT:
		return "200";
	default:
		return "\"x\"";
	}
}

/* The setting, and what else the group must have. */
static void fixture_add_group(struct text *out, enum config_group group, const char *setting)
{
	size_t key = strcspn(setting, " ");
	text_add_c(out, setting);
	for (uint32_t i = 0; i < config_option_count; i++) {
		const struct config_option *o = &config_options[i];
		if (o->group == group && config_option_is_required(o) &&
			!str_equal(str_make(setting, key), str_of(o->key)))
			text_format(out, " %s = %s;", o->key, fixture_sample(o));
	}
}

char *fixture_wrap(enum config_group group, const char *setting)
{
	struct text out = {0};
	char *inner;
	fixture_add_group(&out, group, setting);
	text_add_char(&out, '\0');
	inner = out.data;
	for (uint32_t i = 0; group != CONFIG_GROUP_ROOT && i < config_option_count; i++) {
		const struct config_option *o = &config_options[i];
		if (!config_option_is_group(o) || o->child != group)
			continue;
		struct text outer = {0};
		bool named = o->type == CONFIG_TYPE_OF_NAMED, list = o->type == CONFIG_TYPE_OF_LIST;
		text_format(&outer, "%s%s%s%s", o->key,
			named  ? ": { x: { "
			: list ? " = ( { "
			       : ": { ",
			inner,
			named  ? " }; };"
			: list ? " } );"
			       : " };");
		text_add_char(&outer, '\0');
		free(inner);
		inner = fixture_wrap(o->group, outer.data);
		text_free(&outer);
		break;
	}
	return inner;
}

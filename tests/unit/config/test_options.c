#include "config.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "config_fixture.h"

/* The messages about one option when a configuration holds it with this value. */
static char *option_messages(const struct config_option *o, const char *value)
{
	char *setting = NULL;
	struct text out = {0};
	cr_assert_geq(asprintf(&setting, "%s = %s;", o->key, value), 0);
	char *file = fixture_wrap(o->group, setting);
	config_free(fixture_load(file, &out));
	free(file);
	free(setting);
	return out.data;
}

static bool option_is_refused(const struct config_option *o, const char *value)
{
	char path[64], needle[80];
	char *messages = option_messages(o, value);
	snprintf(needle, sizeof(needle), "error: %s is ", config_option_path(o, path));
	bool refused = strstr(messages, needle) != NULL;
	free(messages);
	return refused;
}

static bool option_is_number(const struct config_option *o)
{
	return o->type >= CONFIG_TYPE_OF_INT && o->type <= CONFIG_TYPE_OF_SIZE;
}

Test(options, every_row_takes_its_default)
{
	for (uint32_t i = 0; i < config_option_count; i++) {
		const struct config_option *o = &config_options[i];
		char path[64];
		if (!config_option_has_default(o))
			continue;
		char *messages = option_messages(o, o->initial);
		/* Optional groups without effect are warned of as a whole. */
		if (o->effect == CONFIG_EFFECT_LATER && strstr(messages, config_option_path(o, path)))
			cr_expect(0, "%s: its default is worth no warning: %s", path, messages);
		free(messages);
		cr_expect_not(option_is_refused(o, o->initial), "%s = %s", config_option_path(o, path), o->initial);
	}
}

Test(options, every_number_holds_its_bounds)
{
	uint32_t tested = 0;
	for (uint32_t i = 0; i < config_option_count; i++) {
		const struct config_option *o = &config_options[i];
		char value[32], path[64];
		if (!option_is_number(o))
			continue;
		tested++;
		config_option_path(o, path);
		cr_expect_lt(o->min, o->max, "%s", path);
		snprintf(value, sizeof(value), "%llu", (unsigned long long)o->min);
		cr_expect_not(option_is_refused(o, value), "%s = %s", path, value);
		snprintf(value, sizeof(value), "%llu", (unsigned long long)o->max);
		cr_expect_not(option_is_refused(o, value), "%s = %s", path, value);
		snprintf(value, sizeof(value), "%llu", (unsigned long long)o->max + 1);
		cr_expect(option_is_refused(o, value), "%s = %s", path, value);
		snprintf(value, sizeof(value), "%lld", (long long)o->min - 1);
		cr_expect(option_is_refused(o, value), "%s = %s", path, value);
	}
	cr_expect_gt(tested, 50);
}

Test(options, every_row_refuses_another_type)
{
	for (uint32_t i = 0; i < config_option_count; i++) {
		const struct config_option *o = &config_options[i];
		char path[64];
		cr_expect(option_is_refused(o, "1.5"), "%s = 1.5", config_option_path(o, path));
		if (o->type != CONFIG_TYPE_OF_BOOL && o->type != CONFIG_TYPE_OF_PEERS &&
			o->type != CONFIG_TYPE_OF_PROTOCOLS)
			cr_expect(option_is_refused(o, "true"), "%s = true", path);
	}
}

Test(options, every_text_holds_its_length)
{
	for (uint32_t i = 0; i < config_option_count; i++) {
		const struct config_option *o = &config_options[i];
		char path[64];
		if (!config_type_is_text(o->type) || o->type == CONFIG_TYPE_OF_KEY)
			continue;
		char *value = malloc(o->max + 4);
		memset(value, 'a', o->max + 3);
		value[0] = value[o->max + 1] = '"';
		value[o->max + 2] = '\0';
		cr_expect_not(option_is_refused(o, value), "%s with %llu bytes", config_option_path(o, path),
			(unsigned long long)o->max);
		value[o->max + 1] = 'a';
		value[o->max + 2] = '"';
		value[o->max + 3] = '\0';
		cr_expect(option_is_refused(o, value), "%s with a byte more", path);
		cr_expect_eq(option_is_refused(o, "\"\""), o->min > 0, "%s empty", path);
		free(value);
	}
}

Test(options, every_word_is_taken_and_no_other)
{
	for (uint32_t i = 0; i < config_option_count; i++) {
		const struct config_option *o = &config_options[i];
		struct str word;
		bool list = o->type == CONFIG_TYPE_OF_WORDS;
		char path[64], value[64];
		config_option_path(o, path);
		for (uint32_t k = 0; *o->words && config_word_at(o->words, k, &word); k++) {
			snprintf(value, sizeof(value), list ? "[ \"%.*s\" ]" : "\"%.*s\"", (int)word.n, word.p);
			cr_expect_not(option_is_refused(o, value), "%s = %s", path, value);
		}
		if (*o->words)
			cr_expect(option_is_refused(o, list ? "[ \"no-such-word\" ]" : "\"no-such-word\""), "%s", path);
	}
}

Test(options, help_is_written_and_keys_are_unique)
{
	for (uint32_t i = 0; i < config_option_count; i++) {
		const struct config_option *o = &config_options[i];
		char path[64];
		config_option_path(o, path);
		cr_expect_gt(strlen(o->help), 5u, "%s", path);
		cr_expect_eq(config_option_find(o->group, o->key), o, "%s is there twice", path);
		cr_expect_null(strpbrk(o->help, "\t\n|"), "%s", path);
		cr_expect_lt(strlen(path), 60u, "%s", path);
	}
}

Test(options, list_has_a_line_of_eight_columns_for_each_row)
{
	struct text out = {0};
	uint32_t lines = 0, tabs = 0;
	config_list_options(&out);
	for (size_t i = 0; i < out.n; i++) {
		lines += out.data[i] == '\n';
		tabs += out.data[i] == '\t';
	}
	cr_expect_eq(lines, config_option_count + 1);
	cr_expect_eq(tabs, lines * 7);
	text_add_char(&out, '\0');
	cr_expect(strstr(out.data, "\nbackend.check.interval\tduration\t\"2s\"\tms\t10..86400000\t-\tlive\t"));
	text_free(&out);
}

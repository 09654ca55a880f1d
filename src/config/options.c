/* options.def as an array, and the small questions asked of it. */
#include "config.h"

#include "config/options.h"

#include <assert.h>
#include <stdio.h>

#include "base/text.h"

/* The struct of each group by its id, so that a row can name a field alone. */
#define GROUP(id, path, type)  typedef type config_struct_##id;
#define OBJECT(id, path, type) typedef type config_struct_##id;
#include "config/options.def"

const struct config_group_info config_groups[CONFIG_GROUP_COUNT] = {
#define GROUP(id, path, type)  [CONFIG_GROUP_##id] = {path, sizeof(type), UINT32_MAX, UINT32_MAX},
#define OBJECT(id, path, type) [CONFIG_GROUP_##id] = {path, sizeof(type), offsetof(type, line), offsetof(type, file)},
#include "config/options.def"
};

/* A row says NONE or REQUIRED where another one has its default, so both are told apart by their text. */
#define OPTION(g, k, field, t, initial_, min_, max_, unit_, zero_, effect_, help_)                                     \
	{.group = CONFIG_GROUP_##g,                                                                                    \
		.key = #k,                                                                                             \
		.type = CONFIG_TYPE_OF_##t,                                                                            \
		.offset = offsetof(config_struct_##g, field),                                                          \
		.size = sizeof(((config_struct_##g *)0)->field),                                                       \
		.initial = #initial_,                                                                                  \
		.min = min_,                                                                                           \
		.max = max_,                                                                                           \
		.unit = unit_,                                                                                         \
		.zero = zero_,                                                                                         \
		.words = "",                                                                                           \
		.effect = CONFIG_EFFECT_##effect_,                                                                     \
		.help = help_},
#define CHOICE(g, k, field, t, initial_, words_, effect_, help_)                                                       \
	{.group = CONFIG_GROUP_##g,                                                                                    \
		.key = #k,                                                                                             \
		.type = CONFIG_TYPE_OF_##t,                                                                            \
		.offset = offsetof(config_struct_##g, field),                                                          \
		.size = sizeof(((config_struct_##g *)0)->field),                                                       \
		.initial = #initial_,                                                                                  \
		.unit = "",                                                                                            \
		.zero = "",                                                                                            \
		.words = words_,                                                                                       \
		.effect = CONFIG_EFFECT_##effect_,                                                                     \
		.help = help_},
#define INNER(g, k, field, t, child_, effect_, help_)                                                                  \
	{.group = CONFIG_GROUP_##g,                                                                                    \
		.key = #k,                                                                                             \
		.type = CONFIG_TYPE_OF_##t,                                                                            \
		.offset = offsetof(config_struct_##g, field),                                                          \
		.size = sizeof(((config_struct_##g *)0)->field),                                                       \
		.initial = "NONE",                                                                                     \
		.unit = "",                                                                                            \
		.zero = "",                                                                                            \
		.words = "",                                                                                           \
		.child = CONFIG_GROUP_##child_,                                                                        \
		.effect = CONFIG_EFFECT_##effect_,                                                                     \
		.help = help_},
const struct config_option config_options[] = {
#include "config/options.def"
};

const uint32_t config_option_count = sizeof(config_options) / sizeof(*config_options);

/* struct config_array is laid over these. */
#define ARRAY_OK(type, at, count)                                                                                      \
	static_assert(                                                                                                 \
		offsetof(type, count) == offsetof(type, at) + sizeof(void *), "the count stands behind the pointer")
ARRAY_OK(struct config_strings, at, count);
ARRAY_OK(struct config_networks, at, count);
ARRAY_OK(struct config_statuses, at, count);
ARRAY_OK(struct config_global, stats_sockets, stats_socket_count);
ARRAY_OK(struct config_frontend, bind, bind_count);
ARRAY_OK(struct config_frontend, rules, rule_count);
ARRAY_OK(struct config_backend, servers, server_count);
ARRAY_OK(struct config, frontends, frontend_count);
ARRAY_OK(struct config, backends, backend_count);
/* A named object begins with its name. */
static_assert(offsetof(struct config_frontend, name) == 0 && offsetof(struct config_backend, name) == 0 &&
		      offsetof(struct config_server, name) == 0,
	"the name comes first");

const struct config_option *config_option_find(enum config_group group, const char *key)
{
	for (uint32_t i = 0; i < config_option_count; i++)
		if (config_options[i].group == group && strcmp(config_options[i].key, key) == 0)
			return &config_options[i];
	return NULL;
}

const struct config_option *config_option_first(enum config_group group)
{
	for (uint32_t i = 0; i < config_option_count; i++)
		if (config_options[i].group == group)
			return &config_options[i];
	return NULL;
}

bool config_option_has_default(const struct config_option *o)
{
	return strcmp(o->initial, "NONE") != 0 && strcmp(o->initial, "REQUIRED") != 0;
}

bool config_option_is_required(const struct config_option *o)
{
	return strcmp(o->initial, "REQUIRED") == 0;
}

const char *config_option_path(const struct config_option *o, char path[64])
{
	const char *group = config_groups[o->group].path;
	snprintf(path, 64, "%s%s%s", group, *group ? "." : "", o->key);
	return path;
}

bool config_word_at(const char *words, uint32_t index, struct str *word)
{
	for (; index > 0; index--) {
		words = strchr(words, '|');
		if (!words)
			return false;
		words++;
	}
	*word = str_make(words, strcspn(words, "|"));
	return true;
}

static const char *const option_type_words[] = {
	[CONFIG_TYPE_OF_BOOL] = "bool",
	[CONFIG_TYPE_OF_INT] = "int",
	[CONFIG_TYPE_OF_PERCENT] = "percent",
	[CONFIG_TYPE_OF_DURATION] = "duration",
	[CONFIG_TYPE_OF_SIZE] = "size",
	[CONFIG_TYPE_OF_OCTAL] = "octal text",
	[CONFIG_TYPE_OF_TEXT] = "text",
	[CONFIG_TYPE_OF_BODY] = "text",
	[CONFIG_TYPE_OF_PATTERN] = "pattern",
	[CONFIG_TYPE_OF_TOKEN] = "token",
	[CONFIG_TYPE_OF_PLUGIN] = "algorithm",
	[CONFIG_TYPE_OF_KEY] = "key",
	[CONFIG_TYPE_OF_BACKEND_NAME] = "backend",
	[CONFIG_TYPE_OF_HOST_HEADER] = "preserve, server or a host",
	[CONFIG_TYPE_OF_WORD] = "one of",
	[CONFIG_TYPE_OF_WORDS] = "list of",
	[CONFIG_TYPE_OF_TEXTS] = "list of texts",
	[CONFIG_TYPE_OF_TOKENS] = "list of tokens",
	[CONFIG_TYPE_OF_ADDRESS] = "address",
	[CONFIG_TYPE_OF_ADDRESSES] = "list of addresses",
	[CONFIG_TYPE_OF_NETWORKS] = "list of CIDRs",
	[CONFIG_TYPE_OF_STATUSES] = "statuses",
	[CONFIG_TYPE_OF_PEERS] = "bool, or list of CIDRs",
	[CONFIG_TYPE_OF_FIELD_NAMES] = "list of tokens",
	[CONFIG_TYPE_OF_PROTOCOLS] = "bool, or list of tokens",
	[CONFIG_TYPE_OF_GROUP] = "group",
	[CONFIG_TYPE_OF_OPTIONAL] = "optional group",
	[CONFIG_TYPE_OF_NAME_OR_GROUP] = "name or group",
	[CONFIG_TYPE_OF_NAMED] = "named groups",
	[CONFIG_TYPE_OF_LIST] = "list of groups",
};

void config_option_write_type(const struct config_option *o, struct text *out)
{
	struct str word;
	text_add_c(out, option_type_words[o->type]);
	for (uint32_t i = 0, n = 0; *o->words && config_word_at(o->words, i, &word); i++) {
		if (word.n == 0)
			continue;
		text_add_c(out, n++ ? ", " : " ");
		text_add(out, word);
	}
}

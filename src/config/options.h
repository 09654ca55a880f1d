/* The table of options.def as data. Read-only; any thread. */
#ifndef LBD_CONFIG_OPTIONS_H
#define LBD_CONFIG_OPTIONS_H

#include "config/config.h"

enum config_group {
#define GROUP(id, path, type)  CONFIG_GROUP_##id,
#define OBJECT(id, path, type) CONFIG_GROUP_##id,
#include "config/options.def"
	CONFIG_GROUP_COUNT
};

enum config_type {
	CONFIG_TYPE_OF_BOOL,
	CONFIG_TYPE_OF_INT,
	CONFIG_TYPE_OF_PERCENT,
	CONFIG_TYPE_OF_DURATION,
	CONFIG_TYPE_OF_SIZE,
	CONFIG_TYPE_OF_OCTAL,
	CONFIG_TYPE_OF_TEXT,
	CONFIG_TYPE_OF_BODY,
	CONFIG_TYPE_OF_PATTERN,
	CONFIG_TYPE_OF_TOKEN,
	CONFIG_TYPE_OF_PLUGIN,
	CONFIG_TYPE_OF_KEY,
	CONFIG_TYPE_OF_BACKEND_NAME,
	CONFIG_TYPE_OF_HOST_HEADER,
	CONFIG_TYPE_OF_WORD,
	CONFIG_TYPE_OF_WORDS,
	CONFIG_TYPE_OF_TEXTS,
	CONFIG_TYPE_OF_TOKENS,
	CONFIG_TYPE_OF_ADDRESS,
	CONFIG_TYPE_OF_ADDRESSES,
	CONFIG_TYPE_OF_NETWORKS,
	CONFIG_TYPE_OF_STATUSES,
	CONFIG_TYPE_OF_PEERS,
	CONFIG_TYPE_OF_FIELD_NAMES,
	CONFIG_TYPE_OF_PROTOCOLS,
	CONFIG_TYPE_OF_GROUP,         /* from here on groups; always there */
	CONFIG_TYPE_OF_OPTIONAL,      /* there when written */
	CONFIG_TYPE_OF_NAME_OR_GROUP, /* a text stands for the first row of the group */
	CONFIG_TYPE_OF_NAMED,         /* a group of named groups, kept as an array in the order of the file */
	CONFIG_TYPE_OF_LIST           /* a list of groups, kept as an array */
};

enum config_effect {
	CONFIG_EFFECT_LIVE,
	CONFIG_EFFECT_LATER,
	CONFIG_EFFECT_HTTP,
	CONFIG_EFFECT_HTTP_OR_SOURCE,
	CONFIG_EFFECT_UNIX,
	CONFIG_EFFECT_FRONTEND,
	CONFIG_EFFECT_BACKEND,
	CONFIG_EFFECT_FRONTEND_HTTP,
	CONFIG_EFFECT_CHECK_HTTP,
	CONFIG_EFFECT_CHECK_TCP
};

struct config_option {
	enum config_group group;
	const char *key;
	enum config_type type;
	uint32_t offset, size;   /* of the field in the struct of the group */
	const char *initial;     /* as in the file, or NONE, or REQUIRED */
	uint64_t min, max;       /* ms, bytes, or a length */
	const char *unit, *zero; /* "" when there is none */
	const char *words;       /* WORD, WORDS: separated by | */
	enum config_group child;
	enum config_effect effect;
	const char *help;
};

struct config_group_info {
	const char *path;
	uint32_t size;        /* of the struct */
	uint32_t line_offset; /* where the struct remembers its line; UINT32_MAX: nowhere */
	uint32_t file_offset; /* and its file */
};

/* What an array in a configuration struct looks like: a pointer and, right behind it, a count. */
struct config_array {
	void *at;
	uint32_t count;
};

extern const struct config_option config_options[];
extern const uint32_t config_option_count;
extern const struct config_group_info config_groups[CONFIG_GROUP_COUNT];

/* NULL: the group has no such key. */
const struct config_option *config_option_find(enum config_group group, const char *key);
/* The first row of a group: the switch of an OPTIONAL one, the text of a NAME_OR_GROUP. */
const struct config_option *config_option_first(enum config_group group);
bool config_option_has_default(const struct config_option *o);
bool config_option_is_required(const struct config_option *o);
static inline bool config_option_is_group(const struct config_option *o)
{
	return o->type >= CONFIG_TYPE_OF_GROUP;
}
/* Its field is one const char *. */
static inline bool config_type_is_text(enum config_type type)
{
	return type >= CONFIG_TYPE_OF_TEXT && type <= CONFIG_TYPE_OF_BACKEND_NAME;
}

/* "backend.check.interval"; at most 63 bytes. Returns path. */
const char *config_option_path(const struct config_option *o, char path[64]);
/* The type as users read it, such as "duration" or "one of: http, tcp". */
void config_option_write_type(const struct config_option *o, struct text *out);
/* The word of an index in "a|b|c"; false at the end. */
bool config_word_at(const char *words, uint32_t index, struct str *word);
/* The candidate that is nearest to what was written, by edit distance; false when none is near. Used one by one:
 * start with *best = {0}. */
struct config_nearest {
	const char *name;
	unsigned distance;
};
void config_nearest_try(struct config_nearest *best, const char *written, const char *candidate);

#endif

/* The types of options: each has a function that reads a setting into a field, one that writes the field as the file
 * would hold it, and words for what it needs. */
#ifndef LBD_CONFIG_VALUE_H
#define LBD_CONFIG_VALUE_H

#include <libconfig.h>

#include "base/text.h"
#include "config/options.h"
#include "config/report.h"
#include "config/scan.h"

/* Which options without effect are worth a warning: those that say so, all of a group that says so, or none of a group
 * that was warned of as a whole. */
enum config_warnings { CONFIG_WARN_LATER, CONFIG_WARN_ALL, CONFIG_WARN_NONE };

struct config_reader {
	struct arena *arena; /* of the configuration that is being made */
	struct config_report *report;
	const struct config_scan *scan;      /* NULL: the defaults are read */
	const char **files;                  /* the report's, in the arena */
	const config_setting_t *defaults;    /* a member for each group, named as its id */
	void *templates[CONFIG_GROUP_COUNT]; /* what a new object of the group begins as */
	bool silent;                         /* errors were reported already */
	enum config_warnings warnings;
};

struct config_type_class {
	const char *need; /* completes "...; needed: " */
	/* False: reported. The field is then unchanged. */
	bool (*read)(struct config_reader *r, const struct config_option *o, const config_setting_t *s, void *field);
	void (*write)(const struct config_option *o, const void *field, struct text *out);
};

/* NULL for groups. */
const struct config_type_class *config_type_class(enum config_type type);
extern const struct config_type_class config_class_texts, config_class_tokens, config_class_words,
	config_class_addresses, config_class_address, config_class_networks, config_class_statuses,
	config_class_peers, config_class_field_names, config_class_protocols;

/* Members and elements by index; libconfig's lookup by name is linear. */
config_setting_t *config_value_elem(const config_setting_t *group, unsigned index);
unsigned config_value_length(const config_setting_t *s);
struct config_place config_value_place(const struct config_reader *r, const config_setting_t *s);
/* The name of a setting of the file, or of the defaults while they are read. */
const char *config_value_name(const struct config_reader *r, const config_setting_t *s);
bool config_value_is_duplicate(const struct config_reader *r, const config_setting_t *s);
const char *config_value_file(const struct config_reader *r, const config_setting_t *s);
/* What was found, for messages: "abc", 5, true, a list, a group. Returns text. */
const char *config_value_describe(const config_setting_t *s, char text[96]);
/* "PATH is FOUND; needed: NEED". Returns false. */
bool config_value_mismatch(struct config_reader *r, const struct config_option *o, const config_setting_t *s);
/* "PATH is FOUND; WHY". Returns false. */
bool config_value_fail(struct config_reader *r, const struct config_option *o, const config_setting_t *s,
	const char *format, ...) LBD_PRINTF(4, 5);
void config_reader_error(struct config_reader *r, const config_setting_t *s, const char *format, ...) LBD_PRINTF(3, 4);
/* A copy in the arena; false when memory is out, reported. */
bool config_value_copy(struct config_reader *r, const char *text, const char **out) LBD_MUST_CHECK;
void *config_value_alloc(struct config_reader *r, size_t count, size_t size) LBD_MUST_CHECK;
/* RFC 9110 5.6.2: what a method, a header or a cookie may be called. */
bool config_text_is_token(const char *text);
/* Which of the row's words a setting is; false: reported. */
bool config_value_find_word(
	struct config_reader *r, const struct config_option *o, const config_setting_t *s, uint32_t *index);
/* In quotes, escaped. */
void config_write_quoted(struct text *out, const char *text);
/* The length of a text within the row's bounds and without control characters; false: reported. */
bool config_value_check_text(
	struct config_reader *r, const struct config_option *o, const config_setting_t *s, const char *text);

#endif

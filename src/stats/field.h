/* What the outputs of show stat and show info have in common: a value, and its CSV, typed and JSON forms. Pure. */
#ifndef LBD_STATS_FIELD_H
#define LBD_STATS_FIELD_H

#include "base/text.h"

enum field_type { FIELD_STR, FIELD_U32, FIELD_S32, FIELD_U64 };

struct field_value {
	bool blank; /* does not apply */
	enum field_type type;
	const char *text; /* of FIELD_STR */
	uint64_t number;  /* of the others; FIELD_S32: of its two's complement */
};

const char *field_type_word(enum field_type type);
/* Plain: what stands in a typed line, or nothing for a blank one. */
void field_add_plain(struct text *out, const struct field_value *value);
/* A CSV cell without its comma: quoted only when it holds a comma, a quote or a line end. */
void field_add_csv(struct text *out, const struct field_value *value);
/* The text as a JSON string with its quotes; bytes that are not ASCII become \u00XX. */
void field_add_json_string(struct text *out, const char *text);
/* Text in one line of "help" as the option desc shows it: :"text". */
void field_add_description(struct text *out, const char *help);
/* "field":{...},"processNum":1,"tags":{...},"value":{...}: the common members of a JSON object. tags: three letters,
 * origin, nature and scope, as in columns.def. */
void field_add_json_members(struct text *out, unsigned position, const char *name, const char *tags,
	const struct field_value *value, const char *description);

#endif

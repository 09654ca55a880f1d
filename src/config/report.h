/* Errors and warnings of one run, kept until the end and written in the order of the file. One thread. */
#ifndef LBD_CONFIG_REPORT_H
#define LBD_CONFIG_REPORT_H

#include "base/arena.h"
#include "base/text.h"

/* Where something stands; line 0: the file as a whole. */
struct config_place {
	uint32_t file; /* index of report_add_file */
	uint32_t line;
};

struct config_message;

/* Where the value of a field was written; only for those that are checked against others. */
struct config_mark {
	const void *field;
	struct config_place at;
};

struct config_report {
	struct arena arena;
	const char **files; /* in the order in which they were opened */
	uint32_t file_count, file_capacity;
	struct config_message *messages;
	uint32_t count, capacity;
	struct config_mark *marks;
	uint32_t mark_count, mark_capacity;
	uint32_t errors;  /* all of them, also those that are no longer kept */
	uint32_t dropped; /* beyond the cap */
	bool no_lines;    /* the text was made by us */
	bool failed;      /* memory is out; counts as an error */
};

void config_report_init(struct config_report *r);
void config_report_free(struct config_report *r);
/* Copies the name. */
uint32_t config_report_add_file(struct config_report *r, const char *name);
void config_report_error(struct config_report *r, struct config_place at, const char *format, ...) LBD_PRINTF(3, 4);
void config_report_warning(struct config_report *r, struct config_place at, const char *format, ...) LBD_PRINTF(3, 4);
/* Remembers where a value stands. */
void config_report_mark(struct config_report *r, const void *field, struct config_place at);
/* All are remembered: from now on they can be found. */
void config_report_sort_marks(struct config_report *r);
/* Finds it: otherwise when it was not written there. */
struct config_place config_report_place(
	const struct config_report *r, const void *field, struct config_place otherwise);
/* No more messages are kept; making one is a waste of time. */
bool config_report_full(const struct config_report *r);
/* "FILE:LINE: error: MESSAGE", one a line, sorted by file and line. */
void config_report_write(struct config_report *r, struct text *out);
static inline bool config_report_bad(const struct config_report *r)
{
	return r->errors > 0 || r->failed;
}

#endif

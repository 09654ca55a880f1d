/* The command line, from the rows of arguments.def. No globals, nothing printed. */
#ifndef LBD_APP_ARGUMENTS_H
#define LBD_APP_ARGUMENTS_H

#include "base/attributes.h"
#include "base/text.h"

/* Points into argv, but for the two arrays. */
struct arguments {
	const char *file; /* NULL: bind is set, or neither is needed */
	bool check, quiet, detach;
	const char *pidfile;
	const char *takeover; /* stats socket of the daemon to take over from; NULL: none */
	const char **plugin_dirs; /* in the order given */
	uint32_t plugin_dir_count;
	const char *bind, *algorithm, *socket; /* NULL: not given */
	const char **servers;
	uint32_t server_count;
	const char *list; /* for ARGUMENTS_LIST; one of those that --help names */
};

enum arguments_result {
	ARGUMENTS_RUN,
	ARGUMENTS_CHECK,
	ARGUMENTS_DUMP,
	ARGUMENTS_LIST,
	ARGUMENTS_BUILD, /* arguments_write_build makes the text */
	ARGUMENTS_TEXT,  /* message goes to standard output; exit 0 */
	ARGUMENTS_ERROR  /* message, one line, goes to standard error; exit 1 */
};

/* out must be freed whatever the result is. */
enum arguments_result arguments_parse(
	int argc, char **argv, struct arguments *out, struct text *message) LBD_MUST_CHECK;
void arguments_free(struct arguments *a);
void arguments_write_help(struct text *out);
void arguments_write_version(struct text *out);
/* What -V prints; libraries: a text for each, such as "libev 4.33". */
void arguments_write_build(struct text *out, const char *const *libraries, uint32_t count);

#endif

/* From files to a text that libconfig parses without surprises: includes are put in place, comments are gone, every
 * name and value stands on a line of its own, and what libconfig would get wrong in silence is an error here.
 *
 * libconfig 1.5 exits on an include of a directory, waits on a FIFO, wraps large integers, cuts texts at a NUL, refuses
 * trailing commas, gives the elements of a list the line behind them, and takes quadratic time for a large group of
 * long names. */
#ifndef LBD_CONFIG_SCAN_H
#define LBD_CONFIG_SCAN_H

#include "base/text.h"
#include "config/names.h"
#include "config/report.h"

/* What a line of the text is: a name with its value, or an element of a list. */
struct config_scan_line {
	struct config_place at;
	size_t name;    /* of a setting, in names.bytes; the text has a short one instead */
	bool duplicate; /* the group has this name already, which is reported */
};

struct config_scan {
	struct text text; /* for config_read_string; ends in NUL */
	struct config_names names;
	struct config_scan_line *lines;
	uint32_t count, capacity;
	bool partial; /* a syntax error ended it; text is what came before, closed */
};

/* Reads FILE, or takes the bytes of content as FILE's when content.p is not NULL. False: nothing can be parsed; report
 * says why. */
bool config_scan_file(
	struct config_scan *s, struct config_report *r, const char *file, struct str content) LBD_MUST_CHECK;
void config_scan_free(struct config_scan *s);

#endif

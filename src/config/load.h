/* What config_load is made of, for the other doors of this layer. */
#ifndef LBD_CONFIG_LOAD_H
#define LBD_CONFIG_LOAD_H

#include "config/config.h"

/* content.p NULL: the bytes are read from the file. lines: whether messages name lines; text that we made has none that
 * a user knows. */
struct config *config_load_report(
	const char *file, struct str content, bool lines, struct text *messages) LBD_MUST_CHECK;

#endif

/* --list=WHAT: every table of the program as rows, name first. Pure but for the algorithms, which are looked for. */
#ifndef LBD_APP_LISTS_H
#define LBD_APP_LISTS_H

#include "app/arguments.h"

void lists_write(const struct arguments *arguments, struct text *out);

#endif

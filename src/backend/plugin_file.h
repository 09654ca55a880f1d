/* Looks at a plugin's file before the dynamic linker does: the linker crashes on a file that was cut off, because it
 * maps what is not there. Control only; reads the file's first bytes and its program headers. */
#ifndef LBD_BACKEND_PLUGIN_FILE_H
#define LBD_BACKEND_PLUGIN_FILE_H

#include "base/attributes.h"

#include <stddef.h>

/* Why this file cannot be a plugin for this machine: out or a literal; NULL when it can. */
const char *plugin_file_refusal(const char *path, char *out, size_t out_size) LBD_MUST_CHECK;

#endif

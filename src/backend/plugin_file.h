/* Looks at a plugin's file before the dynamic linker does: the linker crashes on a file that was cut off, because it
 * maps what is not there. Control only; reads the file's first bytes and its program headers. */
#ifndef LBD_BACKEND_PLUGIN_FILE_H
#define LBD_BACKEND_PLUGIN_FILE_H

#include "base/attributes.h"

#include <stddef.h>

/* Opens a file that can be a plugin for this machine and that nobody but root and this user can have written, nor its
 * directory. NULL, and a descriptor: what was looked at is what it stands for, whatever happens to the path. Else why it
 * is refused: out or a literal. */
const char *plugin_file_open(const char *path, int *fd, char *out, size_t out_size) LBD_MUST_CHECK;

#endif

/* Whether others could make this process write into a file of their choice, or put something in the place of a file of
 * ours. The last part of a path must be no symbolic link, for which O_NOFOLLOW is enough; here is what it is not enough
 * for. Who owns a directory is trusted not to exchange it: it was named by whoever may start this process. */
#ifndef LBD_BASE_SAFE_PATH_H
#define LBD_BASE_SAFE_PATH_H

#include "base/attributes.h"

#include <stdbool.h>
#include <stddef.h>

/* No directory on the way to this file can be written by everybody, unless it is sticky, like that of temporary files.
 * False: why says which one; or that there is none, or that it cannot be searched. */
bool safe_path_directory(const char *path, char *why, size_t why_size) LBD_MUST_CHECK;
/* Every directory on the way belongs to root, and nobody else can write there. */
bool safe_path_of_root(const char *path) LBD_MUST_CHECK;
/* An open file of that name, in a directory of that kind: where others could have made it, it belongs to root or to this
 * process and has no other name, which could be that of a file that is worth more. False: why says what is wrong. */
bool safe_path_file(int fd, const char *path, char *why, size_t why_size) LBD_MUST_CHECK;

#endif

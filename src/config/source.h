/* The bytes of a configuration file, read so that nothing which a path can name blocks, ends or floods the process. */
#ifndef LBD_CONFIG_SOURCE_H
#define LBD_CONFIG_SOURCE_H

#include "base/attributes.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { CONFIG_SOURCE_MAX = 16 << 20 };

struct config_source {
	char *data; /* from malloc */
	size_t n;
	dev_t device;
	ino_t inode;
};

/* A regular file of at most CONFIG_SOURCE_MAX bytes. False: error says why and what to do. May wait for a disk. */
bool config_source_read(const char *path, struct config_source *out, char *error, size_t error_size) LBD_MUST_CHECK;
void config_source_free(struct config_source *s);

#endif

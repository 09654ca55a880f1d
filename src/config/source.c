/* Reads files for the parser. libconfig's own reader exits on a directory and waits for ever on a FIFO. */
#include "config.h"

#include "config/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *source_kind(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return "a directory";
	case S_IFIFO:
		return "a FIFO";
	case S_IFSOCK:
		return "a socket";
	default:
		return "a device";
	}
}

/* What a file says of its size may be wrong (it grows, or it lies in /proc), so it is read to its end. */
static bool source_read_all(int fd, struct config_source *out, char *error, size_t error_size)
{
	size_t capacity = 0;
	for (;;) {
		if (out->n == capacity) {
			capacity = capacity ? capacity * 2 : 16384;
			char *data = realloc(out->data, capacity);
			if (!data) {
				snprintf(error, error_size, "out of memory");
				return false;
			}
			out->data = data;
		}
		ssize_t n = read(fd, out->data + out->n, capacity - out->n);
		if (n == 0)
			return true;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			snprintf(error, error_size, "cannot be read: %s", strerror(errno));
			return false;
		}
		out->n += (size_t)n;
		if (out->n > CONFIG_SOURCE_MAX) {
			snprintf(error, error_size, "is larger than %d MiB; split it or check the path",
				CONFIG_SOURCE_MAX >> 20);
			return false;
		}
	}
}

bool config_source_read(const char *path, struct config_source *out, char *error, size_t error_size)
{
	*out = (struct config_source){0};
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (fd < 0) {
		snprintf(error, error_size, "cannot be opened: %s", strerror(errno));
		return false;
	}
	struct stat st = {0};
	bool ok = false;
	if (fstat(fd, &st) != 0)
		snprintf(error, error_size, "cannot be read: %s", strerror(errno));
	else if (!S_ISREG(st.st_mode))
		snprintf(error, error_size, "is %s; a regular file is needed", source_kind(st.st_mode));
	else
		ok = source_read_all(fd, out, error, error_size);
	close(fd);
	out->device = st.st_dev;
	out->inode = st.st_ino;
	if (!ok)
		config_source_free(out);
	return ok;
}

void config_source_free(struct config_source *s)
{
	free(s->data);
	s->data = NULL;
	s->n = 0;
}

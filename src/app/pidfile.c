#include "config.h"

#include "app/pidfile.h"

#include "base/safe_path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIDFILE_MODE = 0644 };

static bool pidfile_refuse(const char *path, const char *why)
{
	fprintf(stderr, "lbd: cannot write the pidfile %s: %s\n", path, why);
	return false;
}

/* Nobody lives whose file it is. What cannot be opened is left to the rename. */
static bool pidfile_is_free(const char *path)
{
	char word[24] = "", why[64];
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return errno == ELOOP ? pidfile_refuse(path, "it is a symbolic link") : true;
	struct stat st;
	bool regular = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
	bool held = regular && flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
	if (held && read(fd, word, sizeof word - 1) > 0)
		word[strspn(word, "0123456789")] = '\0';
	close(fd);
	if (!regular)
		return pidfile_refuse(path, "it is no regular file");
	if (!held)
		return true;
	snprintf(why, sizeof why, "it belongs to process %s, which runs", word);
	return pidfile_refuse(path, why);
}

static int pidfile_create(const char *name)
{
	int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, fd = open(name, flags, PIDFILE_MODE);
	/* Left by a process of the same number that was killed. */
	if (fd < 0 && errno == EEXIST && unlink(name) == 0)
		fd = open(name, flags, PIDFILE_MODE);
	return fd;
}

bool pidfile_prepare(struct pidfile *p, const char *path, bool takes_over)
{
	char why[512];
	struct stat st;
	*p = (struct pidfile){.path = path, .fd = -1};
	if (!path)
		return true;
	if (!safe_path_directory(path, why, sizeof why))
		return pidfile_refuse(path, why);
	if (!takes_over && !pidfile_is_free(path))
		return false;
	if (asprintf(&p->temporary, "%s.%ld", path, (long)getpid()) < 0) {
		p->temporary = NULL;
		return pidfile_refuse(path, "memory is out");
	}
	p->fd = pidfile_create(p->temporary);
	/* A file system without locks: only the check for a second daemon is lost. */
	if (p->fd >= 0)
		(void)flock(p->fd, LOCK_EX | LOCK_NB);
	if (p->fd < 0 || dprintf(p->fd, "%ld\n", (long)getpid()) < 0 || fstat(p->fd, &st) < 0)
		return pidfile_refuse(path, strerror(errno));
	p->device = st.st_dev;
	p->inode = st.st_ino;
	return true;
}

bool pidfile_publish(struct pidfile *p)
{
	if (!p->path)
		return true;
	if (rename(p->temporary, p->path) < 0)
		return pidfile_refuse(p->path, strerror(errno));
	free(p->temporary);
	p->temporary = NULL;
	return true;
}

void pidfile_end(struct pidfile *p)
{
	struct stat st;
	const char *name = p->temporary ? p->temporary : p->path;
	if (p->path && p->fd >= 0 && lstat(name, &st) == 0 && st.st_dev == p->device && st.st_ino == p->inode)
		unlink(name);
	if (p->path && p->fd >= 0)
		close(p->fd);
	free(p->temporary);
	*p = (struct pidfile){.fd = -1};
}

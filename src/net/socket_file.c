#include "config.h"

#include "net/socket_file.h"

#include "net/socket.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The process that listens there; 0: nobody does. -1: somebody whom this process cannot see. */
static pid_t socket_file_owner(const struct address *a)
{
	bool done;
	struct ucred peer = {0};
	socklen_t length = sizeof peer;
	int fd = socket_connect(a, &done);
	/* EAGAIN: its queue is full. */
	if (fd < 0)
		return errno == EAGAIN ? -1 : 0;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0 || peer.pid == 0)
		peer.pid = -1;
	close(fd);
	return peer.pid;
}

/* Beside the name that it will have, and not longer than needed: the path of a socket has 107 bytes. */
static bool socket_file_choose_temporary(struct socket_file *f, const struct address *a, struct address *out)
{
	const char *slash = strrchr(f->path, '/');
	size_t room = sizeof out->as.local.sun_path, directory = slash ? (size_t)(slash - f->path) + 1 : 0;
	struct stat st;
	*out = *a;
	out->length = sizeof out->as.local;
	memcpy(out->as.local.sun_path, f->path, directory);
	for (unsigned i = 0; i < 1000; i++) {
		int n = snprintf(out->as.local.sun_path + directory, room - directory, ".%lx.%x", (long)getpid(), i);
		if (n < 0 || (size_t)n >= room - directory) {
			errno = ENAMETOOLONG;
			return false;
		}
		if (lstat(out->as.local.sun_path, &st) < 0) {
			memcpy(f->temporary, out->as.local.sun_path, directory + (size_t)n + 1);
			return errno == ENOENT;
		}
	}
	return false;
}

static int socket_file_bind(const struct address *a, int backlog, int mode)
{
	mode_t mask = mode == SOCKET_FILE_MASK ? 0 : umask(0777 & ~(mode_t)mode);
	int fd = socket_listen(a, false, backlog), error = errno;
	if (mode != SOCKET_FILE_MASK)
		umask(mask);
	errno = error;
	return fd;
}

int socket_file_listen(struct socket_file *f, const struct address *a, int backlog, int mode, pid_t replaces)
{
	struct address at = *a;
	struct stat st;
	*f = (struct socket_file){0};
	memcpy(f->path, a->as.local.sun_path, sizeof a->as.local.sun_path);
	if (replaces && lstat(f->path, &st) == 0 && S_ISSOCK(st.st_mode) && socket_file_owner(a) == replaces &&
		!socket_file_choose_temporary(f, a, &at))
		return -1;
	int fd = socket_file_bind(&at, backlog, mode);
	if (fd < 0 || lstat(at.as.local.sun_path, &st) < 0) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	f->device = st.st_dev;
	f->inode = st.st_ino;
	f->exists = true;
	return fd;
}

void socket_file_make_directory(const char *path)
{
	char directory[sizeof(struct sockaddr_un)];
	const char *slash = strrchr(path, '/');
	size_t n = slash ? (size_t)(slash - path) : 0;
	if (n == 0 || n >= sizeof directory)
		return;
	memcpy(directory, path, n);
	directory[n] = '\0';
	(void)mkdir(directory, 0755);
}

bool socket_file_own(struct socket_file *f, uid_t user, gid_t group)
{
	bool asked = user != (uid_t)-1 || group != (gid_t)-1;
	return !asked || lchown(f->temporary[0] ? f->temporary : f->path, user, group) == 0;
}

bool socket_file_publish(struct socket_file *f)
{
	if (!f->temporary[0])
		return true;
	if (rename(f->temporary, f->path) < 0)
		return false;
	f->temporary[0] = '\0';
	return true;
}

void socket_file_remove(struct socket_file *f)
{
	struct stat st;
	const char *name = f->temporary[0] ? f->temporary : f->path;
	if (f->exists && lstat(name, &st) == 0 && st.st_dev == f->device && st.st_ino == f->inode)
		unlink(name);
	f->exists = false;
}

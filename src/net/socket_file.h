/* A listening Unix socket and its name in the file system. A daemon removes the name at its end only while it is its
 * own: the one that came after it may have taken it over. Control's thread. */
#ifndef LBD_NET_SOCKET_FILE_H
#define LBD_NET_SOCKET_FILE_H

#include "net/address.h"

#include <sys/types.h>

struct socket_file {
	char path[sizeof(struct sockaddr_un)];
	char temporary[sizeof(struct sockaddr_un)]; /* its name until socket_file_publish; "": it has its own already */
	dev_t device;
	ino_t inode;
	bool exists; /* there is something to remove */
};

enum { SOCKET_FILE_MASK = -1 };

/* A listening socket, or -1 and errno. mode: permission bits, which it has before anybody can connect;
 * SOCKET_FILE_MASK: those that the process's mask leaves. A stale file is replaced.
 * replaces: 0, or the process that is taken over: when it listens there, the socket gets a temporary name first, and
 * nothing changes for others before socket_file_publish. EADDRINUSE: somebody else answers there, or the file is no
 * socket. */
int socket_file_listen(
	struct socket_file *f, const struct address *a, int backlog, int mode, pid_t replaces) LBD_MUST_CHECK;
/* The directory of this path, when it is all that is missing: /run is empty after each start of the machine. What cannot
 * be made is said by whoever opens a file in it. */
void socket_file_make_directory(const char *path);
/* Gives it to this user and group; -1: as it is. False and errno. */
bool socket_file_own(struct socket_file *f, uid_t user, gid_t group) LBD_MUST_CHECK;
/* The socket takes its name, and with it the place of the one that it replaces; false and errno. */
bool socket_file_publish(struct socket_file *f) LBD_MUST_CHECK;
/* Whatever name it has, unless it is another's by now. */
void socket_file_remove(struct socket_file *f);

#endif

#include "config.h"

#include "net/socket.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static void socket_set(int fd, int level, int option, int value)
{
	/* Options make it better, never possible: a socket without them still works. */
	(void)setsockopt(fd, level, option, &value, sizeof value);
}

static int socket_new(const struct address *a)
{
	return socket(a->as.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

static int socket_close_keeping_errno(int fd)
{
	int error = errno;
	close(fd);
	errno = error;
	return -1;
}

/* A file that nobody listens on is what a daemon that was killed left behind. */
static void socket_remove_stale_file(const struct address *a)
{
	struct stat st;
	if (lstat(a->as.local.sun_path, &st) < 0 || !S_ISSOCK(st.st_mode))
		return;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return;
	if (connect(fd, &a->as.any, a->length) < 0 && errno == ECONNREFUSED)
		unlink(a->as.local.sun_path);
	close(fd);
}

int socket_bind(const struct address *a, bool reuse_port)
{
	int fd = socket_new(a);
	if (fd < 0)
		return -1;
	int family = a->as.any.sa_family;
	if (family == AF_UNIX) {
		socket_remove_stale_file(a);
	} else {
		socket_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
		if (reuse_port)
			socket_set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
		if (family == AF_INET6)
			socket_set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
		/* What is accepted inherits it. */
		socket_set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	}
	return bind(fd, &a->as.any, a->length) < 0 ? socket_close_keeping_errno(fd) : fd;
}

int socket_listen(const struct address *a, bool reuse_port, int backlog)
{
	int fd = socket_bind(a, reuse_port);
	return fd >= 0 && listen(fd, backlog) < 0 ? socket_close_keeping_errno(fd) : fd;
}

static int socket_connect_as(const struct address *a, int option, int value, bool *done)
{
	*done = false;
	int fd = socket_new(a);
	if (fd < 0)
		return -1;
	if (a->as.any.sa_family != AF_UNIX)
		socket_set(fd, IPPROTO_TCP, option, value);
	if (connect(fd, &a->as.any, a->length) == 0) {
		*done = true;
		return fd;
	}
	if (errno == EINPROGRESS)
		return fd;
	return socket_close_keeping_errno(fd);
}

int socket_connect(const struct address *a, bool *done)
{
	return socket_connect_as(a, TCP_NODELAY, 1, done);
}

int socket_knock(const struct address *a, bool *done)
{
	/* Linux delays the ACK of a SYN-ACK when it expects to have data to send with it soon. */
	return socket_connect_as(a, TCP_QUICKACK, 0, done);
}

int socket_accept(int listener, struct address *peer)
{
	peer->length = sizeof peer->as;
	return accept4(listener, &peer->as.any, &peer->length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

bool socket_is_short_of(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOMEM || error == ENOBUFS;
}

int socket_error(int fd)
{
	int error = 0;
	socklen_t length = sizeof error;
	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0 ? errno : error;
}

void socket_local_address(int fd, struct address *out)
{
	out->length = sizeof out->as;
	if (getsockname(fd, &out->as.any, &out->length) < 0)
		out->length = 0;
}

uint64_t socket_inode(int fd)
{
	struct stat st;
	return fstat(fd, &st) < 0 ? 0 : st.st_ino;
}

uint32_t socket_unacknowledged(int fd)
{
	int bytes = 0;
	return ioctl(fd, SIOCOUTQ, &bytes) < 0 || bytes < 0 ? 0 : (uint32_t)bytes;
}

/* The calls of libc are points where a thread may be cancelled, which costs more than all else that they do: 3 % of the
 * instructions of an exchange. Sanitizers know the buffers of those only. */
#ifdef LBD_SANITIZED
ssize_t socket_receive(int fd, void *data, size_t n)
{
	return recv(fd, data, n, MSG_DONTWAIT);
}

ssize_t socket_send(int fd, const void *data, size_t n)
{
	return send(fd, data, n, MSG_NOSIGNAL | MSG_DONTWAIT);
}
#else
ssize_t socket_receive(int fd, void *data, size_t n)
{
	return syscall(SYS_recvfrom, fd, data, n, MSG_DONTWAIT, NULL, NULL);
}

ssize_t socket_send(int fd, const void *data, size_t n)
{
	return syscall(SYS_sendto, fd, data, n, MSG_NOSIGNAL | MSG_DONTWAIT, NULL, 0);
}
#endif

ssize_t socket_discard(int fd, void *scratch, size_t n)
{
	/* TCP does not even copy them. */
	return recv(fd, scratch, n, MSG_DONTWAIT | MSG_TRUNC);
}

void socket_reset_on_close(int fd)
{
	struct linger linger = {.l_onoff = 1, .l_linger = 0};
	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
}

bool socket_has_queued(int fd)
{
	struct pollfd listening = {.fd = fd, .events = POLLIN};
	return poll(&listening, 1, 0) > 0;
}

int socket_queued(int fd)
{
	struct tcp_info info;
	socklen_t size = sizeof info;
	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 ? (int)info.tcpi_unacked : -1;
}

bool socket_has_input(int fd)
{
	char byte;
	return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

bool socket_is_readable(int fd)
{
	char byte;
	return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 || (errno != EAGAIN && errno != EINTR);
}

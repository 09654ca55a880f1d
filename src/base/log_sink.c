#include "base/log_sink.h"

#include "base/safe_path.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	LOG_SINK_RETRY_US = 100000,
	LOG_SINK_BUSY_US = 5000,
	LOG_SINK_DATAGRAMS = 64,
	LOG_SINK_PAGE = 4096,
	LOG_SINK_MODE = 0640
};

/* What can be told of a path without opening it. A socket takes no lines from write: it is opened for nothing. */
static bool log_sink_suits(const char *path, char *why, size_t why_size)
{
	struct stat st;
	if (lstat(path, &st) < 0)
		return true; /* it will be made, or opening it says why not */
	if (S_ISLNK(st.st_mode))
		snprintf(why, why_size, "it is a symbolic link; write the name of the file itself%s",
			strncmp(path, "/dev/std", 8) == 0 ? ", here \"stdout\" or \"stderr\"" : "");
	else if (S_ISSOCK(st.st_mode))
		snprintf(why, why_size, "it is a socket; when a syslog daemon reads it, write \"syslog:%s\"", path);
	else
		return true;
	return false;
}

/* -1 and why. Nobody waits: a FIFO without a reader gives -1 and an empty why, since its reader may come later. */
static int log_sink_open_file(const char *path, char *why, size_t why_size)
{
	why[0] = '\0';
	if (!safe_path_directory(path, why, why_size) || !log_sink_suits(path, why, why_size))
		return -1;
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW,
		LOG_SINK_MODE);
	if (fd < 0 && errno != ENXIO)
		snprintf(why, why_size, "%s", strerror(errno));
	if (fd < 0 || safe_path_file(fd, path, why, why_size))
		return fd;
	close(fd);
	return -1;
}

static bool log_sink_is_regular(int fd)
{
	struct stat st;
	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

static bool log_sink_create_file(struct log_sink *sink, char *error, size_t error_size)
{
	char why[LOG_SINK_WHY];
	sink->path = sink->target;
	sink->fd = log_sink_open_file(sink->path, why, sizeof why);
	sink->pollable = sink->fd < 0 || !log_sink_is_regular(sink->fd);
	if (!why[0])
		return true;
	snprintf(error, error_size, "log target \"%s\" cannot be opened for writing: %s", sink->path, why);
	return false;
}

static bool log_sink_make_socket(struct log_sink *sink)
{
	sink->fd = socket(sink->peer.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	return sink->fd >= 0;
}

/* A syslog daemon that is not there yet is no error: the lines wait, and then count as dropped. */
static bool log_sink_parse_syslog(struct log_sink *sink, char *error, size_t error_size)
{
	struct sockaddr_un *local = (struct sockaddr_un *)(void *)&sink->peer;
	sink->path = sink->target + strlen("syslog:");
	size_t n = strlen(sink->path);
	if (sink->path[0] != '/' || n >= sizeof local->sun_path) {
		snprintf(error, error_size,
			"log target \"%s\": expected syslog: and the absolute path of a socket, of at most %zu bytes, "
			"e.g. "
			"\"syslog:/dev/log\"",
			sink->target, sizeof local->sun_path - 1);
		return false;
	}
	local->sun_family = AF_UNIX;
	memcpy(local->sun_path, sink->path, n + 1);
	sink->peer_length = sizeof *local;
	return true;
}

static bool log_sink_resolve_udp(struct log_sink *sink)
{
	char host[64];
	const char *text = sink->target + strlen("udp:"), *colon = strrchr(text, ':');
	uint64_t port;
	if (!colon || !str_to_u64(str_of(colon + 1), 65535, &port) || port == 0)
		return false;
	struct str name = str_make(text, (size_t)(colon - text));
	if (name.n > 2 && name.p[0] == '[' && name.p[name.n - 1] == ']')
		name = str_make(name.p + 1, name.n - 2);
	if (name.n == 0 || name.n >= sizeof host)
		return false;
	memcpy(host, name.p, name.n);
	host[name.n] = '\0';
	struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_DGRAM}, *found;
	if (getaddrinfo(host, colon + 1, &hints, &found) != 0)
		return false;
	memcpy(&sink->peer, found->ai_addr, found->ai_addrlen);
	sink->peer_length = found->ai_addrlen;
	freeaddrinfo(found);
	return true;
}

static bool log_sink_parse_udp(struct log_sink *sink, char *error, size_t error_size)
{
	if (log_sink_resolve_udp(sink))
		return true;
	snprintf(error, error_size,
		"log target \"%s\": expected udp:, an IP address and a port, e.g. \"udp:127.0.0.1:514\" or "
		"\"udp:[::1]:514\"; names are not looked up",
		sink->target);
	return false;
}

static bool log_sink_parse(struct log_sink *sink, char *error, size_t error_size)
{
	struct str target = str_of(sink->target);
	sink->pollable = true;
	if (str_equal(target, str_of("stderr"))) {
		sink->kind = LOG_SINK_STDERR;
		return true;
	}
	if (str_equal(target, str_of("stdout"))) {
		sink->kind = LOG_SINK_STDOUT;
		return true;
	}
	if (str_starts_with(target, str_of("syslog:"))) {
		sink->kind = LOG_SINK_SYSLOG;
		return log_sink_parse_syslog(sink, error, error_size);
	}
	if (str_starts_with(target, str_of("udp:"))) {
		sink->kind = LOG_SINK_UDP;
		return log_sink_parse_udp(sink, error, error_size);
	}
	if (target.n && target.p[0] == '/') {
		sink->kind = LOG_SINK_FILE;
		return true;
	}
	snprintf(error, error_size,
		"log target \"%s\" is not known: expected stderr, stdout, an absolute path, syslog:/PATH or "
		"udp:HOST:PORT",
		sink->target);
	return false;
}

static bool log_sink_open(struct log_sink *sink, char *error, size_t error_size)
{
	if (!log_sink_parse(sink, error, error_size))
		return false;
	if (sink->kind == LOG_SINK_FILE)
		return log_sink_create_file(sink, error, error_size);
	if (!log_sink_is_syslog(sink) || log_sink_make_socket(sink))
		return true;
	snprintf(error, error_size, "log target \"%s\": no socket: %s", sink->target, strerror(errno));
	return false;
}

bool log_target_check(const char *target, char *error, size_t error_size)
{
	struct log_sink sink = {.fd = -1, .target = strdup(target)};
	if (!sink.target)
		snprintf(error, error_size, "log target \"%s\": memory is out", target);
	bool good = sink.target && log_sink_parse(&sink, error, error_size);
	char why[LOG_SINK_WHY];
	if (good && sink.kind == LOG_SINK_FILE && !log_sink_suits(target, why, sizeof why)) {
		snprintf(error, error_size, "log target \"%s\" cannot be opened for writing: %s", target, why);
		good = false;
	}
	free(sink.target);
	return good;
}

struct log_sink *log_sink_create(const char *target, char *error, size_t error_size)
{
	struct log_sink *sink = calloc(1, sizeof *sink);
	if (!sink || !(sink->target = strdup(target)) || !(sink->data = malloc(LOG_SINK_ROOM))) {
		snprintf(error, error_size, "log target \"%s\": memory is out", target);
		goto fail;
	}
	sink->fd = -1;
	if (log_sink_open(sink, error, error_size))
		return sink;
fail:
	if (sink)
		log_sink_free(sink);
	return NULL;
}

/* O_NONBLOCK belongs to the open file, which the shell or a parent shares: setting it on their descriptor would break
 * them. A pipe or a terminal is opened anew through /proc instead; sockets take MSG_DONTWAIT. */
void log_sink_begin(struct log_sink *sink)
{
	if (sink->kind != LOG_SINK_STDERR && sink->kind != LOG_SINK_STDOUT)
		return;
	int shared = sink->kind == LOG_SINK_STDERR ? STDERR_FILENO : STDOUT_FILENO;
	struct stat st;
	char name[32];
	if (fstat(shared, &st) != 0)
		return;
	sink->pollable = !S_ISREG(st.st_mode);
	if (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode)) {
		snprintf(name, sizeof name, "/proc/self/fd/%d", shared);
		sink->fd = open(name, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
		sink->can_block = sink->fd < 0;
	}
	if (sink->fd < 0)
		sink->fd = fcntl(shared, F_DUPFD_CLOEXEC, 3);
}

void log_sink_enter(struct log_sink *sink, size_t bytes)
{
	if (!sink->path || strlen(sink->path) <= bytes)
		return;
	sink->path += bytes;
	if (sink->kind == LOG_SINK_SYSLOG) {
		struct sockaddr_un *local = (struct sockaddr_un *)(void *)&sink->peer;
		memcpy(local->sun_path, sink->path, strlen(sink->path) + 1);
	}
}

void log_sink_free(struct log_sink *sink)
{
	if (sink->fd >= 0)
		close(sink->fd);
	free(sink->data);
	free(sink->target);
	free(sink);
}

static void log_sink_copy(struct log_sink *sink, struct str s)
{
	if (s.n)
		memcpy(sink->data + sink->end, s.p, s.n);
	sink->end += s.n;
}

bool log_sink_add(struct log_sink *sink, struct str prefix, const struct str parts[2])
{
	size_t need = prefix.n + parts[0].n + parts[1].n + 1, waiting = log_sink_waiting(sink);
	if (LOG_SINK_ROOM - sink->end < need) {
		if (LOG_SINK_ROOM - waiting < need)
			return false;
		memmove(sink->data, sink->data + sink->start, waiting);
		sink->start = 0;
		sink->end = waiting;
	}
	char *line = sink->data + sink->end;
	log_sink_copy(sink, prefix);
	log_sink_copy(sink, parts[0]);
	log_sink_copy(sink, parts[1]);
	/* A line end inside a line would forge a second line. */
	for (char *at = line; (at = memchr(at, '\n', need - 1 - (size_t)(at - line)));)
		*at = ' ';
	log_sink_copy(sink, str_make("\n", 1));
	return true;
}

static void log_sink_consume(struct log_sink *sink, size_t n)
{
	sink->start += n;
	sink->torn = sink->data[sink->start - 1] != '\n';
	if (sink->start == sink->end)
		sink->start = sink->end = 0;
}

/* Whoever reads from here on did not get the beginning of the line that is half written. */
static void log_sink_drop_torn(struct log_sink *sink)
{
	if (!sink->torn)
		return;
	char *at = sink->data + sink->start, *end = memchr(at, '\n', log_sink_waiting(sink));
	log_sink_consume(sink, (size_t)(end - at) + 1);
	sink->dropped++;
	sink->refused = sink->error;
}

static void log_sink_wait(struct log_sink *sink, int error, uint64_t now_us)
{
	sink->error = error;
	/* poll says nothing about the receiver of a datagram socket that is not connected. */
	if (error == EAGAIN && sink->pollable && sink->kind != LOG_SINK_SYSLOG) {
		sink->wants_output = true;
		return;
	}
	/* The reader of a FIFO went away: the next one is met by opening it again. */
	if (error == EPIPE && sink->kind == LOG_SINK_FILE) {
		close(sink->fd);
		sink->fd = -1;
		log_sink_drop_torn(sink);
	}
	sink->retry_us = now_us + (error == EAGAIN ? LOG_SINK_BUSY_US : LOG_SINK_RETRY_US);
}

static ssize_t log_sink_write_some(struct log_sink *sink)
{
	const char *data = sink->data + sink->start;
	size_t n = log_sink_waiting(sink);
	if (sink->can_block) {
		struct pollfd ready = {.fd = sink->fd, .events = POLLOUT};
		if (poll(&ready, 1, 0) <= 0) {
			errno = EAGAIN;
			return -1;
		}
		n = n < LOG_SINK_PAGE ? n : LOG_SINK_PAGE;
	}
	if (sink->pollable) {
		ssize_t sent = send(sink->fd, data, n, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (sent >= 0 || errno != ENOTSOCK)
			return sent;
	}
	return write(sink->fd, data, n);
}

static void log_sink_flush_stream(struct log_sink *sink, uint64_t now_us)
{
	char why[LOG_SINK_WHY];
	if (sink->fd < 0 && sink->path)
		sink->fd = log_sink_open_file(sink->path, why, sizeof why);
	if (sink->fd < 0) {
		log_sink_wait(sink, ENXIO, now_us);
		return;
	}
	while (log_sink_waiting(sink)) {
		ssize_t n = log_sink_write_some(sink);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			log_sink_wait(sink, n < 0 ? errno : ENOSPC, now_us);
			return;
		}
		log_sink_consume(sink, (size_t)n);
	}
}

/* Returns how many datagrams were prepared; lines are cut at their ends. */
static unsigned log_sink_batch(const struct log_sink *sink, struct mmsghdr *messages, struct iovec *lines)
{
	const char *at = sink->data + sink->start, *end = sink->data + sink->end;
	unsigned count = 0;
	for (; count < LOG_SINK_DATAGRAMS && at < end; count++) {
		const char *line_end = memchr(at, '\n', (size_t)(end - at));
		union {
			const char *read;
			char *write;
		} line = {.read = at}; /* sendmmsg only reads, though iovec is not const */
		lines[count] = (struct iovec){line.write, (size_t)(line_end - at)};
		messages[count] = (struct mmsghdr){.msg_hdr = {
							   .msg_iov = &lines[count],
							   .msg_iovlen = 1,
							   .msg_name = (void *)(uintptr_t)&sink->peer,
							   .msg_namelen = sink->peer_length,
						   }};
		at = line_end + 1;
	}
	return count;
}

static void log_sink_flush_datagrams(struct log_sink *sink, uint64_t now_us)
{
	struct mmsghdr messages[LOG_SINK_DATAGRAMS];
	struct iovec lines[LOG_SINK_DATAGRAMS];
	while (log_sink_waiting(sink)) {
		unsigned count = log_sink_batch(sink, messages, lines);
		int sent = sendmmsg(sink->fd, messages, count, MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0 && errno == EMSGSIZE) {
			sink->dropped++;
			sink->refused = EMSGSIZE;
			sent = 1;
		}
		if (sent <= 0) {
			log_sink_wait(sink, sent < 0 ? errno : EIO, now_us);
			return;
		}
		for (int i = 0; i < sent; i++)
			log_sink_consume(sink, lines[i].iov_len + 1);
	}
}

void log_sink_flush(struct log_sink *sink, uint64_t now_us)
{
	if (!log_sink_waiting(sink) || now_us < sink->retry_us)
		return;
	sink->wants_output = false;
	sink->retry_us = 0;
	sink->error = 0;
	if (log_sink_is_syslog(sink))
		log_sink_flush_datagrams(sink, now_us);
	else
		log_sink_flush_stream(sink, now_us);
}

uint64_t log_sink_lines(const struct log_sink *sink)
{
	uint64_t lines = 0;
	for (size_t i = sink->start; i < sink->end; i++)
		lines += sink->data[i] == '\n';
	return lines;
}

/* The process may have given them up since, for /dev/null. */
static void log_sink_take_anew(struct log_sink *sink, uint64_t now_us)
{
	log_sink_flush(sink, now_us);
	if (sink->fd >= 0)
		close(sink->fd);
	sink->fd = -1;
	sink->wants_output = sink->can_block = false;
	sink->pollable = true;
	log_sink_begin(sink);
}

bool log_sink_reopen(struct log_sink *sink, uint64_t now_us, char *why, size_t why_size)
{
	if (sink->kind == LOG_SINK_STDERR || sink->kind == LOG_SINK_STDOUT)
		log_sink_take_anew(sink, now_us);
	if (sink->kind != LOG_SINK_FILE)
		return true;
	sink->retry_us = 0;
	log_sink_flush(sink, now_us);
	int fd = log_sink_open_file(sink->path, why, why_size);
	if (why[0])
		return false;
	if (sink->fd >= 0)
		close(sink->fd);
	log_sink_drop_torn(sink);
	sink->fd = fd;
	sink->pollable = fd < 0 || !log_sink_is_regular(fd);
	sink->wants_output = false;
	return true;
}

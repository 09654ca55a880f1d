/* The connection's life in time order: start, send, read, end. */
#include "wire/conn.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Read in one step: keys must be served in between when a table of many megabytes arrives. */
enum { CONN_CHUNK = 65536, CONN_STEP_BYTES = 4 * CONN_CHUNK };

void conn_init(struct conn *conn, const struct conn_ops *ops, void *arg)
{
	*conn = (struct conn){.ops = ops, .arg = arg, .fd = -1};
}

void conn_close(struct conn *conn)
{
	if (conn->fd >= 0)
		close(conn->fd);
	conn->fd = -1;
}

static enum conn_status conn_break(struct conn *conn, const char *error)
{
	conn_close(conn);
	conn->error = error;
	return CONN_BROKEN;
}

/* AF_UNIX says EAGAIN, not EINPROGRESS, when the backlog is full; only a later attempt can help. */
static const char *conn_connect_error(int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
		return "no such socket";
	case ECONNREFUSED:
		return "connection refused";
	case EACCES:
	case EPERM:
		return "no permission on the socket";
	case EAGAIN:
		return "backlog full";
	case ENOTSOCK:
	case EPROTOTYPE:
		return "not a stream socket";
	default:
		return "cannot connect";
	}
}

static bool conn_format(struct conn *conn, const char *const *commands, unsigned count)
{
	int n = snprintf(conn->out, sizeof conn->out, "prompt\n");

	for (unsigned i = 0; i < count && n > 0 && (size_t)n < sizeof conn->out; i++)
		n += snprintf(conn->out + n, sizeof conn->out - (size_t)n, "%s\n", commands[i]);
	if (n > 0 && (size_t)n < sizeof conn->out)
		n += snprintf(conn->out + n, sizeof conn->out - (size_t)n, "quit\n");
	conn->out_len = (size_t)n;
	conn->out_at = 0;
	return n > 0 && (size_t)n < sizeof conn->out;
}

/* Reply 0 is the answer to "prompt"; the last one is taken up to the end of the stream. */
static void conn_begin_reply(struct conn *conn)
{
	frame_begin(&conn->frame, conn->reply == conn->replies ? FRAME_TO_EOF : FRAME_PROMPT);
}

enum conn_status conn_start(
	struct conn *conn, const char *path, const char *const *commands, unsigned count, int64_t now)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	conn_close(conn);
	conn->connected = false;
	conn->error = NULL;
	if (strlen(path) >= sizeof address.sun_path)
		return conn_break(conn, "socket path too long");
	memcpy(address.sun_path, path, strlen(path));
	if (!conn_format(conn, commands, count))
		return conn_break(conn, "command too long");
	conn->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (conn->fd < 0)
		return conn_break(conn, "no descriptor left");
	if (connect(conn->fd, (const struct sockaddr *)&address, sizeof address) < 0)
		return conn_break(conn, conn_connect_error(errno));
	conn->connected = true;
	conn->reply = 0;
	conn->replies = count;
	conn->received = conn->progress_at = 0;
	conn->deadline = now + CONN_DEADLINE_MS;
	conn_begin_reply(conn);
	return conn_step(conn, now);
}

static void conn_on_body(void *arg, const char *bytes, size_t len)
{
	struct conn *conn = arg;

	if (conn->reply > 0)
		conn->ops->on_body(conn->arg, conn->reply - 1, bytes, len);
}

/* Gives received bytes to the replies in turn; true when the last one is complete. */
static bool conn_take(struct conn *conn, const char *bytes, size_t len)
{
	while (len > 0) {
		bool end;
		size_t used = frame_feed(&conn->frame, bytes, len, conn_on_body, conn, &end);
		bytes += used;
		len -= used;
		if (end) {
			conn->reply++;
			conn_begin_reply(conn);
		}
	}
	return conn->reply == conn->replies && conn->ops->is_complete(conn->arg);
}

static enum conn_status conn_read(struct conn *conn, int64_t now)
{
	char chunk[CONN_CHUNK];

	for (size_t total = 0; total < CONN_STEP_BYTES;) {
		ssize_t n = recv(conn->fd, chunk, sizeof chunk, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return CONN_BUSY;
		if (n < 0 && errno != ECONNRESET)
			return conn_break(conn, "read failed");
		if (n <= 0) {
			conn_close(conn);
			if (conn->reply == conn->replies)
				return CONN_DONE;
			return conn_break(conn, "closed early");
		}
		total += (size_t)n;
		conn->received += (size_t)n;
		if (conn->received - conn->progress_at >= CONN_PROGRESS_BYTES) {
			conn->progress_at = conn->received;
			conn->deadline = now + CONN_DEADLINE_MS;
		}
		if (conn_take(conn, chunk, (size_t)n)) {
			conn_close(conn);
			return CONN_DONE;
		}
	}
	return CONN_BUSY;
}

enum conn_status conn_step(struct conn *conn, int64_t now)
{
	if (conn->fd < 0)
		return CONN_IDLE;
	if (conn->out_at < conn->out_len) {
		ssize_t n = send(conn->fd, conn->out + conn->out_at, conn->out_len - conn->out_at, MSG_NOSIGNAL);
		if (n > 0)
			conn->out_at += (size_t)n;
		else if (errno == EPIPE || errno == ECONNRESET)
			conn->out_at = conn->out_len; /* it may have answered before it closed */
		else if (errno != EAGAIN && errno != EINTR)
			return conn_break(conn, "write failed");
	}
	enum conn_status status = conn_read(conn, now);
	if (status == CONN_BUSY && now >= conn->deadline)
		return conn_break(conn, "no answer");
	return status;
}

short conn_events(const struct conn *conn)
{
	if (conn->fd < 0)
		return 0;
	return conn->out_at < conn->out_len ? POLLIN | POLLOUT : POLLIN;
}

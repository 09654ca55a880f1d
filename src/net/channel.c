#include "net/channel.h"

#include "base/invariant.h"
#include "net/socket.h"

#include <errno.h>
#include <sys/uio.h>
#include <unistd.h>

/* Memory that is within what is kept for one peer: the output of a turn and one more piece; a long head. */
enum { CHANNEL_OUT_LIGHT = 2 * LOOP_AHEAD, CHANNEL_IN_LIGHT = 4 * LOOP_AHEAD };
/* What an answer of our own needs is always there. */
enum { CHANNEL_LITTLE = 1024 };

/* After each change of memory. */
static inline void channel_weigh(struct channel *c)
{
	bool heavy = c->out.capacity > CHANNEL_OUT_LIGHT || c->in.capacity > CHANNEL_IN_LIGHT;
	if (heavy == c->heavy)
		return;
	c->heavy = heavy;
	c->loop->heavy += heavy ? 1 : -1u;
}

static void channel_free_output(struct channel *c)
{
	buffer_free(&c->out);
	channel_weigh(c);
}

static LBD_COLD void channel_consume(struct channel *c, struct buffer *b, size_t n)
{
	buffer_consume(b, n);
	channel_weigh(c);
}

static LBD_COLD char *channel_grow(struct channel *c, struct buffer *b, size_t n)
{
	if (n > CHANNEL_LITTLE && !loop_may_keep(c->loop, n))
		return NULL;
	char *room = buffer_reserve(b, n);
	channel_weigh(c);
	return room;
}

/* Room behind the output that waits; the first block is one of the loop's. */
static char *channel_out_room(struct channel *c, size_t n)
{
	if (c->out.data && c->out.capacity - c->out.end >= n)
		return c->out.data + c->out.end;
	if (c->out.data || n > LOOP_BLOCK)
		return channel_grow(c, &c->out, n);
	c->out.data = loop_take_block(c->loop);
	c->out.capacity = c->out.data ? LOOP_BLOCK : 0;
	return c->out.data;
}

static void channel_out_consume(struct channel *c, size_t n)
{
	if (n < buffer_used(&c->out) || c->out.capacity != LOOP_BLOCK) {
		channel_consume(c, &c->out, n);
		return;
	}
	loop_put_block(c->loop, c->out.data);
	c->out = (struct buffer){0};
}

static void channel_watch(struct channel *c)
{
	int events = (c->reading && !c->connecting ? EV_READ : 0) | (c->blocked || c->connecting ? EV_WRITE : 0);
	if (ev_is_active(&c->io) && (c->io.events & (EV_READ | EV_WRITE)) == events)
		return;
	ev_io_stop(c->loop->ev, &c->io);
	if (!events)
		return;
	ev_io_modify(&c->io, events);
	ev_io_start(c->loop->ev, &c->io);
}

static void channel_leave_list(struct channel *c)
{
	if (c->queued) {
		c->queued = false;
		c->loop->unflushed_count--;
	}
	list_remove(&c->link);
}

static LBD_COLD void channel_drop_pipe(struct channel *c)
{
	loop_put_pipe(c->loop, c->pipe);
	c->pipe = 0;
}

static void channel_fail(struct channel *c, int error)
{
	c->error = error;
	c->blocked = false;
	channel_leave_list(c);
	list_append(&c->loop->failed, &c->link);
	channel_watch(c);
}

void channel_report_failure(struct channel *c)
{
	list_remove(&c->link);
	c->owner->failed(c, c->error);
}

static void channel_send_fin(struct channel *c)
{
	if (!c->shut || c->fin_sent || c->connecting)
		return;
	c->fin_sent = true;
	shutdown(c->io.fd, SHUT_WR);
}

static void channel_sent_all(struct channel *c)
{
	c->blocked = false;
	channel_leave_list(c);
	channel_send_fin(c);
	channel_watch(c);
}

/* No splice into this socket: what is in the pipe is sent from memory. */
static int channel_empty_pipe(struct channel *c, uint32_t held)
{
	LBD_INVARIANT(!buffer_used(&c->out));
	char *room = channel_out_room(c, held);
	if (!room)
		return ENOMEM;
	int error = splice_pipe_read(&c->loop->pipes, c->pipe, room);
	if (!error)
		buffer_commit(&c->out, held);
	return error;
}

/* True when the pipe is empty, and the channel has none any more. Else the peer takes no more now, or the connection
 * failed. */
static LBD_COLD bool channel_drain_pipe(struct channel *c)
{
	struct splice_pipes *pipes = &c->loop->pipes;
	uint32_t before = splice_pipe_held(pipes, c->pipe);
	int error = splice_pipe_drain(pipes, c->pipe, c->io.fd);
	uint32_t held = splice_pipe_held(pipes, c->pipe);
	c->sent += before - held;
	/* Once it was possible it will be again; and what stands in memory comes behind what is in the pipe. */
	if (error && splice_pipe_is_refusal(error) && !buffer_used(&c->out))
		error = channel_empty_pipe(c, held);
	if (error) {
		channel_drop_pipe(c);
		channel_fail(c, error);
		channel_free_output(c);
		return false;
	}
	if (!splice_pipe_held(pipes, c->pipe)) {
		channel_drop_pipe(c);
		return true;
	}
	c->blocked = true;
	channel_leave_list(c);
	channel_watch(c);
	return false;
}

/* Sends what waits and then data; keeps what is not taken. False when the connection failed. */
static bool channel_send(struct channel *c, const char *data, size_t n)
{
	size_t waiting = buffer_used(&c->out);
	struct iovec parts[2];
	int count = 0;
	if (waiting)
		parts[count++] = (struct iovec){buffer_bytes(&c->out), waiting};
	if (n)
		parts[count++] = (struct iovec){(void *)(uintptr_t)data, n};
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = (size_t)count};
	ssize_t sent = count == 1 ? socket_send(c->io.fd, parts[0].iov_base, parts[0].iov_len)
				  : sendmsg(c->io.fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (sent < 0 && (errno == EAGAIN || errno == EINTR))
		sent = 0;
	if (sent < 0) {
		channel_fail(c, errno);
		/* Without data it would not be all that was written. */
		if (n)
			channel_free_output(c);
		return false;
	}
	c->sent += (uint64_t)sent;
	size_t from_data = (size_t)sent > waiting ? (size_t)sent - waiting : 0;
	if (waiting)
		channel_out_consume(c, (size_t)sent - from_data);
	if (from_data < n) {
		char *room = channel_out_room(c, n - from_data);
		if (!room) {
			channel_fail(c, ENOMEM);
			channel_free_output(c);
			return false;
		}
		memcpy(room, data + from_data, n - from_data);
		buffer_commit(&c->out, n - from_data);
	}
	c->blocked = buffer_used(&c->out) != 0;
	channel_leave_list(c);
	if (!c->blocked)
		channel_send_fin(c);
	channel_watch(c);
	return true;
}

/* Sends what waits, the pipe before the rest; as channel_send, which knows of no pipe. */
static LBD_COLD bool channel_send_waiting(struct channel *c)
{
	if (c->pipe && !channel_drain_pipe(c))
		return !c->error;
	if (buffer_used(&c->out))
		return channel_send(c, NULL, 0);
	channel_sent_all(c);
	return true;
}

static void channel_enqueue(struct channel *c)
{
	if (c->queued || c->blocked || c->connecting || c->error)
		return;
	c->queued = true;
	list_append(&c->loop->unflushed, &c->link);
	if (++c->loop->unflushed_count < LOOP_FLUSH_BATCH)
		return;
	/* Owners of those that fail are told at the end of the turn, never from inside another callback. */
	while (!list_empty(&c->loop->unflushed))
		channel_flush((struct channel *)((char *)c->loop->unflushed.next - offsetof(struct channel, link)));
}

void channel_flush(struct channel *c)
{
	if (c->pipe) {
		(void)channel_send_waiting(c);
	} else if (buffer_used(&c->out)) {
		/* A failure is on the loop's list by now. */
		if (!channel_send(c, NULL, 0))
			return;
	} else {
		channel_leave_list(c);
		channel_send_fin(c);
	}
}

static void channel_on_connected(struct channel *c)
{
	c->connecting = false;
	int error = socket_error(c->io.fd);
	if (!error && (buffer_used(&c->out) || c->shut))
		channel_enqueue(c);
	channel_watch(c);
	c->owner->connected(c, error);
}

/* What the owner left of the fresh bytes outlives the callback in memory of the channel's own. */
static void channel_keep_fresh(struct channel *c)
{
	struct loop *loop = c->loop;
	if (loop->fresh_of != c)
		return;
	loop->fresh_of = NULL;
	if (!loop->fresh.n || !channel_is_open(c))
		return;
	char *room = channel_grow(c, &c->in, loop->fresh.n);
	if (!room) {
		channel_fail(c, ENOMEM);
		return;
	}
	memcpy(room, loop->fresh.p, loop->fresh.n);
	buffer_commit(&c->in, loop->fresh.n);
}

static void channel_on_event(struct ev_loop *ev, ev_io *w, int revents)
{
	struct channel *c = w->data;
	if (c->connecting) {
		channel_on_connected(c);
		return;
	}
	if ((revents & EV_WRITE) && c->blocked && channel_send_waiting(c) && !c->blocked)
		c->owner->drained(c);
	if ((revents & EV_READ) && channel_is_open(c) && c->reading)
		c->owner->readable(c);
	channel_keep_fresh(c);
}

void channel_open(struct channel *c, struct loop *loop, int fd, const struct channel_owner *owner, bool connecting)
{
	*c = (struct channel){.loop = loop, .owner = owner, .connecting = connecting, .reading = true};
	list_init(&c->link);
	ev_io_init(&c->io, channel_on_event, fd, connecting ? EV_WRITE : EV_READ);
	c->io.data = c;
	ev_io_start(loop->ev, &c->io);
}

void channel_close(struct channel *c, bool reset)
{
	if (!channel_is_open(c))
		return;
	channel_leave_list(c);
	buffer_free(&c->in);
	channel_free_output(c);
	if (c->pipe)
		channel_drop_pipe(c);
	if (c->loop->fresh_of == c)
		c->loop->fresh_of = NULL;
	ev_io_stop(c->loop->ev, &c->io);
	if (reset)
		socket_reset_on_close(c->io.fd);
	close(c->io.fd);
	c->io.fd = -1;
	c->blocked = c->connecting = c->reading = false;
}

/* By way of the scratch: who sends a head byte by byte is given room for what came, not for what may. */
static LBD_COLD ssize_t channel_receive_more(struct channel *c, size_t most)
{
	ssize_t got = channel_read(c, c->loop->scratch, most < LOOP_AHEAD ? most : LOOP_AHEAD);
	if (got <= 0)
		return got;
	char *room = channel_grow(c, &c->in, (size_t)got);
	if (!room) {
		errno = ENOMEM;
		return CHANNEL_ERROR;
	}
	memcpy(room, c->loop->scratch, (size_t)got);
	buffer_commit(&c->in, (size_t)got);
	return got;
}

ssize_t channel_receive(struct channel *c, size_t most)
{
	LBD_INVARIANT(!c->loop->fresh_of);
	if (buffer_used(&c->in))
		return channel_receive_more(c, most);
	ssize_t got = channel_read(c, c->loop->scratch, most < LOOP_SCRATCH ? most : LOOP_SCRATCH);
	if (got > 0) {
		c->loop->fresh_of = c;
		c->loop->fresh = str_make(c->loop->scratch, (size_t)got);
	}
	return got;
}

struct str channel_input(const struct channel *c)
{
	if (c->loop->fresh_of == c)
		return c->loop->fresh;
	return str_make(c->in.data ? buffer_bytes(&c->in) : NULL, buffer_used(&c->in));
}

void channel_take(struct channel *c, size_t n)
{
	if (c->loop->fresh_of != c) {
		channel_consume(c, &c->in, n);
		return;
	}
	c->loop->fresh.p += n;
	c->loop->fresh.n -= n;
}

static ssize_t channel_received(ssize_t got)
{
	if (got >= 0)
		return got;
	return errno == EAGAIN || errno == EINTR ? CHANNEL_AGAIN : CHANNEL_ERROR;
}

ssize_t channel_read(struct channel *c, void *data, size_t n)
{
	return channel_received(socket_receive(c->io.fd, data, n));
}

ssize_t channel_discard(struct channel *c)
{
	buffer_free(&c->in);
	channel_weigh(c);
	return channel_received(socket_discard(c->io.fd, c->loop->scratch, LOOP_SCRATCH));
}

ssize_t channel_splice(struct channel *from, struct channel *to, uint64_t n)
{
	LBD_INVARIANT(from->loop == to->loop && !from->loop->fresh_of);
	if (buffer_used(&from->in) || channel_pending(to) || to->connecting || to->shut || to->error ||
		!channel_is_open(to))
		return CHANNEL_UNABLE;
	struct splice_pipes *pipes = &from->loop->pipes;
	uint8_t pipe = loop_take_pipe(from->loop);
	if (!pipe)
		return CHANNEL_UNABLE;
	ssize_t got = splice_pipe_fill(pipes, pipe, from->io.fd, n);
	if (got <= 0) {
		int error = errno;
		loop_put_pipe(from->loop, pipe);
		errno = error;
		/* An urgent byte stops splice as if nothing were there, while the socket stays readable: receiving
		 * takes it out of the way. */
		return got == 0 || splice_pipe_is_refusal(error) ? CHANNEL_UNABLE : CHANNEL_ERROR;
	}
	to->pipe = pipe;
	(void)channel_send_waiting(to);
	return got;
}

void channel_pause(struct channel *c)
{
	c->reading = false;
	if (channel_is_open(c))
		channel_watch(c);
}

void channel_resume(struct channel *c)
{
	if (!channel_is_open(c))
		return;
	c->reading = true;
	channel_watch(c);
}

char *channel_reserve(struct channel *c, size_t n)
{
	return channel_out_room(c, n);
}

void channel_commit(struct channel *c, size_t n)
{
	buffer_commit(&c->out, n);
	channel_enqueue(c);
}

struct buffer channel_take_output(struct channel *c)
{
	LBD_INVARIANT(!c->pipe);
	struct buffer output = c->out;
	c->out = (struct buffer){0};
	channel_weigh(c);
	channel_leave_list(c);
	return output;
}

bool channel_write(struct channel *c, const void *data, size_t n)
{
	if (c->error || !channel_is_open(c)) {
		channel_free_output(c);
		return false;
	}
	if (c->blocked || c->connecting || buffer_used(&c->out) + n <= CHANNEL_COLLECT) {
		char *room = channel_out_room(c, n);
		if (!room) {
			channel_fail(c, ENOMEM);
			channel_free_output(c);
			return false;
		}
		memcpy(room, data, n);
		channel_commit(c, n);
		return true;
	}
	return channel_send(c, data, n);
}

void channel_flush_full(struct channel *c)
{
	if (buffer_used(&c->out) > CHANNEL_COLLECT && c->queued)
		channel_flush(c);
}

uint64_t channel_taken(const struct channel *c)
{
	return c->sent - socket_unacknowledged(c->io.fd);
}

bool channel_is_readable(const struct channel *c)
{
	return socket_is_readable(c->io.fd);
}

void channel_shutdown(struct channel *c)
{
	if (c->shut || !channel_is_open(c) || c->error)
		return;
	c->shut = true;
	if (!channel_pending(c))
		channel_send_fin(c);
}

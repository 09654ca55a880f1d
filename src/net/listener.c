#include "net/listener.h"

#include "net/socket.h"

#include <errno.h>
#include <limits.h>
#include <linux/filter.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { LISTENER_DRAIN_FIRST_US = 2000, LISTENER_DRAIN_LAST_US = 1000, LISTENER_DRAIN_TRIES = 20 };

static bool listener_out_of_resources(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

void listener_keep_spare(struct listener *l)
{
	l->keeps_spare = true;
	for (int i = 0; i < LISTENER_SPARES && l->io.fd >= 0; i++)
		if (l->spares[i] < 0)
			l->spares[i] = eventfd(0, EFD_CLOEXEC);
}

static bool listener_drop_spare(struct listener *l)
{
	for (int i = 0; i < LISTENER_SPARES; i++)
		if (l->spares[i] >= 0) {
			close(l->spares[i]);
			l->spares[i] = -1;
			return true;
		}
	return false;
}

static int listener_accept(struct listener *l, struct address *peer)
{
	int fd = socket_accept(l->io.fd, peer);
	while (fd < 0 && (errno == EMFILE || errno == ENFILE) && listener_drop_spare(l))
		fd = socket_accept(l->io.fd, peer);
	return fd;
}

/* False when nothing is queued any more, or nothing more can be taken now. */
static bool listener_accept_one(struct listener *l)
{
	struct address peer;
	l->refused = l->admit && !l->admit(l);
	if (l->refused)
		return false;
	int fd = listener_accept(l, &peer);
	if (fd >= 0) {
		l->accepted(l, fd, &peer);
		return true;
	}
	int error = errno;
	if (l->unused)
		l->unused(l, listener_out_of_resources(error));
	if (listener_out_of_resources(error)) {
		/* Level-triggered: without a pause the loop would spin. */
		l->exhausted++;
		ev_io_stop(l->loop->ev, &l->io);
		if (!l->draining)
			timer_start(&l->retry, LISTENER_RETRY_US, 0);
		return false;
	}
	/* A client that left before it was accepted is no reason to stop. */
	return error == ECONNABORTED || error == EINTR || error == EPROTO;
}

static void listener_accept_some(struct listener *l)
{
	/* Whoever is called may have paused or closed it. */
	for (int i = 0; i < LISTENER_ACCEPTS_A_TURN && ev_is_active(&l->io); i++)
		if (!listener_accept_one(l))
			return;
}

static void listener_on_readable(struct ev_loop *ev, ev_io *w, int revents)
{
	listener_accept_some(w->data);
}

static void listener_on_retry(struct timer *timer)
{
	struct listener *l = (struct listener *)((char *)timer - offsetof(struct listener, retry));
	if (l->keeps_spare)
		listener_keep_spare(l);
	listener_resume(l);
}

void listener_open(struct listener *l, struct loop *loop, int fd,
	void (*accepted)(struct listener *listener, int fd, const struct address *peer), void *owner)
{
	*l = (struct listener){.loop = loop, .accepted = accepted, .owner = owner};
	for (int i = 0; i < LISTENER_SPARES; i++)
		l->spares[i] = -1;
	timer_init(&l->retry, loop, listener_on_retry);
	ev_io_init(&l->io, listener_on_readable, fd, EV_READ);
	l->io.data = l;
	ev_io_start(loop->ev, &l->io);
}

void listener_pause(struct listener *l)
{
	timer_stop(&l->retry);
	ev_io_stop(l->loop->ev, &l->io);
}

void listener_resume(struct listener *l)
{
	if (l->io.fd >= 0 && !l->draining)
		ev_io_start(l->loop->ev, &l->io);
}

void listener_resume_now(struct listener *l)
{
	listener_resume(l);
	if (ev_is_active(&l->io))
		listener_accept_some(l);
}

void listener_close(struct listener *l)
{
	if (l->io.fd < 0)
		return;
	listener_pause(l);
	while (listener_drop_spare(l))
		;
	close(l->io.fd);
	l->io.fd = -1;
}

/* Drops every segment that is a SYN without ACK, so that no new handshake begins on this socket; the other sockets of
 * the same address get them when the client repeats. */
static bool listener_refuse_new(int fd)
{
	struct sock_filter program[] = {
		{BPF_LD | BPF_B | BPF_ABS, 0, 0, 13},    /* TCP flags */
		{BPF_ALU | BPF_AND | BPF_K, 0, 0, 0x12}, /* SYN and ACK */
		{BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0x02}, /* SYN alone? */
		{BPF_RET | BPF_K, 0, 0, 0},              /* drop */
		{BPF_RET | BPF_K, 0, 0, 0xffffffff},     /* take whole */
	};
	struct sock_fprog filter = {sizeof program / sizeof program[0], program};
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) == 0)
		return true;
	/* Some kernels want CAP_NET_ADMIN for it. Bound to an interface that there is not, the socket gets no new SYN either:
	 * it is answered as if nobody listened. */
	int nowhere = INT_MAX;
	return setsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &nowhere, sizeof nowhere) == 0;
}

/* As many as in any turn. False: more may be queued. */
static bool listener_accept_queued(struct listener *l)
{
	for (int i = 0; i < LISTENER_ACCEPTS_A_TURN; i++) {
		if (l->drain_left == 0 || !listener_accept_one(l))
			return true;
		if (l->drain_left > 0)
			l->drain_left--;
	}
	return false;
}

static void listener_on_drain(struct timer *timer)
{
	struct listener *l = (struct listener *)((char *)timer - offsetof(struct listener, retry));
	uint64_t exhausted = l->exhausted;
	if (l->drain_left >= 0 && l->draining == 1 && !l->refused)
		l->drain_left = socket_queued(l->io.fd);
	if (!listener_accept_queued(l)) {
		timer_start(&l->retry, 0, 0);
		return;
	}
	/* What is queued may wait as long as it takes: whoever stops without patience closes it. */
	if (l->refused && l->drain_left != 0 && socket_has_queued(l->io.fd)) {
		timer_start(&l->retry, LISTENER_RETRY_US, 0);
		return;
	}
	/* And for a descriptor, a second at most. */
	if (l->exhausted != exhausted && l->draining < LISTENER_DRAIN_TRIES) {
		l->draining++;
		timer_start(&l->retry, LISTENER_RETRY_US, 0);
		return;
	}
	if (l->draining++ == 1) {
		timer_start(&l->retry, LISTENER_DRAIN_LAST_US, 0);
		return;
	}
	listener_close(l);
	l->closed(l);
}

void listener_drain_and_close(struct listener *l, void (*closed)(struct listener *listener))
{
	listener_pause(l);
	l->closed = closed;
	l->draining = 1;
	struct address self;
	socket_local_address(l->io.fd, &self);
	/* Where the kernel allows neither way to refuse them, new ones go on coming while the drain waits for a place: then it
	 * is for those who are there now. */
	bool tcp = self.length && self.as.any.sa_family != AF_UNIX;
	l->drain_left = tcp && !listener_refuse_new(l->io.fd) ? socket_queued(l->io.fd) : -1;
	bool all = listener_accept_queued(l);
	/* Handshakes that were under way when the filter came end within moments on a live network. */
	timer_init(&l->retry, l->loop, listener_on_drain);
	timer_start(&l->retry, all ? LISTENER_DRAIN_FIRST_US : 0, 0);
}

/* Bytes from channel to channel through a pipe: order, back-pressure, both ends, failure of either side, and when it is
 * refused. */
#include "net/channel.h"

#include "net/timer.h"
#include "net_support.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct splice_case {
	struct loop loop;
	struct channel from, to;
	struct timer timer; /* of the reader */
	int sender, reader; /* the other ends */
	uint64_t total, written, received, spliced, copied;
	int unable, errors, drained, failed, error;
	bool slow, ended;
};

static char splice_byte(uint64_t at)
{
	return (char)(at * 7 + at / 256 * 13 + at / 65536);
}

static struct splice_case *splice_case_of(struct channel *c)
{
	return c->loop->owner;
}

/* What a flow does: the source stops while its receiver is blocked. */
static void splice_on_readable(struct channel *c)
{
	struct splice_case *t = splice_case_of(c);
	ssize_t got = channel_splice(c, &t->to, UINT64_MAX);
	if (got > 0)
		t->spliced += (uint64_t)got;
	if (got == CHANNEL_UNABLE) {
		t->unable++;
		got = channel_receive(c, LOOP_SCRATCH);
		struct str input = channel_input(c);
		if (got > 0) {
			t->copied += input.n;
			cr_assert(channel_write(&t->to, input.p, input.n));
			channel_take(c, input.n);
		}
	}
	if (got == CHANNEL_ERROR) {
		t->errors++;
		t->error = errno;
		channel_pause(c);
		loop_stop(c->loop);
	}
	if (got == CHANNEL_CLOSED) {
		channel_pause(c);
		channel_shutdown(&t->to);
	} else if (t->to.blocked) {
		channel_pause(c);
	}
}

static void splice_on_drained(struct channel *c)
{
	struct splice_case *t = splice_case_of(c);
	t->drained++;
	cr_assert_eq(channel_pending(c), 0u);
	cr_assert_eq(c->pipe, 0);
	channel_resume(&t->from);
}

static void splice_on_failed(struct channel *c, int error)
{
	struct splice_case *t = splice_case_of(c);
	t->failed++;
	t->error = error;
	channel_close(c, false);
	loop_stop(c->loop);
}

static void splice_on_ignored(struct channel *c)
{
	channel_pause(c);
}

static const struct channel_owner splice_from_owner = {.readable = splice_on_readable, .failed = splice_on_failed};
static const struct channel_owner splice_to_owner = {
	.readable = splice_on_ignored, .drained = splice_on_drained, .failed = splice_on_failed};

static void splice_open(struct splice_case *t, void (*pair)(int fds[2]))
{
	int fds[2];
	signal(SIGPIPE, SIG_IGN);
	*t = (struct splice_case){.total = 0};
	net_loop_open(&t->loop, t);
	pair(fds);
	t->sender = fds[0];
	channel_open(&t->from, &t->loop, fds[1], &splice_from_owner, false);
	pair(fds);
	t->reader = fds[1];
	channel_open(&t->to, &t->loop, fds[0], &splice_to_owner, false);
}

static void splice_end(struct splice_case *t)
{
	if (t->timer.loop)
		timer_stop(&t->timer);
	channel_close(&t->from, false);
	channel_close(&t->to, false);
	if (t->sender >= 0)
		close(t->sender);
	if (t->reader >= 0)
		close(t->reader);
	splice_pipes_trim(&t->loop.pipes);
	cr_expect_eq(t->loop.pipes.made, 0u, "every pipe was given back");
	loop_end(&t->loop);
}

/* Both other ends, by a timer: writes while there is room, reads what is there, slowly when that is wanted. */
static void splice_on_tick(struct timer *timer)
{
	static char data[300000];
	struct splice_case *t = timer->loop->owner;
	while (t->written < t->total) {
		size_t n = sizeof data < t->total - t->written ? sizeof data : (size_t)(t->total - t->written);
		for (size_t i = 0; i < n; i++)
			data[i] = splice_byte(t->written + i);
		ssize_t sent = send(t->sender, data, n, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (sent < 0)
			break;
		t->written += (uint64_t)sent;
		if (t->written == t->total)
			shutdown(t->sender, SHUT_WR);
	}
	for (int i = 0; i < (t->slow ? 1 : 100); i++) {
		ssize_t got = recv(t->reader, data, t->slow ? 50000 : sizeof data, MSG_DONTWAIT);
		if (got < 0)
			break;
		for (ssize_t k = 0; k < got; k++)
			cr_assert_eq(data[k], splice_byte(t->received + (uint64_t)k));
		t->received += (uint64_t)got;
		if (got == 0) {
			t->ended = true;
			loop_stop(timer->loop);
			return;
		}
	}
	timer_start(timer, 200, 0);
}

static void splice_run(struct splice_case *t, uint64_t total)
{
	t->total = total;
	timer_init(&t->timer, &t->loop, splice_on_tick);
	timer_start(&t->timer, 100, 0);
	net_loop_run(&t->loop);
}

static void (*const splice_pairs[])(int fds[2]) = {net_tcp_pair, net_unix_pair};

Test(channel_splice, a_reader_gets_everything_in_order_and_then_the_end, .timeout = 30)
{
	for (size_t i = 0; i < 2 * sizeof splice_pairs / sizeof *splice_pairs; i++) {
		static struct splice_case t;
		splice_open(&t, splice_pairs[i / 2]);
		t.slow = i % 2;
		int small = 4096;
		if (t.slow)
			setsockopt(t.to.io.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
		splice_run(&t, 4 << 20);
		cr_expect(t.ended && t.received == t.total, "case %zu: %llu bytes", i, (unsigned long long)t.received);
		cr_expect_eq(t.to.sent, t.total);
		cr_expect_eq(t.spliced + t.copied, t.total);
		cr_expect_geq(
			t.spliced, t.total - t.total / 8, "case %zu: %llu spliced", i, (unsigned long long)t.spliced);
		if (t.slow)
			cr_expect_gt(t.drained, 5);
		cr_expect_eq(t.failed + t.errors, 0);
		splice_end(&t);
	}
}

static void splice_send(struct splice_case *t, size_t n)
{
	static char data[1 << 20];
	for (size_t i = 0; i < n; i++)
		data[i] = splice_byte(t->written + i);
	cr_assert_eq(send(t->sender, data, n, MSG_DONTWAIT | MSG_NOSIGNAL), (ssize_t)n);
	t->written += n;
}

/* Bytes in the pipe: the receiver has little room, and its reader does not read. */
static void splice_block(struct splice_case *t)
{
	int small = 4096, large = 1 << 20;
	setsockopt(t->to.io.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
	setsockopt(t->sender, SOL_SOCKET, SO_SNDBUF, &large, sizeof large);
	splice_send(t, 100000);
	cr_assert_gt(channel_splice(&t->from, &t->to, UINT64_MAX), 0);
	cr_assert_neq(t->to.pipe, 0);
	cr_assert(t->to.blocked);
	cr_assert_gt(channel_pending(&t->to), 0u);
	cr_assert_eq(t->to.sent + channel_pending(&t->to), 100000u);
}

Test(channel_splice, what_is_written_later_and_the_end_stay_behind_the_pipe, .timeout = 10)
{
	static struct splice_case t;
	char more[20000];
	splice_open(&t, net_unix_pair);
	splice_block(&t);
	for (size_t i = 0; i < sizeof more; i++)
		more[i] = splice_byte(100000 + i);
	cr_assert(channel_write(&t.to, more, sizeof more));
	channel_shutdown(&t.to);
	cr_expect_not(t.to.fin_sent);
	uint64_t before = channel_taken(&t.to);
	splice_run(&t, 0);
	cr_expect(t.ended);
	cr_expect_eq(t.received, 100000u + sizeof more);
	cr_expect_neq(channel_taken(&t.to), before, "a peer that reads is seen");
	splice_end(&t);
}

Test(channel_splice, closing_with_bytes_inside_loses_no_descriptor)
{
	static struct splice_case t;
	splice_open(&t, net_unix_pair);
	splice_block(&t);
	cr_expect_eq(t.loop.pipes.made, 1u);
	channel_close(&t.to, true);
	cr_expect_eq(t.loop.pipes.made, 0u);
	cr_expect_eq(channel_pending(&t.to), 0u);
	splice_end(&t);
}

Test(channel_splice, a_receiver_that_goes_is_told_of_once, .timeout = 10)
{
	static struct splice_case t;
	splice_open(&t, net_unix_pair);
	splice_block(&t);
	close(t.reader);
	t.reader = -1;
	net_loop_run(&t.loop);
	net_loop_run_for(&t.loop, 20);
	cr_expect_eq(t.failed, 1);
	cr_expect(t.error == EPIPE || t.error == ECONNRESET, "%s", strerror(t.error));
	splice_end(&t);
}

Test(channel_splice, a_receiver_that_went_before_is_told_of_at_the_end_of_the_turn, .timeout = 10)
{
	static struct splice_case t;
	splice_open(&t, net_unix_pair);
	channel_pause(&t.to);
	close(t.reader);
	t.reader = -1;
	splice_send(&t, 1000);
	cr_expect_eq(channel_splice(&t.from, &t.to, 1000), 1000, "they were taken from the source");
	cr_expect_eq(t.failed, 0);
	cr_expect_eq(t.to.error, EPIPE);
	cr_expect_eq(channel_splice(&t.from, &t.to, 1000), CHANNEL_UNABLE);
	net_loop_run(&t.loop);
	cr_expect_eq(t.failed, 1);
	splice_end(&t);
}

Test(channel_splice, a_reset_of_the_source_is_no_end, .timeout = 10)
{
	static struct splice_case t;
	splice_open(&t, net_tcp_pair);
	struct linger now = {.l_onoff = 1};
	setsockopt(t.sender, SOL_SOCKET, SO_LINGER, &now, sizeof now);
	close(t.sender);
	t.sender = -1;
	net_loop_run(&t.loop);
	cr_expect_eq(t.errors, 1);
	cr_expect_eq(t.error, ECONNRESET);
	cr_expect_not(t.to.shut);
	splice_end(&t);
}

Test(channel_splice, is_refused_when_it_would_change_the_order_or_cannot_be, .timeout = 10)
{
	enum { PENDING, BLOCKED, KEPT, SHUT, CONNECTING, CLOSED, NO_PIPES, NOTHING, END, CASES };
	for (int i = 0; i < CASES; i++) {
		static struct splice_case t;
		splice_open(&t, net_unix_pair);
		if (i != NOTHING && i != END && i != BLOCKED)
			splice_send(&t, 1000);
		if (i == PENDING)
			cr_assert(channel_write(&t.to, "head", 4));
		if (i == BLOCKED) {
			splice_block(&t);
			splice_send(&t, 1000);
		}
		if (i == KEPT) {
			char *room = buffer_reserve(&t.from.in, 4);
			cr_assert_not_null(room);
			memcpy(room, "kept", 4);
			buffer_commit(&t.from.in, 4);
		}
		if (i == SHUT)
			channel_shutdown(&t.to);
		if (i == CONNECTING)
			t.to.connecting = true;
		if (i == CLOSED)
			channel_close(&t.to, false);
		if (i == NO_PIPES)
			t.loop.pipes.most = 0;
		if (i == END)
			shutdown(t.sender, SHUT_WR);
		cr_expect_eq(channel_splice(&t.from, &t.to, UINT64_MAX), CHANNEL_UNABLE, "case %d", i);
		t.to.connecting = false;
		splice_end(&t);
	}
}

/* The kernel ends a splice at an urgent byte as if nothing were there, and goes on telling that there is something. */
Test(channel_splice, an_urgent_byte_does_not_stop_the_rest, .timeout = 10)
{
	static struct splice_case t;
	splice_open(&t, net_tcp_pair);
	splice_send(&t, 1000);
	cr_assert_eq(send(t.sender, "!", 1, MSG_OOB), 1);
	splice_send(&t, 1000);
	splice_run(&t, 3000);
	cr_expect(t.ended);
	cr_expect_eq(t.received, 3000u);
	cr_expect_lt(t.unable, 10, "%d times in vain", t.unable);
	splice_end(&t);
}

/* A receiver to which the kernel does not splice, such as a file that is appended to, gets the same bytes from memory;
 * a file that is no socket then refuses those. */
Test(channel_splice, what_cannot_be_spliced_on_is_sent_from_memory)
{
	static struct splice_case t;
	char name[] = "/tmp/lbd-splice-XXXXXX";
	int file = mkstemp(name);
	cr_assert_geq(file, 0);
	unlink(name);
	cr_assert_eq(fcntl(file, F_SETFL, O_APPEND), 0);
	splice_open(&t, net_unix_pair);
	int socket = t.to.io.fd;
	t.to.io.fd = file;
	splice_send(&t, 5000);
	cr_expect_eq(channel_splice(&t.from, &t.to, UINT64_MAX), 5000);
	cr_expect_eq(t.to.error, ENOTSOCK);
	cr_expect_eq(t.to.pipe, 0);
	cr_assert_eq(channel_pending(&t.to), 5000u);
	for (uint64_t i = 0; i < 5000; i++)
		cr_assert_eq(buffer_bytes(&t.to.out)[i], splice_byte(i));
	t.to.io.fd = socket;
	close(file);
	splice_end(&t);
}

Test(channel_splice, an_unused_pipe_is_given_back_after_a_while, .timeout = 10)
{
	static struct splice_case t;
	splice_open(&t, net_unix_pair);
	splice_send(&t, 1000);
	cr_expect_eq(channel_splice(&t.from, &t.to, UINT64_MAX), 1000);
	cr_expect_eq(t.loop.pipes.made, 1u, "one is kept for the next piece");
	net_loop_run_for(&t.loop, 500);
	cr_expect_eq(t.loop.pipes.made, 1u);
	net_loop_run_for(&t.loop, 2000);
	cr_expect_eq(t.loop.pipes.made, 0u);
	splice_end(&t);
}

/* One socket and what waits for it: order, back-pressure, failure, and closing at the worst moment. */
#include "net/channel.h"

#include "net/socket.h"
#include "net/timer.h"
#include "net_support.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What the callbacks of a test saw, and what they shall do. */
struct channel_case {
	struct loop loop;
	struct channel a, b; /* b: the other end, when it is a channel too */
	struct timer timer;
	int readable, connected, drained, failed, error;
	uint64_t sent, received, total;
	bool in_write, got_end;
};

static struct channel_case *channel_case_of(struct channel *c)
{
	return c->loop->owner;
}

static char channel_byte(uint64_t at)
{
	return (char)(at * 7 + at / 256 * 13 + at / 65536);
}

static void channel_on_drained(struct channel *c)
{
	channel_case_of(c)->drained++;
}

static void channel_on_failed(struct channel *c, int error)
{
	struct channel_case *t = channel_case_of(c);
	cr_assert_not(t->in_write, "never from inside a channel function");
	t->failed++;
	t->error = error;
	channel_close(c, false);
	loop_stop(c->loop);
}

static void channel_on_connect_end(struct channel *c, int error)
{
	struct channel_case *t = channel_case_of(c);
	t->connected++;
	t->error = error;
	loop_stop(c->loop);
}

static void channel_on_ignored(struct channel *c)
{
	channel_case_of(c)->readable++;
}

static const struct channel_owner channel_plain_owner = {
	.readable = channel_on_ignored,
	.connected = channel_on_connect_end,
	.drained = channel_on_drained,
	.failed = channel_on_failed,
};

static void channel_case_open(struct channel_case *t, int fds[2])
{
	*t = (struct channel_case){.readable = 0};
	net_loop_open(&t->loop, t);
	net_unix_pair(fds);
	int small = 4096;
	setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
}

static void channel_case_end(struct channel_case *t)
{
	if (t->timer.loop)
		timer_stop(&t->timer);
	channel_close(&t->a, false);
	if (t->b.loop)
		channel_close(&t->b, false);
	loop_end(&t->loop);
}

/* A source that writes pieces of all sizes until the channel is blocked, and goes on when it is drained. */
static void channel_pump(struct channel *c)
{
	static char piece[100000];
	struct channel_case *t = channel_case_of(c);
	while (t->sent < t->total && channel_pending(c) < 300000) {
		size_t n = (size_t)(t->sent * 2654435761u % (t->sent % 3 ? 3000 : sizeof piece)) + 1;
		n = n < t->total - t->sent ? n : (size_t)(t->total - t->sent);
		for (size_t i = 0; i < n; i++)
			piece[i] = channel_byte(t->sent + i);
		if (t->sent % 5 == 0) {
			char *room = channel_reserve(c, n);
			cr_assert_not_null(room);
			memcpy(room, piece, n);
			channel_commit(c, n);
		} else {
			cr_assert(channel_write(c, piece, n));
		}
		t->sent += n;
	}
	if (t->sent == t->total)
		channel_shutdown(c);
}

static void channel_on_pump_drained(struct channel *c)
{
	channel_case_of(c)->drained++;
	cr_assert_eq(channel_pending(c), 0u);
	channel_pump(c);
}

static void channel_slow_read(struct channel *c)
{
	struct channel_case *t = channel_case_of(c);
	char data[20000];
	ssize_t n = channel_read(c, data, sizeof data);
	if (n == CHANNEL_AGAIN)
		return;
	cr_assert_geq(n, 0);
	for (ssize_t i = 0; i < n; i++)
		cr_assert_eq(data[i], channel_byte(t->received + (uint64_t)i));
	t->received += (uint64_t)n;
	if (n == CHANNEL_CLOSED) {
		t->got_end = true;
		loop_stop(c->loop);
		return;
	}
	if (t->received % 4 == 0) {
		channel_pause(c);
		timer_start(&t->timer, 500, 0);
	}
}

static void channel_resume_reader(struct timer *timer)
{
	channel_resume(&((struct channel_case *)timer->loop->owner)->b);
}

static const struct channel_owner channel_pump_owner = {
	.readable = channel_on_ignored, .drained = channel_on_pump_drained, .failed = channel_on_failed};
static const struct channel_owner channel_slow_owner = {.readable = channel_slow_read, .failed = channel_on_failed};

static void channel_start_pump(struct mail *mail, void *receiver)
{
	channel_pump(&((struct channel_case *)receiver)->a);
}

Test(channel, a_slow_reader_gets_everything_in_order_and_then_the_end, .timeout = 20)
{
	struct channel_case t;
	struct mail start = {NULL, channel_start_pump};
	int fds[2];
	channel_case_open(&t, fds);
	t.total = 8 << 20;
	channel_open(&t.a, &t.loop, fds[0], &channel_pump_owner, false);
	channel_open(&t.b, &t.loop, fds[1], &channel_slow_owner, false);
	timer_init(&t.timer, &t.loop, channel_resume_reader);
	loop_post(&t.loop, &start);
	net_loop_run(&t.loop);
	cr_assert_eq(t.received, t.total);
	cr_assert(t.got_end);
	cr_assert_gt(t.drained, 5);
	cr_assert_eq(t.failed, 0);
	cr_assert_null(t.a.out.data, "no memory is held when nothing waits");
	channel_case_end(&t);
}

static void channel_write_small(struct timer *timer)
{
	struct channel_case *t = timer->loop->owner;
	char data[8];
	cr_assert(channel_write(&t->a, "one ", 4));
	cr_assert(channel_write(&t->a, "call", 4));
	cr_assert_eq(recv(t->b.io.fd, data, sizeof data, MSG_PEEK | MSG_DONTWAIT), -1, "collected until the turn ends");
	cr_assert_eq(t->loop.unflushed_count, 1u);
}

static void channel_expect_one_call(struct channel *c)
{
	char data[16];
	cr_assert_eq(channel_read(c, data, sizeof data), 8);
	cr_assert_eq(memcmp(data, "one call", 8), 0);
	loop_stop(c->loop);
}

static const struct channel_owner channel_one_call_owner = {.readable = channel_expect_one_call};

Test(channel, small_writes_leave_together_before_the_loop_sleeps, .timeout = 10)
{
	struct channel_case t;
	int fds[2];
	channel_case_open(&t, fds);
	channel_open(&t.a, &t.loop, fds[0], &channel_plain_owner, false);
	channel_open(&t.b, &t.loop, fds[1], &channel_one_call_owner, false);
	timer_init(&t.timer, &t.loop, channel_write_small);
	timer_start(&t.timer, 1000, 0);
	net_loop_run(&t.loop);
	cr_assert_eq(t.loop.unflushed_count, 0u);
	channel_case_end(&t);
}

static void channel_write_to_the_dead(struct timer *timer)
{
	struct channel_case *t = timer->loop->owner;
	static char large[100000];
	t->in_write = true;
	cr_assert(channel_write(&t->a, "small", 5));
	cr_assert_not(channel_write(&t->a, large, sizeof large));
	cr_assert_not(channel_write(&t->a, "more", 4));
	cr_assert_eq(channel_pending(&t->a), 0u, "what waited is dropped");
	channel_shutdown(&t->a);
	t->in_write = false;
	cr_assert_eq(t->failed, 0);
}

Test(channel, a_failure_is_told_once_at_the_end_of_the_turn, .timeout = 10)
{
	struct channel_case t;
	int fds[2];
	channel_case_open(&t, fds);
	channel_open(&t.a, &t.loop, fds[0], &channel_plain_owner, false);
	channel_pause(&t.a);
	close(fds[1]);
	timer_init(&t.timer, &t.loop, channel_write_to_the_dead);
	timer_start(&t.timer, 1000, 0);
	net_loop_run(&t.loop);
	net_loop_run_for(&t.loop, 20);
	cr_assert_eq(t.failed, 1);
	cr_assert_eq(t.error, EPIPE);
	channel_case_end(&t);
}

static void channel_write_small_to_the_dead(struct timer *timer)
{
	struct channel_case *t = timer->loop->owner;
	cr_assert(channel_write(&t->a, "small", 5), "it cannot be known yet");
}

Test(channel, a_failure_of_the_flush_is_told_too, .timeout = 10)
{
	struct channel_case t;
	int fds[2];
	channel_case_open(&t, fds);
	channel_open(&t.a, &t.loop, fds[0], &channel_plain_owner, false);
	channel_pause(&t.a);
	close(fds[1]);
	timer_init(&t.timer, &t.loop, channel_write_small_to_the_dead);
	timer_start(&t.timer, 1000, 0);
	net_loop_run(&t.loop);
	cr_assert_eq(t.failed, 1);
	cr_assert_eq(t.error, EPIPE);
	channel_case_end(&t);
}

static void channel_write_to_the_dead_and_close(struct timer *timer)
{
	struct channel_case *t = timer->loop->owner;
	static char large[100000];
	cr_assert_not(channel_write(&t->a, large, sizeof large));
	channel_close(&t->a, true);
	channel_close(&t->a, false);
	cr_assert_not(channel_is_open(&t->a));
	cr_assert_not(channel_write(&t->a, "x", 1));
	channel_shutdown(&t->a);
	channel_pause(&t->a);
	channel_resume(&t->a);
}

/* It is for the owner to give it to another channel. */
static void channel_on_failed_with_output(struct channel *c, int error)
{
	struct channel_case *t = channel_case_of(c);
	cr_assert_eq(channel_pending(c), 5u);
	cr_assert_eq(c->sent, 0u);
	struct buffer output = channel_take_output(c);
	cr_assert_eq(memcmp(buffer_bytes(&output), "hello", 5), 0);
	buffer_free(&output);
	t->error = error;
	channel_close(c, false);
	loop_stop(c->loop);
}

Test(channel, what_a_failure_left_unsent_is_still_there, .timeout = 10)
{
	static const struct channel_owner owner = {
		.readable = channel_on_ignored, .failed = channel_on_failed_with_output};
	struct channel_case t;
	int fds[2];
	channel_case_open(&t, fds);
	channel_open(&t.a, &t.loop, fds[0], &owner, false);
	close(fds[1]);
	cr_assert(channel_write(&t.a, "hello", 5));
	net_loop_run(&t.loop);
	cr_assert_eq(t.error, EPIPE);
	channel_case_end(&t);
}

Test(channel, a_peer_that_reads_is_seen_although_nothing_can_be_sent, .timeout = 10)
{
	static char data[400000];
	struct channel_case t;
	int fds[2];
	channel_case_open(&t, fds);
	channel_open(&t.a, &t.loop, fds[0], &channel_plain_owner, false);
	cr_assert(channel_write(&t.a, data, sizeof data));
	cr_assert(t.a.blocked);
	cr_assert_eq(t.a.sent + channel_pending(&t.a), sizeof data);
	uint64_t before = channel_taken(&t.a);
	cr_assert_eq(channel_taken(&t.a), before);
	/* The Unix socket's receiver gives memory back once a whole piece of it is read. */
	cr_assert_gt(read(fds[1], data, 100000), 0);
	cr_assert_neq(channel_taken(&t.a), before);
	close(fds[1]);
	channel_case_end(&t);
}

Test(channel, who_closes_is_not_told_any_more, .timeout = 10)
{
	struct channel_case t;
	int fds[2];
	channel_case_open(&t, fds);
	channel_open(&t.a, &t.loop, fds[0], &channel_plain_owner, false);
	channel_pause(&t.a);
	close(fds[1]);
	timer_init(&t.timer, &t.loop, channel_write_to_the_dead_and_close);
	timer_start(&t.timer, 1000, 0);
	net_loop_run_for(&t.loop, 30);
	cr_assert_eq(t.failed, 0);
	channel_case_end(&t);
}

/* Whichever comes first finds that the other has news, and closes it. */
static void channel_on_first_of_two(struct channel *c)
{
	struct channel_case *t = channel_case_of(c);
	struct channel *other = c == &t->a ? &t->b : &t->a;
	t->readable++;
	cr_expect_not(channel_has_news(c));
	cr_expect(channel_has_news(other));
	channel_close(other, false);
	cr_expect_not(channel_has_news(other));
	loop_stop(c->loop);
}

Test(channel, news_of_the_turn_are_known_before_they_are_told, .timeout = 10)
{
	static const struct channel_owner owner = {.readable = channel_on_first_of_two, .failed = channel_on_failed};
	struct channel_case t;
	int fds[2], others[2];
	channel_case_open(&t, fds);
	net_unix_pair(others);
	channel_open(&t.a, &t.loop, fds[0], &owner, false);
	channel_open(&t.b, &t.loop, others[0], &owner, false);
	cr_expect_not(channel_has_news(&t.a));
	close(fds[1]);
	cr_assert_eq(write(others[1], "x", 1), 1);
	net_loop_run(&t.loop);
	cr_assert_eq(t.readable, 1);
	close(others[1]);
	channel_case_end(&t);
}

/* Closing in each callback, with the memory gone at the end of the turn: for the sanitizer to look at. */
struct channel_mortal {
	struct channel channel;
	struct doomed doomed;
};

static void channel_free_mortal(struct doomed *doomed, void *owner)
{
	free((char *)doomed - offsetof(struct channel_mortal, doomed));
}

static void channel_die(struct channel *c)
{
	struct channel_mortal *mortal = (struct channel_mortal *)(void *)c;
	struct channel_case *t = channel_case_of(c);
	channel_close(c, true);
	loop_doom(c->loop, &mortal->doomed, channel_free_mortal);
	/* The reader, the connecter, the one that failed and the one that was drained. */
	if (++t->readable == 4)
		loop_stop(c->loop);
}

static void channel_die_of_error(struct channel *c, int error)
{
	channel_die(c);
}

static const struct channel_owner channel_mortal_owner = {.readable = channel_die,
	.connected = channel_die_of_error,
	.drained = channel_die,
	.failed = channel_die_of_error};

struct channel_mortal_case {
	struct channel_case t;
	struct channel_mortal *failing;
};

static void channel_mortal_write(struct timer *timer)
{
	struct channel_mortal_case *m = timer->loop->owner;
	cr_assert(channel_write(&m->failing->channel, "x", 1));
}

static struct channel_mortal *channel_mortal_open(struct channel_case *t, int fd, bool connecting)
{
	struct channel_mortal *mortal = calloc(1, sizeof *mortal);
	cr_assert_not_null(mortal);
	channel_open(&mortal->channel, &t->loop, fd, &channel_mortal_owner, connecting);
	return mortal;
}

Test(channel, closing_is_safe_in_every_callback, .timeout = 10)
{
	struct channel_mortal_case m;
	struct channel_case *t = &m.t;
	int fail_fds[2], read_fds[2], drain_fds[2], tcp[2];
	static char large[1 << 20], got[1 << 20];
	channel_case_open(t, fail_fds);
	net_unix_pair(read_fds), net_unix_pair(drain_fds), net_tcp_pair(tcp);
	(void)channel_mortal_open(t, read_fds[0], false);
	(void)channel_mortal_open(t, tcp[0], true);
	m.failing = channel_mortal_open(t, fail_fds[0], false);
	struct channel_mortal *drainer = channel_mortal_open(t, drain_fds[0], false);
	cr_assert_eq(write(read_fds[1], "x", 1), 1);
	channel_pause(&m.failing->channel);
	close(fail_fds[1]);
	cr_assert(channel_write(&drainer->channel, large, sizeof large));
	cr_assert(drainer->channel.blocked);
	timer_init(&t->timer, &t->loop, channel_mortal_write);
	timer_start(&t->timer, 1000, 0);
	for (int i = 0; i < 500 && t->readable < 4; i++) {
		net_loop_run_for(&t->loop, 5);
		while (read(drain_fds[1], got, sizeof got) > 0)
			;
	}
	cr_assert_eq(t->readable, 4);
	close(read_fds[1]), close(drain_fds[1]), close(tcp[1]);
	timer_stop(&t->timer);
	loop_end(&t->loop);
}

Test(channel, a_paused_reader_hears_nothing_and_costs_nothing, .timeout = 10)
{
	struct channel_case t;
	int fds[2];
	channel_case_open(&t, fds);
	channel_open(&t.a, &t.loop, fds[0], &channel_plain_owner, false);
	net_loop_run_for(&t.loop, 5);
	channel_pause(&t.a);
	cr_assert_eq(write(fds[1], "x", 1), 1);
	close(fds[1]);
	uint64_t before = t.loop.turns;
	net_loop_run_for(&t.loop, 100);
	cr_assert_eq(t.readable, 0);
	cr_assert_lt(t.loop.turns - before, 10u, "%llu turns", (unsigned long long)(t.loop.turns - before));
	channel_resume(&t.a);
	net_loop_run_for(&t.loop, 5);
	cr_assert_gt(t.readable, 0);
	channel_case_end(&t);
}

Test(channel, a_reset_is_told_from_an_end, .timeout = 10)
{
	for (int reset = 0; reset < 2; reset++) {
		struct channel_case t;
		int fds[2], tcp[2];
		char data[16];
		channel_case_open(&t, fds);
		close(fds[0]), close(fds[1]);
		net_tcp_pair(tcp);
		channel_open(&t.a, &t.loop, tcp[0], &channel_plain_owner, false);
		channel_open(&t.b, &t.loop, tcp[1], &channel_plain_owner, false);
		cr_assert_eq(channel_read(&t.a, data, sizeof data), CHANNEL_AGAIN);
		channel_close(&t.b, reset);
		usleep(20000);
		cr_assert_eq(channel_read(&t.a, data, sizeof data), reset ? CHANNEL_ERROR : CHANNEL_CLOSED);
		if (reset)
			cr_assert_eq(errno, ECONNRESET);
		channel_case_end(&t);
	}
}

static void channel_connect(struct channel_case *t, const struct address *to)
{
	bool done;
	int fd = socket_connect(to, &done);
	cr_assert_geq(fd, 0);
	channel_open(&t->a, &t->loop, fd, &channel_plain_owner, !done);
}

Test(channel, what_was_written_while_connecting_is_sent_and_the_end_after_it, .timeout = 10)
{
	struct channel_case t;
	int fds[2];
	struct address at, peer;
	char error[256], data[16];
	channel_case_open(&t, fds);
	close(fds[0]), close(fds[1]);
	cr_assert(address_parse(&at, "127.0.0.1:0", error, sizeof error));
	int listener = socket_listen(&at, false, 4);
	socket_local_address(listener, &at);
	channel_connect(&t, &at);
	cr_assert(channel_write(&t.a, "early", 5));
	channel_shutdown(&t.a);
	net_loop_run(&t.loop);
	cr_assert_eq(t.connected, 1);
	cr_assert_eq(t.error, 0);
	net_loop_run_for(&t.loop, 20);
	int server = socket_accept(listener, &peer);
	cr_assert_eq(recv(server, data, sizeof data, 0), 5);
	cr_assert_eq(recv(server, data, sizeof data, 0), 0);
	close(server), close(listener);
	channel_case_end(&t);
}

Test(channel, a_refused_connect_is_told_once, .timeout = 10)
{
	struct channel_case t;
	int fds[2];
	struct address at;
	char error[256];
	channel_case_open(&t, fds);
	close(fds[0]), close(fds[1]);
	cr_assert(address_parse(&at, "127.0.0.1:0", error, sizeof error));
	int listener = socket_listen(&at, false, 4);
	socket_local_address(listener, &at);
	close(listener);
	channel_connect(&t, &at);
	cr_assert(channel_write(&t.a, "early", 5));
	net_loop_run(&t.loop);
	cr_assert_eq(t.connected, 1);
	cr_assert_eq(t.error, ECONNREFUSED);
	channel_case_end(&t);
}

enum { CHANNEL_MANY = 3 * LOOP_FLUSH_BATCH + 5 };

struct channel_many {
	struct channel_case t;
	struct channel channels[CHANNEL_MANY];
	int peers[CHANNEL_MANY];
};

static void channel_write_many(struct timer *timer)
{
	struct channel_many *m = (struct channel_many *)timer->loop->owner;
	for (int i = 0; i < CHANNEL_MANY; i++) {
		cr_assert(channel_write(&m->channels[i], "many", 4));
		cr_assert_lt(timer->loop->unflushed_count, (uint32_t)LOOP_FLUSH_BATCH);
	}
	loop_stop(timer->loop);
}

Test(channel, many_channels_are_flushed_in_batches, .timeout = 10)
{
	static struct channel_many m;
	char data[8];
	net_loop_open(&m.t.loop, &m);
	for (int i = 0; i < CHANNEL_MANY; i++) {
		int fds[2];
		net_unix_pair(fds);
		channel_open(&m.channels[i], &m.t.loop, fds[0], &channel_plain_owner, false);
		m.peers[i] = fds[1];
	}
	timer_init(&m.t.timer, &m.t.loop, channel_write_many);
	timer_start(&m.t.timer, 1000, 0);
	net_loop_run(&m.t.loop);
	cr_assert_eq(m.t.loop.unflushed_count, 0u);
	for (int i = 0; i < CHANNEL_MANY; i++) {
		cr_assert_eq(read(m.peers[i], data, sizeof data), 4);
		channel_close(&m.channels[i], false);
		close(m.peers[i]);
	}
	loop_end(&m.t.loop);
}

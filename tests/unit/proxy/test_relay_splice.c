/* Which bodies are moved without being looked at, and what becomes of a flow then. The channels have sockets. */
#include "proxy/relay.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SPLICED_WORTH = 1000 }; /* bytes, in place of SPLICE_WORTH */

struct relay_splice_case {
	struct loop loop;
	struct channel from, to;
	int sender, reader;
	struct flow flow;
	struct flow_copy copy;
};

static void relay_splice_ignore(struct channel *c)
{
	channel_pause(c);
}

static void relay_splice_failed(struct channel *c, int error)
{
	channel_close(c, false);
}

static const struct channel_owner relay_splice_owner = {
	.readable = relay_splice_ignore, .drained = relay_splice_ignore, .failed = relay_splice_failed};

static void relay_splice_pair(struct relay_splice_case *t, struct channel *c, int *other)
{
	int fds[2], small = 4096, large = 1 << 20;
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
	setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
	setsockopt(fds[1], SOL_SOCKET, SO_SNDBUF, &large, sizeof large);
	channel_open(c, &t->loop, fds[0], &relay_splice_owner, false);
	*other = fds[1];
}

static void relay_splice_open(struct relay_splice_case *t, enum http_framing_kind kind, uint64_t length, bool chunk_out)
{
	signal(SIGPIPE, SIG_IGN);
	memset(t, 0, sizeof *t);
	cr_assert(loop_init(&t->loop, t, NULL, 64));
	t->loop.pipes.worth = SPLICED_WORTH;
	relay_splice_pair(t, &t->from, &t->sender);
	relay_splice_pair(t, &t->to, &t->reader);
	flow_start(&t->flow, &t->from, &t->to, (struct http_framing){.kind = kind, .length = length}, chunk_out);
}

static void relay_splice_end(struct relay_splice_case *t)
{
	flow_drop_copy(&t->flow);
	channel_close(&t->from, false);
	channel_close(&t->to, false);
	close(t->sender);
	if (t->reader >= 0)
		close(t->reader);
	splice_pipes_trim(&t->loop.pipes);
	cr_expect_eq(t->loop.pipes.made, 0u);
	loop_end(&t->loop);
}

static void relay_splice_send(struct relay_splice_case *t, size_t n)
{
	static const char data[400000];
	cr_assert_eq(send(t->sender, data, n, 0), (ssize_t)n);
}

static size_t relay_splice_read(struct relay_splice_case *t)
{
	static char data[400000];
	ssize_t n = recv(t->reader, data, sizeof data, 0);
	return n > 0 ? (size_t)n : 0;
}

/* Bytes, or what channel_splice says. */
static ssize_t relay_splice(struct flow *f)
{
	ssize_t got;
	return flow_splice(f, &got) ? got : CHANNEL_UNABLE;
}

Test(relay_splice, who_is_spliced)
{
	static const struct {
		const char *name;
		enum http_framing_kind framing;
		uint64_t length, left, moved, most;
		bool chunk_out, copy, bulk, spliced;
	} cases[] = {
		{"large", HTTP_BODY_LENGTH, 5000, 5000, 0, 0, false, false, true, true},
		{"enough is to come", HTTP_BODY_LENGTH, 5000, 1000, 4000, 0, false, false, true, true},
		{"not enough is to come", HTTP_BODY_LENGTH, 5000, 999, 4001, 0, false, false, true, false},
		{"small", HTTP_BODY_LENGTH, 999, 999, 0, 0, false, false, true, false},
		{"below a limit that it was compared with", HTTP_BODY_LENGTH, 5000, 5000, 0, 6000, false, false, true,
			true},
		{"kept for a retry", HTTP_BODY_LENGTH, 5000, 5000, 0, 0, false, true, true, false},
		{"comes in drops", HTTP_BODY_LENGTH, 5000, 5000, 0, 0, false, false, false, false},
		{"chunked", HTTP_BODY_CHUNKED, 0, 0, 5000, 0, true, false, true, false},
		{"chunked, for a client of 1.0", HTTP_BODY_CHUNKED, 0, 0, 5000, 0, false, false, true, false},
		{"until close", HTTP_BODY_UNTIL_CLOSE, 0, 0, 1000, 0, false, false, true, true},
		{"until close, as chunks", HTTP_BODY_UNTIL_CLOSE, 0, 0, 1000, 0, true, false, true, false},
		{"a tunnel with not much yet", HTTP_BODY_UNTIL_CLOSE, 0, 0, 999, 0, false, false, true, false},
		{"a tunnel with drops", HTTP_BODY_UNTIL_CLOSE, 0, 0, 5000, 0, false, false, false, false},
		{"limited while it is read", HTTP_BODY_UNTIL_CLOSE, 0, 0, 1000, 6000, false, false, true, false},
		{"none", HTTP_BODY_NONE, 0, 0, 5000, 0, false, false, true, false},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		static struct relay_splice_case t;
		relay_splice_open(&t, cases[i].framing, cases[i].length, cases[i].chunk_out);
		relay_splice_send(&t, 600);
		t.flow.left = cases[i].left;
		t.flow.moved = cases[i].moved;
		t.flow.most = cases[i].most;
		t.flow.bulk = cases[i].bulk;
		if (cases[i].copy)
			t.flow.copy = &t.copy;
		ssize_t got = relay_splice(&t.flow);
		cr_expect_eq(got, cases[i].spliced ? 600 : CHANNEL_UNABLE, "%s: %zd", cases[i].name, got);
		cr_expect_eq(t.flow.moved, cases[i].moved + (cases[i].spliced ? 600 : 0), "%s", cases[i].name);
		cr_expect_eq(t.flow.begun, cases[i].spliced, "%s", cases[i].name);
		t.flow.copy = NULL;
		relay_splice_end(&t);
	}
}

Test(relay_splice, the_body_ends_where_its_length_says)
{
	static struct relay_splice_case t;
	relay_splice_open(&t, HTTP_BODY_LENGTH, 2000, false);
	relay_splice_send(&t, 2500);
	cr_expect_eq(relay_splice(&t.flow), 2000);
	cr_expect_eq(flow_pump(&t.flow), FLOW_DONE);
	cr_expect(t.flow.done && t.flow.complete);
	cr_expect_eq(relay_splice(&t.flow), CHANNEL_UNABLE);
	cr_expect_eq(relay_splice_read(&t), 2000u);
	cr_expect_eq(channel_read(&t.from, (char[1000]){0}, 1000), 500, "what follows is left where it was");
	relay_splice_end(&t);
}

Test(relay_splice, more_is_to_come)
{
	static struct relay_splice_case t;
	relay_splice_open(&t, HTTP_BODY_LENGTH, 2000, false);
	relay_splice_send(&t, 500);
	cr_expect_eq(relay_splice(&t.flow), 500);
	cr_expect_eq(flow_pump(&t.flow), FLOW_MORE);
	cr_expect_eq(flow_end(&t.flow), FLOW_BROKEN, "it was cut");
	relay_splice_end(&t);
}

/* The last bytes are out of the source's socket and never reach the receiver: that is no complete body. */
Test(relay_splice, a_receiver_that_fails_at_the_last_bytes_breaks_the_flow)
{
	static struct relay_splice_case t;
	relay_splice_open(&t, HTTP_BODY_LENGTH, 2000, false);
	close(t.reader);
	t.reader = -1;
	relay_splice_send(&t, 2000);
	cr_expect_eq(relay_splice(&t.flow), 2000);
	cr_expect_eq(t.to.error, EPIPE);
	cr_expect_eq(flow_pump(&t.flow), FLOW_BROKEN);
	relay_splice_end(&t);
}

Test(relay_splice, a_receiver_that_does_not_take_it_stops_the_source)
{
	static struct relay_splice_case t;
	relay_splice_open(&t, HTTP_BODY_LENGTH, 300000, false);
	relay_splice_send(&t, 200000);
	ssize_t got = relay_splice(&t.flow);
	cr_assert_gt(got, 0);
	cr_expect(t.to.blocked && t.flow.paused && !t.from.reading);
	cr_expect_eq(relay_splice(&t.flow), CHANNEL_UNABLE);
	cr_expect_eq(flow_pump(&t.flow), FLOW_MORE);
	size_t n = 0;
	for (int i = 0; i < 1000 && n < (size_t)got; i++) {
		n += relay_splice_read(&t);
		channel_flush(&t.to);
	}
	cr_expect_eq(n, (size_t)got);
	cr_expect_not(t.to.blocked);
	flow_resume(&t.flow);
	cr_expect(t.from.reading);
	relay_splice_send(&t, 1000);
	cr_expect_gt(relay_splice(&t.flow), 0);
	relay_splice_end(&t);
}

Test(relay_splice, what_comes_in_drops_is_received_again_until_it_flows)
{
	static struct relay_splice_case t;
	relay_splice_open(&t, HTTP_BODY_LENGTH, 100000, false);
	relay_splice_send(&t, SPLICED_WORTH / 4 - 1);
	cr_expect_gt(relay_splice(&t.flow), 0, "nothing is known of it yet");
	relay_splice_send(&t, SPLICED_WORTH);
	cr_expect_eq(relay_splice(&t.flow), CHANNEL_UNABLE);
	cr_expect_gt(channel_receive(&t.from, LOOP_SCRATCH), 0);
	cr_expect_eq(flow_pump(&t.flow), FLOW_MORE);
	t.loop.fresh_of = NULL;
	channel_flush(&t.to);
	relay_splice_send(&t, SPLICED_WORTH);
	cr_expect_eq(relay_splice(&t.flow), SPLICED_WORTH);
	relay_splice_end(&t);
}

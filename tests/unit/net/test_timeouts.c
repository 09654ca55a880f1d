/* Deadlines: order, restarts, and a loop that was late. */
#include "net/timeouts.h"

#include "base/clock.h"
#include "net/channel.h"
#include "net/timer.h"
#include "net_support.h"

#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

struct timeouts_node {
	struct timeout timeout;
	struct timeouts_case *of;
	int id, restarts;
	uint64_t restart_us;
};

struct timeouts_case {
	struct loop loop;
	char order[64];
	uint64_t at[64];
	int count, stop_at;
	struct timeouts_node nodes[40];
};

static void timeouts_on_expired(struct timeout *t)
{
	struct timeouts_node *node = (struct timeouts_node *)(void *)t;
	struct timeouts_case *c = node->of;
	cr_assert_not(timeout_running(t));
	c->at[c->count] = clock_monotonic_us();
	c->order[c->count++] = (char)('a' + node->id);
	if (node->restarts-- > 0)
		timeout_start(&c->loop, t, node->restart_us);
	if (c->count == c->stop_at)
		loop_stop(&c->loop);
}

static void timeouts_open(struct timeouts_case *c, int stop_at)
{
	*c = (struct timeouts_case){.stop_at = stop_at};
	net_loop_open(&c->loop, c);
	for (int i = 0; i < 40; i++) {
		c->nodes[i].of = c;
		c->nodes[i].id = i;
		timeout_init(&c->nodes[i].timeout, timeouts_on_expired);
	}
}

Test(timeouts, expire_in_order_within_and_between_classes, .timeout = 10)
{
	struct timeouts_case c;
	timeouts_open(&c, 6);
	uint64_t start = clock_monotonic_us();
	timeout_start(&c.loop, &c.nodes[0].timeout, 60000);
	timeout_start(&c.loop, &c.nodes[1].timeout, 20000);
	timeout_start(&c.loop, &c.nodes[2].timeout, 60000);
	timeout_start(&c.loop, &c.nodes[3].timeout, 20000);
	timeout_start(&c.loop, &c.nodes[4].timeout, 40000);
	timeout_start(&c.loop, &c.nodes[5].timeout, 20000);
	timeout_start(&c.loop, &c.nodes[1].timeout, 20000); /* a restart goes to the end */
	net_loop_run(&c.loop);
	cr_assert_str_eq(c.order, "dfbeac");
	static const unsigned due[] = {20, 20, 20, 40, 60, 60};
	for (int i = 0; i < 6; i++) {
		uint64_t ms = (c.at[i] - start) / 1000;
		cr_assert(
			ms >= due[i] - 1 && ms < due[i] + 200, "%c after %llu ms", c.order[i], (unsigned long long)ms);
	}
	loop_end(&c.loop);
}

Test(timeouts, stop_and_zero_end_them, .timeout = 10)
{
	struct timeouts_case c;
	timeouts_open(&c, 1);
	for (int i = 0; i < 4; i++)
		timeout_start(&c.loop, &c.nodes[i].timeout, 10000);
	timeout_stop(&c.nodes[0].timeout);
	timeout_stop(&c.nodes[0].timeout);
	timeout_start(&c.loop, &c.nodes[1].timeout, 0);
	timeout_start(&c.loop, &c.nodes[2].timeout, 30000); /* moves to another class */
	timeout_start(&c.loop, &c.nodes[3].timeout, 0);
	timeout_start(&c.loop, &c.nodes[4].timeout, 0);
	cr_assert(timeout_running(&c.nodes[2].timeout));
	cr_assert_not(timeout_running(&c.nodes[3].timeout));
	net_loop_run(&c.loop);
	net_loop_run_for(&c.loop, 50);
	cr_assert_str_eq(c.order, "c");
	loop_end(&c.loop);
}

Test(timeouts, may_be_started_anew_when_they_expire, .timeout = 10)
{
	struct timeouts_case c;
	timeouts_open(&c, 8);
	c.nodes[0].restarts = 3, c.nodes[0].restart_us = 10000; /* of the same class */
	c.nodes[1].restarts = 3, c.nodes[1].restart_us = 1;     /* of a class that comes later */
	timeout_start(&c.loop, &c.nodes[0].timeout, 10000);
	timeout_start(&c.loop, &c.nodes[1].timeout, 10000);
	net_loop_run(&c.loop);
	cr_assert_str_eq(c.order, "abbbbaaa");
	loop_end(&c.loop);
}

/* The last class takes them all; each still expires at its own time. */
Test(timeouts, more_durations_than_classes_are_no_problem, .timeout = 10)
{
	struct timeouts_case c;
	timeouts_open(&c, 40);
	uint64_t start = c.loop.now_us;
	for (int i = 39; i >= 0; i--)
		timeout_start(&c.loop, &c.nodes[i].timeout, 10000 + (uint64_t)i * 2000);
	net_loop_run(&c.loop);
	for (int i = 0; i < 40; i++) {
		uint64_t due = start + 10000 + (uint64_t)((unsigned char)c.order[i] - 'a') * 2000;
		cr_assert(c.at[i] >= due && c.at[i] < due + 5000000); /* a busy machine stands still for a while */
		cr_assert_null(memchr(c.order, c.order[i], (size_t)i), "only once");
	}
	loop_end(&c.loop);
}

/* A reload may change durations; the classes that nobody uses any more serve the new ones. */
Test(timeouts, classes_out_of_use_are_used_again, .timeout = 10)
{
	struct timeouts_case c;
	timeouts_open(&c, 3);
	for (unsigned i = 0; i < 1000; i++) {
		timeout_start(&c.loop, &c.nodes[0].timeout, 1000000 + i);
		timeout_stop(&c.nodes[0].timeout);
	}
	cr_assert_lt(c.loop.timeouts.count, 4u);
	timeout_start(&c.loop, &c.nodes[0].timeout, 5000);
	timeout_start(&c.loop, &c.nodes[1].timeout, 6000);
	timeout_start(&c.loop, &c.nodes[2].timeout, 7000);
	net_loop_run(&c.loop);
	cr_assert_str_eq(c.order, "abc");
	loop_end(&c.loop);
}

enum { TIMEOUTS_CLIENTS = 300 };

struct timeouts_client {
	struct channel channel;
	struct timeout timeout;
	int peer;
};

struct timeouts_late {
	struct loop loop;
	struct timer stall;
	unsigned stall_ms;
	int expired, heard;
	struct timeouts_client clients[TIMEOUTS_CLIENTS];
};

static void timeouts_on_heard(struct channel *channel)
{
	struct timeouts_late *late = channel->loop->owner;
	struct timeouts_client *client = (struct timeouts_client *)(void *)channel;
	char data[16];
	cr_assert_gt(channel_read(channel, data, sizeof data), 0);
	timeout_stop(&client->timeout);
	if (++late->heard == TIMEOUTS_CLIENTS)
		loop_stop(channel->loop);
}

static void timeouts_on_client_expired(struct timeout *t)
{
	struct timeouts_client *client =
		(struct timeouts_client *)(void *)((char *)t - offsetof(struct timeouts_client, timeout));
	struct timeouts_late *late = client->channel.loop->owner;
	late->expired++;
}

/* Everything arrives while the loop stands still, as after SIGSTOP. */
static void timeouts_on_stall(struct timer *timer)
{
	struct timeouts_late *late = timer->loop->owner;
	for (int i = 0; i < TIMEOUTS_CLIENTS; i++)
		cr_assert_eq(write(late->clients[i].peer, "x", 1), 1);
	usleep(late->stall_ms * 1000);
}

static const struct channel_owner timeouts_owner = {.readable = timeouts_on_heard};

static void timeouts_expect_mercy(unsigned stall_ms)
{
	static struct timeouts_late late;
	late.stall_ms = stall_ms;
	net_loop_open(&late.loop, &late);
	for (int i = 0; i < TIMEOUTS_CLIENTS; i++) {
		struct timeouts_client *client = &late.clients[i];
		int fds[2];
		net_unix_pair(fds);
		channel_open(&client->channel, &late.loop, fds[0], &timeouts_owner, false);
		client->peer = fds[1];
		timeout_init(&client->timeout, timeouts_on_client_expired);
		timeout_start(&late.loop, &client->timeout, 100000);
	}
	timer_init(&late.stall, &late.loop, timeouts_on_stall);
	timer_start(&late.stall, 20000, 0);
	net_loop_run(&late.loop);
	cr_assert_eq(late.expired, 0, "%d of %d expired with their input waiting", late.expired, TIMEOUTS_CLIENTS);
	cr_assert_eq(late.heard, TIMEOUTS_CLIENTS);
	for (int i = 0; i < TIMEOUTS_CLIENTS; i++) {
		channel_close(&late.clients[i].channel, false);
		close(late.clients[i].peer);
	}
	loop_end(&late.loop);
}

Test(timeouts, a_late_loop_reads_before_it_expires, .timeout = 10)
{
	timeouts_expect_mercy(1000);
}

Test(timeouts, a_loop_that_is_a_little_late_does_so_too, .timeout = 10)
{
	timeouts_expect_mercy(200);
}

Test(timeouts, a_late_loop_still_expires_what_is_silent, .timeout = 10)
{
	struct timeouts_case c;
	timeouts_open(&c, 1);
	timeout_start(&c.loop, &c.nodes[0].timeout, 10000);
	usleep(800000);
	net_loop_run(&c.loop);
	cr_assert_str_eq(c.order, "a");
	loop_end(&c.loop);
}

#include "net_support.h"

#include "net/socket.h"
#include "net/timer.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <unistd.h>

struct net_limit {
	struct timer timer;
	bool reached;
};

void net_loop_open(struct loop *loop, void *owner)
{
	cr_assert(loop_init(loop, owner, NULL, 64));
}

static void net_on_limit(struct timer *timer)
{
	((struct net_limit *)(void *)timer)->reached = true;
	loop_stop(timer->loop);
}

static bool net_run_with_limit(struct loop *loop, uint64_t us)
{
	struct net_limit limit = {.reached = false};
	timer_init(&limit.timer, loop, net_on_limit);
	ev_now_update(loop->ev);
	timer_start(&limit.timer, us, 0);
	loop_run(loop);
	timer_stop(&limit.timer);
	return limit.reached;
}

void net_loop_run(struct loop *loop)
{
	cr_assert_not(net_run_with_limit(loop, 5000000), "the loop did not come to its end within 5 s");
}

void net_loop_run_for(struct loop *loop, unsigned ms)
{
	(void)net_run_with_limit(loop, ms * 1000u);
}

void net_tcp_pair(int fds[2])
{
	struct address any, peer;
	char error[256];
	bool done;
	cr_assert(address_parse(&any, "127.0.0.1:0", error, sizeof error));
	int listener = socket_listen(&any, false, 8);
	cr_assert_geq(listener, 0);
	socket_local_address(listener, &any);
	fds[0] = socket_connect(&any, &done);
	cr_assert_geq(fds[0], 0);
	cr_assert_eq(poll(&(struct pollfd){listener, POLLIN, 0}, 1, 2000), 1);
	fds[1] = socket_accept(listener, &peer);
	cr_assert_geq(fds[1], 0);
	cr_assert_eq(poll(&(struct pollfd){fds[0], POLLOUT, 0}, 1, 2000), 1);
	close(listener);
}

void net_unix_pair(int fds[2])
{
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
}

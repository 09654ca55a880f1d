#include "net/socket.h"

#include "net_support.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void socket_expect_flags(int fd)
{
	cr_assert_neq(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
	cr_assert_neq(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
}

static void socket_expect_no_delay(int fd)
{
	int on = 0;
	socklen_t n = sizeof on;
	cr_assert_eq(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, &n), 0);
	cr_assert(on);
}

Test(socket, listens_connects_and_accepts, .timeout = 10)
{
	static const char *const cases[] = {"127.0.0.1:0", "[::1]:0", "unix:/tmp/lbd-socket-test.sock"};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct address a, peer, local;
		char error[256];
		bool done;
		cr_assert(address_parse(&a, cases[i], error, sizeof error));
		int listener = socket_listen(&a, false, 8), none = socket_accept(listener, &peer);
		cr_assert_geq(listener, 0, "%s", cases[i]);
		cr_assert_lt(none, 0);
		cr_assert_eq(errno, EAGAIN);
		if (i < 2)
			socket_local_address(listener, &a);
		int client = socket_connect(&a, &done);
		cr_assert_geq(client, 0);
		cr_assert_eq(done, i == 2 || done);
		cr_assert_eq(poll(&(struct pollfd){listener, POLLIN, 0}, 1, 2000), 1);
		int server = socket_accept(listener, &peer);
		cr_assert_geq(server, 0);
		cr_assert_eq(poll(&(struct pollfd){client, POLLOUT, 0}, 1, 2000), 1);
		cr_assert_eq(socket_error(client), 0);
		socket_expect_flags(listener), socket_expect_flags(client), socket_expect_flags(server);
		if (i < 2) {
			socket_expect_no_delay(client), socket_expect_no_delay(server);
			socket_local_address(client, &local);
			cr_assert(address_equal(&local, &peer));
		}
		close(client), close(server), close(listener);
	}
	unlink("/tmp/lbd-socket-test.sock");
}

Test(socket, a_refused_connect_has_its_error, .timeout = 10)
{
	struct address a;
	char error[256];
	bool done;
	cr_assert(address_parse(&a, "127.0.0.1:0", error, sizeof error));
	int listener = socket_listen(&a, false, 8);
	socket_local_address(listener, &a);
	close(listener);
	int fd = socket_connect(&a, &done);
	if (fd >= 0) {
		cr_assert_eq(poll(&(struct pollfd){fd, POLLOUT, 0}, 1, 2000), 1);
		cr_assert_eq(socket_error(fd), ECONNREFUSED);
		close(fd);
	} else {
		cr_assert_eq(errno, ECONNREFUSED);
	}
	cr_assert(address_parse(&a, "unix:/tmp/lbd-no-such-socket", error, sizeof error));
	cr_assert_lt(socket_connect(&a, &done), 0);
	cr_assert_eq(errno, ENOENT);
}

Test(socket, replaces_a_stale_file_and_nothing_else, .timeout = 10)
{
	struct address a;
	char error[256], dir[] = "/tmp/lbd-stale-XXXXXX", text[64], path[64];
	cr_assert_not_null(mkdtemp(dir));
	snprintf(text, sizeof text, "unix:%s/s", dir);
	snprintf(path, sizeof path, "%s/s", dir);
	cr_assert(address_parse(&a, text, error, sizeof error));
	int first = socket_listen(&a, false, 8);
	cr_assert_geq(first, 0);
	cr_assert_lt(socket_listen(&a, false, 8), 0, "somebody answers there");
	cr_assert_eq(errno, EADDRINUSE);
	close(first); /* the file stays, as after a kill */
	int second = socket_listen(&a, false, 8);
	cr_assert_geq(second, 0);
	close(second);
	unlink(path);
	close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	cr_assert_lt(socket_listen(&a, false, 8), 0, "a file that is no socket is not ours to remove");
	cr_assert_eq(access(path, F_OK), 0);
	unlink(path);
	rmdir(dir);
}

Test(socket, several_listeners_share_a_port_only_when_asked)
{
	struct address a;
	char error[256];
	cr_assert(address_parse(&a, "127.0.0.1:0", error, sizeof error));
	int first = socket_listen(&a, true, 8);
	socket_local_address(first, &a);
	int second = socket_listen(&a, true, 8);
	cr_assert_geq(second, 0);
	cr_assert_lt(socket_listen(&a, false, 8), 0);
	cr_assert_eq(errno, EADDRINUSE);
	close(first), close(second);
}

Test(socket, sees_input_without_taking_it)
{
	int fds[2];
	char byte;
	net_tcp_pair(fds);
	cr_assert_not(socket_has_input(fds[0]));
	cr_assert_eq(send(fds[1], "x", 1, 0), 1);
	usleep(10000);
	cr_assert(socket_has_input(fds[0]));
	cr_assert_eq(recv(fds[0], &byte, 1, 0), 1);
	cr_assert_not(socket_has_input(fds[0]));
	close(fds[1]);
	usleep(10000);
	cr_assert_not(socket_has_input(fds[0]));
	close(fds[0]);
}

Test(socket, a_reset_is_seen_as_one)
{
	int fds[2];
	char byte;
	net_tcp_pair(fds);
	socket_reset_on_close(fds[1]);
	close(fds[1]);
	usleep(10000);
	cr_assert_eq(recv(fds[0], &byte, 1, 0), -1);
	cr_assert_eq(errno, ECONNRESET);
	close(fds[0]);
}

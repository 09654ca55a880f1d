/* The pipes of a loop: what goes through one, how many there are, and what happens when there are none. */
#include "net/splice_pipe.h"

#include "net_support.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

struct pipe_case {
	struct splice_pipes pipes;
	uint8_t pipe;
	int from[2], to[2]; /* the sender writes to from[0]; the receiver reads at to[1] */
};

static void pipe_open(struct pipe_case *t, void (*pair)(int fds[2]))
{
	signal(SIGPIPE, SIG_IGN);
	splice_pipes_init(&t->pipes);
	pair(t->from);
	pair(t->to);
	t->pipe = splice_pipe_get(&t->pipes, 1);
	cr_assert_neq(t->pipe, 0);
}

static void pipe_end(struct pipe_case *t)
{
	splice_pipe_put(&t->pipes, t->pipe);
	splice_pipes_trim(&t->pipes);
	cr_expect_eq(t->pipes.made, 0u);
	for (int i = 0; i < 2; i++) {
		close(t->from[i]);
		close(t->to[i]);
	}
}

static void pipe_send(struct pipe_case *t, const char *text)
{
	cr_assert_eq(send(t->from[0], text, strlen(text), 0), (ssize_t)strlen(text));
}

static void pipe_expect(struct pipe_case *t, const char *text)
{
	char data[64];
	ssize_t n = recv(t->to[1], data, sizeof data, 0);
	cr_expect_eq(n, (ssize_t)strlen(text), "%zd bytes", n);
	cr_expect_eq(memcmp(data, text, strlen(text)), 0);
}

static int pipe_descriptors(void)
{
	int count = 0;
	for (int fd = 0; fd < 1024; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static void (*const pipe_pairs[])(int fds[2]) = {net_tcp_pair, net_unix_pair};

Test(splice_pipe, passes_what_a_socket_received_up_to_a_limit)
{
	for (size_t i = 0; i < sizeof pipe_pairs / sizeof *pipe_pairs; i++) {
		struct pipe_case t;
		pipe_open(&t, pipe_pairs[i]);
		pipe_send(&t, "hello, you");
		cr_expect_eq(splice_pipe_fill(&t.pipes, t.pipe, t.from[1], 6), 6);
		cr_expect_eq(splice_pipe_held(&t.pipes, t.pipe), 6u);
		cr_expect_eq(splice_pipe_drain(&t.pipes, t.pipe, t.to[0]), 0);
		cr_expect_eq(splice_pipe_held(&t.pipes, t.pipe), 0u);
		pipe_expect(&t, "hello,");
		cr_expect_eq(splice_pipe_fill(&t.pipes, t.pipe, t.from[1], UINT64_MAX), 4);
		cr_expect_eq(splice_pipe_drain(&t.pipes, t.pipe, t.to[0]), 0);
		pipe_expect(&t, " you");
		pipe_end(&t);
	}
}

Test(splice_pipe, tells_nothing_from_the_end_and_from_a_failure)
{
	for (size_t i = 0; i < sizeof pipe_pairs / sizeof *pipe_pairs; i++) {
		struct pipe_case t;
		pipe_open(&t, pipe_pairs[i]);
		cr_expect_eq(splice_pipe_fill(&t.pipes, t.pipe, t.from[1], 100), -1);
		cr_expect(splice_pipe_is_refusal(errno), "%s", strerror(errno));
		shutdown(t.from[0], SHUT_WR);
		cr_expect_eq(splice_pipe_fill(&t.pipes, t.pipe, t.from[1], 100), 0);
		pipe_end(&t);
	}
	struct pipe_case t;
	pipe_open(&t, net_tcp_pair);
	struct linger now = {.l_onoff = 1};
	setsockopt(t.from[0], SOL_SOCKET, SO_LINGER, &now, sizeof now);
	close(t.from[0]);
	cr_expect_eq(splice_pipe_fill(&t.pipes, t.pipe, t.from[1], 100), -1);
	cr_expect_eq(errno, ECONNRESET);
	cr_expect_not(splice_pipe_is_refusal(errno), "a reset must not be taken for an end");
	t.from[0] = eventfd(0, EFD_NONBLOCK);
	cr_expect_eq(splice_pipe_fill(&t.pipes, t.pipe, t.from[0], 100), -1);
	cr_expect(splice_pipe_is_refusal(errno), "what cannot be spliced: %s", strerror(errno));
	pipe_end(&t);
}

Test(splice_pipe, keeps_what_the_receiver_does_not_take)
{
	static char data[200000], got[200000];
	struct pipe_case t;
	pipe_open(&t, net_unix_pair);
	int small = 4096, large = 1 << 20;
	setsockopt(t.from[0], SOL_SOCKET, SO_SNDBUF, &large, sizeof large);
	setsockopt(t.to[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (char)(i * 7 + i / 256);
	ssize_t sent = send(t.from[0], data, sizeof data, 0);
	cr_assert_gt(sent, 100000);
	ssize_t filled = splice_pipe_fill(&t.pipes, t.pipe, t.from[1], 100000);
	cr_assert_gt(filled, 0);
	size_t n = 0;
	for (int round = 0; n < (size_t)filled && round < 1000; round++) {
		cr_assert_eq(splice_pipe_drain(&t.pipes, t.pipe, t.to[0]), 0);
		cr_expect(round || splice_pipe_held(&t.pipes, t.pipe), "the small receiver took everything");
		ssize_t more = recv(t.to[1], got + n, sizeof got - n, MSG_DONTWAIT);
		cr_assert_gt(more, 0);
		n += (size_t)more;
	}
	cr_expect_eq(n, (size_t)filled);
	cr_expect_eq(memcmp(data, got, n), 0);
	pipe_end(&t);
}

Test(splice_pipe, gives_what_it_holds_to_memory)
{
	char data[16] = "";
	struct pipe_case t;
	pipe_open(&t, net_tcp_pair);
	pipe_send(&t, "hello");
	cr_expect_eq(splice_pipe_fill(&t.pipes, t.pipe, t.from[1], 100), 5);
	cr_expect_eq(splice_pipe_read(&t.pipes, t.pipe, data), 0);
	cr_expect_str_eq(data, "hello");
	cr_expect_eq(splice_pipe_held(&t.pipes, t.pipe), 0u);
	pipe_end(&t);
}

Test(splice_pipe, says_that_the_receiver_is_gone)
{
	for (size_t i = 0; i < sizeof pipe_pairs / sizeof *pipe_pairs; i++) {
		struct pipe_case t;
		pipe_open(&t, pipe_pairs[i]);
		pipe_send(&t, "hello");
		cr_assert_eq(splice_pipe_fill(&t.pipes, t.pipe, t.from[1], 100), 5);
		shutdown(t.to[0], SHUT_WR);
		cr_expect_eq(splice_pipe_drain(&t.pipes, t.pipe, t.to[0]), EPIPE);
		pipe_end(&t);
	}
}

Test(splice_pipe, there_are_so_many_and_no_more)
{
	int before = pipe_descriptors();
	struct splice_pipes pipes;
	uint8_t numbers[SPLICE_PIPES];
	splice_pipes_init(&pipes);
	cr_expect_eq(pipe_descriptors(), before, "none is made before it is needed");
	for (int i = 0; i < SPLICE_PIPES; i++) {
		numbers[i] = splice_pipe_get(&pipes, 1);
		cr_assert_neq(numbers[i], 0);
		for (int k = 0; k < i; k++)
			cr_assert_neq(numbers[i], numbers[k]);
	}
	cr_expect_eq(splice_pipe_get(&pipes, 1), 0);
	cr_expect_eq(pipe_descriptors(), before + 2 * SPLICE_PIPES);
	for (int i = 0; i < SPLICE_PIPES; i += 2)
		splice_pipe_put(&pipes, numbers[i]);
	cr_expect_eq(pipe_descriptors(), before + SPLICE_PIPES + 2, "one of those is kept");
	for (int i = 0; i < SPLICE_PIPES; i += 2)
		cr_expect_neq(numbers[i] = splice_pipe_get(&pipes, 1), 0);
	cr_expect_eq(splice_pipe_get(&pipes, 1), 0);
	for (int i = 0; i < SPLICE_PIPES; i++)
		splice_pipe_put(&pipes, numbers[i]);
	splice_pipes_trim(&pipes);
	splice_pipes_trim(&pipes);
	cr_expect_eq(pipe_descriptors(), before);
}

Test(splice_pipe, one_with_bytes_inside_is_not_used_again)
{
	struct pipe_case t;
	int before = pipe_descriptors();
	pipe_open(&t, net_tcp_pair);
	pipe_send(&t, "old");
	cr_assert_eq(splice_pipe_fill(&t.pipes, t.pipe, t.from[1], 100), 3);
	splice_pipe_put(&t.pipes, t.pipe);
	cr_expect_eq(pipe_descriptors(), before + 4, "the sockets are left");
	t.pipe = splice_pipe_get(&t.pipes, 1);
	cr_assert_neq(t.pipe, 0);
	pipe_send(&t, "new");
	cr_assert_eq(splice_pipe_fill(&t.pipes, t.pipe, t.from[1], 100), 3);
	cr_assert_eq(splice_pipe_drain(&t.pipes, t.pipe, t.to[0]), 0);
	pipe_expect(&t, "new");
	pipe_end(&t);
}

Test(splice_pipe, without_descriptors_there_is_none_until_some_are_free)
{
	struct splice_pipes pipes;
	struct rlimit before, none;
	splice_pipes_init(&pipes);
	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = (rlim_t)dup(0) + 1; /* room for one of the two */
	close((int)none.rlim_cur - 1);
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	cr_expect_eq(splice_pipe_get(&pipes, 1000), 0);
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
	cr_expect_eq(splice_pipe_get(&pipes, 2000), 0, "not tried for each piece of each body");
	uint8_t pipe = splice_pipe_get(&pipes, 2000000);
	cr_expect_neq(pipe, 0);
	splice_pipe_put(&pipes, pipe);
	splice_pipes_trim(&pipes);
}

Test(splice_pipe, none_is_allowed)
{
	struct splice_pipes pipes;
	splice_pipes_init(&pipes);
	pipes.most = 0;
	cr_expect_eq(splice_pipe_get(&pipes, 1), 0);
}

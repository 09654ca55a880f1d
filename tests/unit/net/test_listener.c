/* Accepting: bounded, without spinning when descriptors are out, without losing what is queued. */
#include "net/listener.h"

#include "base/clock.h"
#include "net/socket.h"
#include "net_support.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

enum { LISTENER_CLIENTS = 200 };

struct listener_case {
	struct loop loop;
	struct listener listener;
	struct address at;
	int accepted, stop_at, pause_at, closed, most_a_turn;
	int places, unused, exhausted;
	uint64_t turn;
	int this_turn, clients[LISTENER_CLIENTS];
};

static void listener_take(struct listener *l, int fd, const struct address *peer)
{
	struct listener_case *c = l->owner;
	cr_assert_eq(peer->as.any.sa_family, AF_INET);
	cr_assert_neq(address_port(peer), 0);
	close(fd);
	if (c->turn != c->loop.turns) {
		c->turn = c->loop.turns;
		c->this_turn = 0;
	}
	if (++c->this_turn > c->most_a_turn)
		c->most_a_turn = c->this_turn;
	if (++c->accepted == c->pause_at)
		listener_pause(l);
	if (c->accepted == c->stop_at)
		loop_stop(l->loop);
}

static void listener_case_open(struct listener_case *c, int stop_at)
{
	char error[256];
	*c = (struct listener_case){.stop_at = stop_at};
	net_loop_open(&c->loop, c);
	cr_assert(address_parse(&c->at, "127.0.0.1:0", error, sizeof error));
	int fd = socket_listen(&c->at, true, 1024);
	cr_assert_geq(fd, 0);
	socket_local_address(fd, &c->at);
	listener_open(&c->listener, &c->loop, fd, listener_take, c);
}

static void listener_connect(struct listener_case *c, int n)
{
	bool done;
	for (int i = 0; i < n; i++) {
		c->clients[i] = socket_connect(&c->at, &done);
		cr_assert_geq(c->clients[i], 0);
		cr_assert_eq(poll(&(struct pollfd){c->clients[i], POLLOUT, 0}, 1, 2000), 1);
	}
}

static void listener_case_end(struct listener_case *c, int n)
{
	for (int i = 0; i < n; i++)
		close(c->clients[i]);
	listener_close(&c->listener);
	listener_close(&c->listener);
	loop_end(&c->loop);
}

Test(listener, accepts_all_but_only_so_many_in_a_turn, .timeout = 10)
{
	struct listener_case c;
	listener_case_open(&c, LISTENER_CLIENTS);
	listener_connect(&c, LISTENER_CLIENTS);
	net_loop_run(&c.loop);
	cr_assert_eq(c.accepted, LISTENER_CLIENTS);
	cr_assert_eq(c.most_a_turn, LISTENER_ACCEPTS_A_TURN);
	listener_case_end(&c, LISTENER_CLIENTS);
}

/* This is how a frontend holds its maxconn. */
Test(listener, a_pause_holds_at_once_and_a_resume_goes_on, .timeout = 10)
{
	struct listener_case c;
	listener_case_open(&c, 20);
	c.pause_at = 3;
	listener_connect(&c, 20);
	net_loop_run_for(&c.loop, 150);
	cr_assert_eq(c.accepted, 3, "%d were accepted", c.accepted);
	listener_resume(&c.listener);
	net_loop_run(&c.loop);
	cr_assert_eq(c.accepted, 20);
	listener_case_end(&c, 20);
}

Test(listener, out_of_descriptors_it_pauses_and_comes_back, .timeout = 10)
{
	struct listener_case c;
	struct rlimit limit;
	listener_case_open(&c, 5);
	listener_connect(&c, 5);
	int taken = open("/dev/null", O_RDONLY | O_CLOEXEC);
	getrlimit(RLIMIT_NOFILE, &limit);
	rlim_t before = limit.rlim_cur;
	limit.rlim_cur = (rlim_t)taken + 1;
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	uint64_t turns = c.loop.turns;
	net_loop_run_for(&c.loop, 200);
	cr_assert_eq(c.accepted, 0);
	cr_assert(c.listener.exhausted >= 2 && c.listener.exhausted <= 6, "%d", (int)c.listener.exhausted);
	cr_assert_lt(c.loop.turns - turns, 20u, "it must not spin: %d turns", (int)(c.loop.turns - turns));
	limit.rlim_cur = before;
	setrlimit(RLIMIT_NOFILE, &limit);
	uint64_t start = clock_monotonic_us();
	net_loop_run(&c.loop);
	cr_assert_lt(clock_monotonic_us() - start, 100000u);
	cr_assert_eq(c.accepted, 5);
	close(taken);
	listener_case_end(&c, 5);
}

Test(listener, a_pause_while_out_of_descriptors_stays_one, .timeout = 10)
{
	struct listener_case c;
	struct rlimit limit;
	listener_case_open(&c, 1);
	listener_connect(&c, 1);
	int taken = open("/dev/null", O_RDONLY | O_CLOEXEC);
	getrlimit(RLIMIT_NOFILE, &limit);
	rlim_t before = limit.rlim_cur;
	limit.rlim_cur = (rlim_t)taken + 1;
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	net_loop_run_for(&c.loop, 20);
	listener_pause(&c.listener);
	limit.rlim_cur = before;
	setrlimit(RLIMIT_NOFILE, &limit);
	net_loop_run_for(&c.loop, 150);
	cr_assert_eq(c.accepted, 0);
	listener_resume(&c.listener);
	net_loop_run(&c.loop);
	cr_assert_eq(c.accepted, 1);
	close(taken);
	listener_case_end(&c, 1);
}

static void listener_take_and_close(struct listener *l, int fd, const struct address *peer)
{
	struct listener_case *c = l->owner;
	close(fd);
	c->accepted++;
	listener_close(l);
	loop_stop(l->loop);
}

Test(listener, may_be_closed_when_it_accepts, .timeout = 10)
{
	struct listener_case c;
	listener_case_open(&c, 0);
	c.listener.accepted = listener_take_and_close;
	listener_connect(&c, 10);
	net_loop_run(&c.loop);
	cr_assert_eq(c.accepted, 1);
	listener_case_end(&c, 10);
}

static void listener_on_closed(struct listener *l)
{
	struct listener_case *c = l->owner;
	cr_assert_lt(l->io.fd, 0);
	c->closed++;
	loop_stop(l->loop);
}

/* What the kernel acknowledged must not be reset only because descriptors are out for a moment. */
Test(listener, draining_waits_for_descriptors, .timeout = 10)
{
	struct listener_case c;
	struct rlimit limit;
	listener_case_open(&c, 0);
	listener_connect(&c, 3);
	int taken = open("/dev/null", O_RDONLY | O_CLOEXEC);
	getrlimit(RLIMIT_NOFILE, &limit);
	rlim_t before = limit.rlim_cur;
	limit.rlim_cur = (rlim_t)taken + 1;
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	listener_drain_and_close(&c.listener, listener_on_closed);
	net_loop_run_for(&c.loop, 120);
	limit.rlim_cur = before;
	setrlimit(RLIMIT_NOFILE, &limit);
	net_loop_run_for(&c.loop, 200);
	cr_assert_eq(c.accepted, 3);
	cr_assert_eq(c.closed, 1);
	close(taken);
	listener_case_end(&c, 3);
}

Test(listener, draining_without_descriptors_ends_all_the_same, .timeout = 10)
{
	struct listener_case c;
	struct rlimit limit;
	listener_case_open(&c, 0);
	listener_connect(&c, 3);
	int taken = open("/dev/null", O_RDONLY | O_CLOEXEC);
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = (rlim_t)taken + 1;
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	listener_drain_and_close(&c.listener, listener_on_closed);
	net_loop_run(&c.loop);
	cr_assert_eq(c.closed, 1);
	close(taken);
	listener_case_end(&c, 3);
}

/* ---- a limit ---- */

static bool listener_has_place(struct listener *l)
{
	struct listener_case *c = l->owner;
	if (c->places > 0) {
		c->places--;
		return true;
	}
	if (!l->draining)
		listener_pause(l);
	return false;
}

static void listener_place_unused(struct listener *l, bool exhausted)
{
	struct listener_case *c = l->owner;
	c->places++;
	c->unused++;
	c->exhausted += exhausted;
}

static void listener_case_limit(struct listener_case *c, int places)
{
	c->places = places;
	c->listener.admit = listener_has_place;
	c->listener.unused = listener_place_unused;
}

Test(listener, accepts_as_many_as_it_is_told_and_gives_back_the_rest, .timeout = 10)
{
	struct listener_case c;
	listener_case_open(&c, 20);
	listener_case_limit(&c, 3);
	listener_connect(&c, 20);
	net_loop_run_for(&c.loop, 100);
	cr_assert_eq(c.accepted, 3, "%d were accepted", c.accepted);
	cr_assert_eq(c.unused, 0);
	c.places = 4;
	listener_resume_now(&c.listener);
	cr_assert_eq(c.accepted, 7, "%d were accepted", c.accepted);
	c.places = 100;
	listener_resume_now(&c.listener);
	cr_assert_eq(c.accepted, 20);
	cr_assert_eq(c.places, 100 - 13);
	cr_assert(c.unused == 1 && c.exhausted == 0);
	listener_case_end(&c, 20);
}

Test(listener, draining_waits_for_a_place, .timeout = 10)
{
	struct listener_case c;
	listener_case_open(&c, 0);
	listener_case_limit(&c, 1);
	listener_connect(&c, 3);
	listener_drain_and_close(&c.listener, listener_on_closed);
	/* Longer than it waits for descriptors. */
	net_loop_run_for(&c.loop, 1500);
	cr_assert_eq(c.accepted, 1);
	cr_assert_eq(c.closed, 0);
	c.places = 5;
	net_loop_run(&c.loop);
	cr_assert_eq(c.accepted, 3);
	cr_assert_eq(c.closed, 1);
	listener_case_end(&c, 3);
}

Test(listener, draining_waits_for_no_place_that_nobody_needs, .timeout = 10)
{
	struct listener_case c;
	listener_case_open(&c, 0);
	listener_case_limit(&c, 1);
	listener_connect(&c, 1);
	listener_drain_and_close(&c.listener, listener_on_closed);
	net_loop_run(&c.loop);
	cr_assert_eq(c.accepted, 1);
	cr_assert_eq(c.places, 0);
	cr_assert_eq(c.closed, 1);
	listener_case_end(&c, 1);
}

Test(listener, a_spare_descriptor_is_for_one_client, .timeout = 10)
{
	struct listener_case c;
	struct rlimit limit;
	listener_case_open(&c, 0);
	listener_keep_spare(&c.listener);
	cr_assert_geq(c.listener.spares[0], 0);
	listener_case_limit(&c, 100);
	listener_connect(&c, 3);
	int taken = open("/dev/null", O_RDONLY | O_CLOEXEC);
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = (rlim_t)taken + 1;
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	/* listener_take closes what it gets, so one descriptor is enough for all of them. */
	net_loop_run_for(&c.loop, 200);
	cr_assert_eq(c.accepted, 3);
	cr_assert_eq(c.places, 97);
	cr_assert_eq(c.exhausted, 0);
	listener_keep_spare(&c.listener);
	cr_assert_geq(c.listener.spares[0], 0);
	close(taken);
	listener_case_end(&c, 3);
	cr_assert_lt(c.listener.spares[0], 0);
}

/* The bounded form of a measurement: sockets of one address come and go under load, and no client is reset after its
 * connect succeeded. */
enum { LISTENER_LOADERS = 6, LISTENER_ROUNDS = 100 };

struct listener_load {
	struct address at;
	_Atomic bool stop;
	_Atomic int served, lost, running;
};

/* A connect that is not answered at once was held back by the filter: the client gives up, and nothing is lost, since
 * the kernel never acknowledged it. It would try again after a second, and the load would be gone. */
static void listener_load_one(struct listener_load *load)
{
	char byte = 'x';
	bool done;
	struct pollfd fd = {.fd = socket_connect(&load->at, &done), .events = POLLOUT};
	if (poll(&fd, 1, 20) == 1) {
		bool good = socket_error(fd.fd) == 0 && send(fd.fd, &byte, 1, MSG_NOSIGNAL) == 1;
		fd.events = POLLIN;
		good = good && poll(&fd, 1, 4000) == 1 && recv(fd.fd, &byte, 1, 0) == 1;
		atomic_fetch_add(good ? &load->served : &load->lost, 1);
	}
	socket_reset_on_close(fd.fd);
	close(fd.fd);
}

static void *listener_load_run(void *argument)
{
	struct listener_load *load = argument;
	while (!atomic_load(&load->stop))
		listener_load_one(load);
	atomic_fetch_sub(&load->running, 1);
	return NULL;
}

static void listener_answer(struct listener *l, int fd, const struct address *peer)
{
	((struct listener_case *)l->owner)->accepted++;
	(void)!send(fd, "y", 1, MSG_NOSIGNAL);
	/* Read before closing, or close() would send RST by itself. */
	char byte;
	poll(&(struct pollfd){fd, POLLIN, 0}, 1, 1000);
	(void)!recv(fd, &byte, 1, MSG_DONTWAIT);
	close(fd);
}

Test(listener, draining_loses_no_connection, .timeout = 60)
{
	struct listener_case c;
	struct listener leaving;
	pthread_t threads[LISTENER_LOADERS];
	listener_case_open(&c, 0);
	c.listener.accepted = listener_answer;
	struct listener_load load = {.at = c.at, .running = LISTENER_LOADERS};
	for (int i = 0; i < LISTENER_LOADERS; i++)
		pthread_create(&threads[i], NULL, listener_load_run, &load);
	for (int round = 1; round <= LISTENER_ROUNDS; round++) {
		int fd = socket_listen(&load.at, true, 1024);
		cr_assert_geq(fd, 0);
		listener_open(&leaving, &c.loop, fd, listener_answer, &c);
		net_loop_run_for(&c.loop, 5);
		listener_drain_and_close(&leaving, listener_on_closed);
		net_loop_run(&c.loop);
		cr_assert_eq(c.closed, round);
	}
	atomic_store(&load.stop, true);
	while (atomic_load(&load.running))
		net_loop_run_for(&c.loop, 10);
	for (int i = 0; i < LISTENER_LOADERS; i++)
		pthread_join(threads[i], NULL);
	cr_assert_eq(atomic_load(&load.lost), 0, "%d of %d were lost", atomic_load(&load.lost),
		atomic_load(&load.lost) + atomic_load(&load.served));
	cr_assert_gt(atomic_load(&load.served), LISTENER_LOADERS);
	listener_case_end(&c, 0);
}

/* attack: clients that mean no good, for the rows of bench.py that ask what they cost others. One thread; bounded in
 * connections, in strikes a second and in time. In turn each connection strikes: it sends the burst, or what it was not
 * taken of the last one; a connection that is not open is opened first. With -s it is the other side instead: a server
 * that reads and drops what comes, so that the same attack can be made on nobody. It prints what it did when its time
 * is over, or at SIGTERM. */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	CONNECTIONS_MAX = 8192,
	EVENTS = 256,
	BURST_MAX = 4 << 20,
	CATCH_UP = 64,
	READ_MOST = 1 << 20,
	MS_US = 1000,
	S_US = 1000000
};

struct attacker {
	int fd;
	size_t at;           /* in the opening, then in the burst */
	bool opened, behind; /* the opening was sent; so was not all of a burst */
	uint64_t moved_us;   /* when anything of it was last taken */
};

struct attack {
	int epoll;
	size_t count, opening_len, burst_len;
	uint64_t rate, duration, stall; /* strikes a second; us */
	const char *from, *opening;
	char *burst;
	bool reads, connects_each;
	uint16_t port;

	uint64_t now_us, strikes, connections, closed, sent, received;
	struct attacker *all;
};

static volatile sig_atomic_t attack_over;

static void attack_on_signal(int number)
{
	(void)number;
	attack_over = 1;
}

static uint64_t attack_now_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * S_US + (uint64_t)now.tv_nsec / 1000;
}

static void attack_fail(const char *what)
{
	fprintf(stderr, "attack: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* A reset: nothing of thousands of connections is left to wait, here or there. */
static void attacker_close(struct attacker *one)
{
	struct linger now = {.l_onoff = 1};
	setsockopt(one->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
	close(one->fd);
	one->fd = -1;
}

static void attacker_open(struct attack *attack, struct attacker *one)
{
	int on = 1;
	struct sockaddr_in from = {.sin_family = AF_INET},
			   to = {.sin_family = AF_INET, .sin_port = htons(attack->port)};
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	one->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (one->fd < 0 || inet_pton(AF_INET, attack->from, &from.sin_addr) != 1)
		attack_fail("socket");
	setsockopt(one->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
	setsockopt(one->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (bind(one->fd, (struct sockaddr *)&from, sizeof from) != 0)
		attack_fail("bind");
	if (connect(one->fd, (struct sockaddr *)&to, sizeof to) != 0 && errno != EINPROGRESS) {
		attacker_close(one);
		return;
	}
	/* Who does not read must still see that the other side has gone. */
	struct epoll_event event = {.events = EPOLLRDHUP | (attack->reads ? EPOLLIN : 0u), .data.ptr = one};
	epoll_ctl(attack->epoll, EPOLL_CTL_ADD, one->fd, &event);
	one->at = 0;
	one->opened = attack->opening_len == 0;
	one->behind = false;
	one->moved_us = attack->now_us;
	attack->connections++;
}

/* True: it has left, all of it. */
static bool attacker_send(struct attack *attack, struct attacker *one, const char *data, size_t len)
{
	ssize_t sent = len ? send(one->fd, data + one->at, len - one->at, MSG_NOSIGNAL) : 0;
	if (sent < 0 && errno != EAGAIN) {
		attack->closed++;
		attacker_close(one);
	}
	if (sent <= 0)
		return len == 0;
	attack->sent += (uint64_t)sent;
	one->moved_us = attack->now_us;
	one->at = (one->at + (size_t)sent) % len;
	return one->at == 0;
}

static void attacker_strike(struct attack *attack, struct attacker *one)
{
	bool stands = attack->stall && attack->now_us - one->moved_us > attack->stall;
	if (one->fd >= 0 && (stands || (attack->connects_each && !one->behind)))
		attacker_close(one);
	if (one->fd < 0)
		attacker_open(attack, one);
	if (one->fd >= 0 && !one->opened)
		one->opened = attacker_send(attack, one, attack->opening, attack->opening_len);
	if (one->fd >= 0 && one->opened)
		one->behind = !attacker_send(attack, one, attack->burst, attack->burst_len);
}

static void attacker_on_event(struct attack *attack, struct attacker *one, unsigned events)
{
	static char scratch[READ_MOST];
	ssize_t got = 0;
	/* TCP drops the bytes itself, uncopied. */
	if (attack->reads)
		got = recv(one->fd, scratch, sizeof scratch, MSG_TRUNC);
	if (got > 0)
		attack->received += (uint64_t)got;
	else if (!attack->reads || got == 0 || errno != EAGAIN || events & (EPOLLHUP | EPOLLERR)) {
		attack->closed++;
		attacker_close(one);
	}
}

static void attack_wait(struct attack *attack)
{
	struct epoll_event events[EVENTS];
	int ready = epoll_wait(attack->epoll, events, EVENTS, 1);
	attack->now_us = attack_now_us();
	for (int i = 0; i < ready; i++)
		attacker_on_event(attack, events[i].data.ptr, events[i].events);
}

static void attack_run(struct attack *attack)
{
	uint64_t start = attack_now_us(), missed = 0;
	while (!attack_over && attack->now_us < start + attack->duration) {
		attack_wait(attack);
		uint64_t due = (attack->now_us - start) * attack->rate / S_US - missed;
		/* Who did not get to run is not made faster for it. */
		if (due > attack->strikes + CATCH_UP) {
			missed += due - attack->strikes - CATCH_UP;
			due = attack->strikes + CATCH_UP;
		}
		for (; attack->strikes < due; attack->strikes++)
			attacker_strike(attack, &attack->all[attack->strikes % attack->count]);
	}
	printf("{\"us\":%llu,\"strikes\":%llu,\"connections\":%llu,\"closed\":%llu,\"sent\":%llu,\"received\":%llu}\n",
		(unsigned long long)(attack_now_us() - start), (unsigned long long)attack->strikes,
		(unsigned long long)attack->connections, (unsigned long long)attack->closed,
		(unsigned long long)attack->sent, (unsigned long long)attack->received);
}

/* ---- the server that drops all ---- */

static int sink_listen(void)
{
	struct sockaddr_in bound = {.sin_family = AF_INET};
	socklen_t len = sizeof bound;
	bound.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&bound, len) != 0 || listen(fd, CONNECTIONS_MAX) != 0 ||
		getsockname(fd, (struct sockaddr *)&bound, &len) != 0)
		attack_fail("listen");
	printf("listening 127.0.0.1:%d\n", ntohs(bound.sin_port));
	fflush(stdout);
	return fd;
}

static void sink_on_event(int epoll, int listener, int fd)
{
	static char scratch[READ_MOST];
	if (fd != listener) {
		ssize_t got = recv(fd, scratch, sizeof scratch, MSG_TRUNC | MSG_DONTWAIT);
		if (got == 0 || (got < 0 && errno != EAGAIN))
			close(fd);
		return;
	}
	int client = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct epoll_event event = {.events = EPOLLIN, .data.fd = client};
	if (client >= 0)
		epoll_ctl(epoll, EPOLL_CTL_ADD, client, &event);
}

static void sink_run(void)
{
	int listener = sink_listen(), epoll = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event events[EVENTS], event = {.events = EPOLLIN, .data.fd = listener};
	epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
	while (!attack_over) {
		int ready = epoll_wait(epoll, events, EVENTS, -1);
		for (int i = 0; i < ready; i++)
			sink_on_event(epoll, listener, events[i].data.fd);
	}
}

/* ---- the command line ---- */

static void attack_usage(void)
{
	fputs("usage: attack [-c CONNECTIONS] [-p STRIKES_PER_S] [-t MILLISECONDS] [-f ADDRESS] [-o TEXT] [-d TEXT]\n"
	      "              [-n TIMES] [-w MILLISECONDS] [-r] [-1] PORT\n"
	      "       attack -s\n"
	      "  -f  from where      -o  sent once by each connection    -d, -n  a burst: this text, so many times\n"
	      "  -r  answers are read, else never                        -1      a connection for each burst\n"
	      "  -w  a connection of which nothing was taken for so long is opened anew\n"
	      "  -s  be a server that reads and drops what comes; prints \"listening ADDRESS\"\n",
		stderr);
	exit(2);
}

static void attack_make_burst(struct attack *attack, const char *text, size_t times)
{
	size_t len = strlen(text);
	if (times == 0 || len * times > BURST_MAX)
		attack_usage();
	attack->burst_len = len * times;
	attack->burst = malloc(attack->burst_len + 1);
	attack->all = calloc(attack->count, sizeof *attack->all);
	if (!attack->burst || !attack->all)
		attack_fail("memory");
	for (size_t i = 0; i < times; i++)
		memcpy(attack->burst + i * len, text, len);
	for (size_t i = 0; i < attack->count; i++)
		attack->all[i].fd = -1;
}

static void attack_options(struct attack *attack, int argc, char **argv)
{
	int option;
	size_t times = 1;
	const char *text = "";
	while ((option = getopt(argc, argv, "c:p:t:f:o:d:n:w:r1s")) != -1) {
		if (option == 'c')
			attack->count = strtoul(optarg, NULL, 10);
		else if (option == 'p')
			attack->rate = strtoul(optarg, NULL, 10);
		else if (option == 't')
			attack->duration = strtoul(optarg, NULL, 10) * MS_US;
		else if (option == 'f')
			attack->from = optarg;
		else if (option == 'o')
			attack->opening = optarg;
		else if (option == 'd')
			text = optarg;
		else if (option == 'n')
			times = strtoul(optarg, NULL, 10);
		else if (option == 'w')
			attack->stall = strtoul(optarg, NULL, 10) * MS_US;
		else if (option == 'r')
			attack->reads = true;
		else if (option == '1')
			attack->connects_each = true;
		else if (option == 's') {
			sink_run();
			exit(0);
		} else
			attack_usage();
	}
	if (optind != argc - 1 || attack->count < 1 || attack->count > CONNECTIONS_MAX || attack->rate == 0)
		attack_usage();
	attack->port = (uint16_t)atoi(argv[optind]);
	attack->opening_len = strlen(attack->opening);
	attack_make_burst(attack, text, times);
}

int main(int argc, char **argv)
{
	struct attack attack = {.count = 1, .rate = 100, .duration = 10 * S_US, .from = "127.0.1.1", .opening = ""};
	struct sigaction over = {.sa_handler = attack_on_signal};
	struct rlimit files;
	sigaction(SIGTERM, &over, NULL);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	attack_options(&attack, argc, argv);
	attack.epoll = epoll_create1(EPOLL_CLOEXEC);
	attack.now_us = attack_now_us();
	attack_run(&attack);
	return 0;
}

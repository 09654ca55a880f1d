/* origin: the demo server of the quickstart, the tests and the benchmarks. It answers with its name, and on demand
 * late, slowly, wrongly or not at all (origin_knobs.def). One thread, libev, nothing of lbd inside. */
#include "config.h"

#include "origin.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { LISTENERS_MAX = 64, BACKLOG = 4096, ACCEPTS_PER_TURN = 64 };

struct listener {
	struct origin *origin;
	ev_io watcher;
	const char *unix_path;
	bool echo;
};

struct listeners {
	struct listener list[LISTENERS_MAX];
	int count;
};

static void origin_usage(void)
{
	puts("origin [-n NAME] [-l ADDRESS]... [-e] [KNOB=VALUE]...\n"
	     "  -n NAME     what it answers and puts into X-Origin (origin)\n"
	     "  -l ADDRESS  HOST:PORT, [IPV6]:PORT or unix:PATH; port 0: the kernel chooses (127.0.0.1:0)\n"
	     "  -e          the listeners that follow send back what they read: a plain byte stream\n"
	     "Each listener is printed as a line \"listening ADDRESS\" once it accepts.\n"
	     "Paths: /health, /_set?KNOB=VALUE, /_stats, /_echo, /_len, /_raw?hex=BYTES, /_upgrade; others answer the "
	     "name.\n"
	     "Knobs, here for all requests or in the query of one (/?delay=50&status=503):");
	knobs_help();
}

static void listener_on_readable(struct ev_loop *loop, ev_io *watcher, int events)
{
	struct listener *listener = watcher->data;
	(void)loop, (void)events;
	for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
		int fd = accept4(watcher->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0)
			return;
		int on = 1;
		if (listener->unix_path == NULL)
			setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
		conn_open(listener->origin, fd, listener->echo);
	}
}

static int listen_unix(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof address.sun_path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(address.sun_path, path, strlen(path) + 1);
	unlink(path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd >= 0 && (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, BACKLOG) != 0)) {
		close(fd);
		return -1;
	}
	if (fd >= 0)
		printf("listening unix:%s\n", path);
	return fd;
}

static void print_bound(int fd)
{
	struct sockaddr_storage bound;
	socklen_t len = sizeof bound;
	char host[64], port[16];
	if (getsockname(fd, (struct sockaddr *)&bound, &len) != 0)
		return;
	getnameinfo(
		(struct sockaddr *)&bound, len, host, sizeof host, port, sizeof port, NI_NUMERICHOST | NI_NUMERICSERV);
	printf(bound.ss_family == AF_INET6 ? "listening [%s]:%s\n" : "listening %s:%s\n", host, port);
}

static int listen_inet(const char *text)
{
	char host[128];
	const char *colon = strrchr(text, ':');
	if (colon == NULL || (size_t)(colon - text) >= sizeof host) {
		errno = EINVAL;
		return -1;
	}
	size_t len = (size_t)(colon - text);
	bool bracketed = len > 2 && text[0] == '[' && text[len - 1] == ']';
	memcpy(host, text + bracketed, len - 2 * bracketed);
	host[len - 2 * bracketed] = 0;
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *info;
	if (getaddrinfo(host[0] != 0 && strcmp(host, "*") != 0 ? host : NULL, colon + 1, &hints, &info) != 0) {
		errno = EADDRNOTAVAIL;
		return -1;
	}
	int on = 1, fd = socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	bool ok = fd >= 0 && bind(fd, info->ai_addr, info->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0;
	freeaddrinfo(info);
	if (!ok) {
		int error = errno;
		close(fd);
		errno = error;
		return -1;
	}
	print_bound(fd);
	return fd;
}

static bool listeners_add(struct listeners *all, struct origin *origin, const char *address, bool echo)
{
	if (all->count == LISTENERS_MAX)
		return false;
	struct listener *listener = &all->list[all->count];
	listener->origin = origin;
	listener->echo = echo;
	listener->unix_path = strncmp(address, "unix:", 5) == 0 ? address + 5 : NULL;
	int fd = listener->unix_path != NULL ? listen_unix(listener->unix_path) : listen_inet(address);
	if (fd < 0) {
		fprintf(stderr, "origin: cannot listen on %s: %s\n", address, strerror(errno));
		return false;
	}
	ev_io_init(&listener->watcher, listener_on_readable, fd, EV_READ);
	listener->watcher.data = listener;
	ev_io_start(origin->loop, &listener->watcher);
	all->count++;
	return true;
}

static void origin_on_deadline(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)timer, (void)events;
	ev_break(loop, EVBREAK_ALL);
}

/* TERM and INT: no new connections, the answers that were begun are finished, at most 5 s. */
static void origin_on_signal(struct ev_loop *loop, ev_signal *watcher, int events)
{
	struct listeners *all = watcher->data;
	struct origin *origin = all->list[0].origin;
	(void)events;
	if (origin->stopping)
		ev_break(loop, EVBREAK_ALL);
	origin->stopping = true;
	for (int i = 0; i < all->count; i++) {
		ev_io_stop(loop, &all->list[i].watcher);
		close(all->list[i].watcher.fd);
		if (all->list[i].unix_path != NULL)
			unlink(all->list[i].unix_path);
	}
	all->count = 0;
	conn_stop_all(origin);
}

static bool origin_read_args(struct origin *origin, struct listeners *all, int argc, char **argv)
{
	bool echo = false;
	int option;
	while ((option = getopt(argc, argv, "n:l:eh")) != -1) {
		if (option == 'n')
			origin->name = optarg;
		else if (option == 'e')
			echo = true;
		else if (option == 'h')
			origin_usage();
		if (option == 'h')
			exit(0);
		if (option == '?' || (option == 'l' && !listeners_add(all, origin, optarg, echo)))
			return false;
	}
	for (; optind < argc; optind++) {
		if (!knobs_set(&origin->knobs, argv[optind], strlen(argv[optind]))) {
			fprintf(stderr, "origin: %s is no KNOB=NUMBER; -h lists the knobs\n", argv[optind]);
			return false;
		}
	}
	return all->count > 0 || listeners_add(all, origin, "127.0.0.1:0", echo);
}

int main(int argc, char **argv)
{
	struct origin *origin = calloc(1, sizeof *origin);
	struct listeners *all = calloc(1, sizeof *all);
	if (origin == NULL || all == NULL) {
		free(all);
		free(origin);
		return 1;
	}
	struct rlimit files;
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	signal(SIGPIPE, SIG_IGN);
	origin->loop = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
	origin->name = "origin";
	knobs_init(&origin->knobs);
	for (int i = 0; i < PATTERN_SIZE; i++)
		origin->pattern[i] = (unsigned char)(i % PATTERN_PERIOD);
	if (origin->loop == NULL || !origin_read_args(origin, all, argc, argv)) {
		free(all);
		free(origin);
		return 1;
	}
	fflush(stdout);

	ev_signal term, interrupt;
	ev_timer deadline;
	ev_signal_init(&term, origin_on_signal, SIGTERM);
	ev_signal_init(&interrupt, origin_on_signal, SIGINT);
	ev_timer_init(&deadline, origin_on_deadline, 5., 0.);
	term.data = interrupt.data = all;
	ev_signal_start(origin->loop, &term);
	ev_signal_start(origin->loop, &interrupt);
	while (!origin->stopping && ev_run(origin->loop, EVRUN_ONCE)) {
	}
	ev_now_update(origin->loop);
	ev_timer_start(origin->loop, &deadline);
	while (origin->first != NULL && ev_is_active(&deadline))
		ev_run(origin->loop, EVRUN_ONCE);
	conn_free_all(origin);
	ev_loop_destroy(origin->loop);
	free(all);
	free(origin);
	return 0;
}

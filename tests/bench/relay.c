/* relay: the floor of the comparison in bench.py. It carries bytes between a client and a server and looks at none of
 * them: what a proxy costs more than this is what its parsing, balancing and accounting cost. One thread, libev; each
 * client connection has a connection of its own to one of the servers, in turn. Usage: relay HOST:PORT... */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ev.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SCRATCH_SIZE = 128 << 10, BACKLOG = 4096, ACCEPTS_PER_TURN = 64, SERVERS_MAX = 16 };

struct end {
	ev_io reader, writer;
	struct pair *pair;
	struct end *peer;
	char *left; /* what the socket of this end did not take yet; the peer is not read meanwhile */
	size_t left_at, left_len;
};

struct pair {
	struct end client, server;
	bool ending; /* one side is at its end: closed once nothing is left */
};

struct relay {
	struct ev_loop *loop;
	struct sockaddr_in servers[SERVERS_MAX];
	int server_count, next;
	char scratch[SCRATCH_SIZE];
};

static void end_close(struct ev_loop *loop, struct end *end)
{
	ev_io_stop(loop, &end->reader);
	ev_io_stop(loop, &end->writer);
	close(end->reader.fd);
	free(end->left);
}

static void pair_close(struct ev_loop *loop, struct pair *pair)
{
	end_close(loop, &pair->client);
	end_close(loop, &pair->server);
	free(pair);
}

/* False: the connection is dead. */
static bool end_send(struct ev_loop *loop, struct end *to, const char *data, size_t len)
{
	ssize_t sent = send(to->reader.fd, data, len, MSG_NOSIGNAL);
	if (sent < 0 && errno != EAGAIN && errno != EINTR && errno != ENOTCONN)
		return false;
	size_t taken = sent < 0 ? 0 : (size_t)sent;
	if (taken == len)
		return true;
	to->left = malloc(len - taken);
	if (to->left == NULL)
		return false;
	memcpy(to->left, data + taken, len - taken);
	to->left_at = 0;
	to->left_len = len - taken;
	ev_io_stop(loop, &to->peer->reader);
	ev_io_start(loop, &to->writer);
	return true;
}

static void end_on_readable(struct ev_loop *loop, ev_io *watcher, int events)
{
	struct end *from = watcher->data;
	struct relay *relay = ev_userdata(loop);
	(void)events;
	ssize_t got = recv(watcher->fd, relay->scratch, sizeof relay->scratch, 0);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got > 0 && end_send(loop, from->peer, relay->scratch, (size_t)got))
		return;
	if (got == 0 && from->peer->left != NULL) {
		from->pair->ending = true;
		return;
	}
	pair_close(loop, from->pair);
}

static void end_on_writable(struct ev_loop *loop, ev_io *watcher, int events)
{
	struct end *to = watcher->data;
	(void)events;
	ssize_t sent = send(watcher->fd, to->left + to->left_at, to->left_len, MSG_NOSIGNAL);
	if (sent < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (sent < 0) {
		pair_close(loop, to->pair);
		return;
	}
	to->left_at += (size_t)sent;
	to->left_len -= (size_t)sent;
	if (to->left_len > 0)
		return;
	free(to->left);
	to->left = NULL;
	ev_io_stop(loop, &to->writer);
	if (to->pair->ending)
		pair_close(loop, to->pair);
	else
		ev_io_start(loop, &to->peer->reader);
}

static void end_start(struct ev_loop *loop, struct end *end, struct end *peer, struct pair *pair, int fd)
{
	int on = 1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	end->pair = pair;
	end->peer = peer;
	ev_io_init(&end->reader, end_on_readable, fd, EV_READ);
	ev_io_init(&end->writer, end_on_writable, fd, EV_WRITE);
	end->reader.data = end->writer.data = end;
	ev_io_start(loop, &end->reader);
}

static void relay_on_acceptable(struct ev_loop *loop, ev_io *watcher, int events)
{
	struct relay *relay = watcher->data;
	(void)events;
	for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
		int client = accept4(watcher->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (client < 0)
			return;
		int server = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		struct pair *pair = calloc(1, sizeof *pair);
		const struct sockaddr_in *to = &relay->servers[relay->next];
		relay->next = (relay->next + 1) % relay->server_count;
		if (server < 0 || pair == NULL ||
			(connect(server, (const struct sockaddr *)to, sizeof *to) != 0 && errno != EINPROGRESS)) {
			close(client);
			close(server);
			free(pair);
			return;
		}
		end_start(loop, &pair->client, &pair->server, pair, client);
		end_start(loop, &pair->server, &pair->client, pair, server);
	}
}

static bool relay_read_server(struct relay *relay, const char *text)
{
	char host[INET_ADDRSTRLEN];
	int port;
	struct sockaddr_in *to = &relay->servers[relay->server_count];
	if (relay->server_count == SERVERS_MAX || sscanf(text, "%15[^:]:%d", host, &port) != 2)
		return false;
	to->sin_family = AF_INET;
	to->sin_port = htons((uint16_t)port);
	relay->server_count++;
	return inet_pton(AF_INET, host, &to->sin_addr) == 1;
}

static int relay_listen(void)
{
	struct sockaddr_in bound = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof bound;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&bound, len) != 0 || listen(fd, BACKLOG) != 0)
		return -1;
	getsockname(fd, (struct sockaddr *)&bound, &len);
	printf("listening 127.0.0.1:%d\n", ntohs(bound.sin_port));
	fflush(stdout);
	return fd;
}

int main(int argc, char **argv)
{
	struct relay *relay = calloc(1, sizeof *relay);
	if (relay == NULL)
		return 1;
	for (int i = 1; i < argc; i++) {
		if (!relay_read_server(relay, argv[i])) {
			fprintf(stderr, "relay: %s is no IPV4:PORT, or there are too many\n", argv[i]);
			return 2;
		}
	}
	int fd = relay->server_count > 0 ? relay_listen() : -1;
	relay->loop = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
	if (fd < 0 || relay->loop == NULL) {
		fputs("usage: relay IPV4:PORT...\n", stderr);
		return 2;
	}
	ev_io listener;
	ev_set_userdata(relay->loop, relay);
	ev_io_init(&listener, relay_on_acceptable, fd, EV_READ);
	listener.data = relay;
	ev_io_start(relay->loop, &listener);
	ev_run(relay->loop, 0);
	return 0;
}

/* Slow clients for the tests: N connections that each send the start of a head at once and then one byte of it every
 * INTERVAL ms, in turn, until SECONDS are over. One that the other side closes is opened anew.
 *
 *   dripper HOST PORT N INTERVAL SECONDS
 *
 * Prints "open N" when all are connected, and at the end "sent BYTES closed N". */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static const char dripper_start[] = "GET /slow HTTP/1.1\r\nHost: slow.example\r\nX-Filler: ";

struct dripper {
	struct sockaddr_in to;
	int *fds, count;
	uint64_t sent, closed;
};

static uint64_t dripper_now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000u + (uint64_t)t.tv_nsec / 1000000u;
}

static int dripper_open(struct dripper *d)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (connect(fd, (struct sockaddr *)&d->to, sizeof d->to) < 0 ||
		send(fd, dripper_start, sizeof dripper_start - 1, MSG_NOSIGNAL) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static void dripper_drip(struct dripper *d, int i)
{
	char byte;
	ssize_t got = d->fds[i] < 0 ? 0 : recv(d->fds[i], &byte, 1, MSG_DONTWAIT | MSG_PEEK);
	if ((got < 0 && errno == EAGAIN) && send(d->fds[i], "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT) == 1) {
		d->sent++;
		return;
	}
	if (d->fds[i] >= 0) {
		d->closed++;
		close(d->fds[i]);
	}
	d->fds[i] = dripper_open(d);
}

static int dripper_connect_all(struct dripper *d)
{
	for (int i = 0; i < d->count; i++) {
		d->fds[i] = dripper_open(d);
		if (d->fds[i] < 0) {
			perror("dripper");
			return 1;
		}
	}
	printf("open %d\n", d->count);
	fflush(stdout);
	return 0;
}

/* Every ms the part of them whose turn it is. */
static void dripper_run(struct dripper *d, uint64_t interval_ms, uint64_t end_ms)
{
	uint64_t start = dripper_now_ms(), done = 0;
	while (dripper_now_ms() < end_ms) {
		poll(NULL, 0, 1);
		uint64_t due = (dripper_now_ms() - start) * (uint64_t)d->count / interval_ms;
		for (; done < due; done++)
			dripper_drip(d, (int)(done % (uint64_t)d->count));
	}
}

int main(int argc, char **argv)
{
	struct dripper d = {.to = {.sin_family = AF_INET}};
	struct rlimit limit;
	if (argc != 6 || inet_pton(AF_INET, argv[1], &d.to.sin_addr) != 1 || atoi(argv[3]) < 1 || atoi(argv[4]) < 1) {
		fprintf(stderr, "usage: dripper HOST PORT N INTERVAL_MS SECONDS\n");
		return 2;
	}
	d.to.sin_port = htons((uint16_t)atoi(argv[2]));
	d.count = atoi(argv[3]);
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
	d.fds = calloc((size_t)d.count, sizeof *d.fds);
	if (!d.fds || dripper_connect_all(&d))
		return 1;
	dripper_run(&d, (uint64_t)atoi(argv[4]), dripper_now_ms() + (uint64_t)atoi(argv[5]) * 1000u);
	printf("sent %llu closed %llu\n", (unsigned long long)d.sent, (unsigned long long)d.closed);
	free(d.fds);
	return 0;
}

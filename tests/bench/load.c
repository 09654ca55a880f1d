/* load: the clients of bench.py, in one thread. Every answer is read whole and its body compared byte by byte, and at
 * the end each client finishes what it began, so that CPU time can be divided by the exact work. Two ways:
 * closed loop (no -r): a client sends its next request when it has the answer to the last;
 * constant rate (-r): request n is due at n / rate seconds whatever the answers do, by the client that has been free
 * for the longest time, and its latency counts from the time it was due. So a stall shows in all requests that it held
 * up ("coordinated omission", G. Tene), not only in the one that was under way. */
#include "config.h"

#include "load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS = 256, GRACE_S = 20, MS_US = 1000, S_US = 1000000 };

static uint64_t load_now_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * S_US + (uint64_t)now.tv_nsec / 1000;
}

void load_fail(const struct load *load, const char *what, const char *detail)
{
	fprintf(stderr, "load: %s: %s (after %zu answers)\n", what, detail, load->done);
	exit(1);
}

static void load_record(struct load *load, uint64_t due, uint64_t latency)
{
	if (due < load->start + load->warm)
		return;
	if (load->done == load->latency_room) {
		load->latency_room = load->latency_room ? load->latency_room * 2 : 1 << 16;
		load->latencies = realloc(load->latencies, load->latency_room * sizeof *load->latencies);
		if (!load->latencies)
			load_fail(load, "memory", "latencies");
	}
	load->latencies[load->done++] = latency > UINT32_MAX ? UINT32_MAX : (uint32_t)latency;
}

static void load_send_next(struct load *load, struct visitor *visitor, uint64_t due)
{
	visitor->due = due;
	load->begun++;
	visitor_begin(load, visitor);
}

/* The client is free: it sends again, or waits for its turn. */
void load_on_answer(struct load *load, struct visitor *visitor)
{
	uint64_t now = load_now_us();
	load_record(load, visitor->due, now - visitor->due);
	if (load->rate == 0 && now < load->end)
		load_send_next(load, visitor, now);
	else
		load_rest(load, visitor);
}

/* All take their turn: the last to rest is the last to send again. */
void load_rest(struct load *load, struct visitor *visitor)
{
	load->idle[(load->idle_first + load->idle_count++) % CLIENTS_MAX] = visitor;
}

static struct visitor *load_wake(struct load *load)
{
	struct visitor *visitor = load->idle[load->idle_first];
	load->idle_first = (load->idle_first + 1) % CLIENTS_MAX;
	load->idle_count--;
	return visitor;
}

/* Sends what is due; returns the us until the next is, or -1 when no more will be. */
static int64_t load_pace(struct load *load)
{
	for (;;) {
		uint64_t due = load->start + load->begun * S_US / load->rate, now = load_now_us();
		if (due >= load->end)
			return -1;
		if (due > now)
			return (int64_t)(due - now);
		if (load->idle_count == 0)
			return MS_US;
		load_send_next(load, load_wake(load), due);
	}
}

static void load_run(struct load *load)
{
	load->start = load_now_us();
	load->end = load->start + load->warm + load->duration;
	int count = load->idle_count;
	for (int i = 0; load->rate == 0 && i < count; i++)
		load_send_next(load, load_wake(load), load->start);
	for (;;) {
		int64_t wait = load->rate ? load_pace(load) : -1;
		if (wait < 0 && load->idle_count == load->clients)
			break;
		struct timespec timeout = {wait / S_US, wait % S_US * 1000};
		if (wait < 0)
			timeout = (struct timespec){1, 0};
		struct epoll_event events[EVENTS];
		int ready = epoll_pwait2(load->epoll, events, EVENTS, &timeout, NULL);
		for (int i = 0; i < ready; i++)
			visitor_on_event(load, events[i].data.ptr, events[i].events);
		if (load_now_us() > load->end + (uint64_t)GRACE_S * S_US)
			load_fail(load, "no answer", "clients still wait long after the end");
	}
}

static int load_compare(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
	return left < right ? -1 : left > right;
}

static void load_print(struct load *load)
{
	uint64_t took = load_now_us() - load->start - load->warm;
	if (load->done == 0)
		load_fail(load, "no request", "was answered");
	qsort(load->latencies, load->done, sizeof *load->latencies, load_compare);
	printf("{\"requests\":%zu,\"body_bytes\":%llu,\"us\":%llu", load->done, (unsigned long long)load->body_bytes,
		(unsigned long long)took);
	static const double quantiles[] = {50, 90, 99, 99.9, 100};
	for (size_t i = 0; i < sizeof quantiles / sizeof quantiles[0]; i++) {
		size_t at = (size_t)((double)load->done * quantiles[i] / 100);
		printf(",\"p%g\":%u", quantiles[i], load->latencies[at < load->done ? at : load->done - 1]);
	}
	puts("}");
}

static void load_usage(void)
{
	fputs("usage: load [-c CLIENTS] [-t MILLISECONDS] [-w MILLISECONDS] [-r REQUESTS_PER_S] [-g TARGET] [-b BYTES "
	      "| -e TEXT...]\n"
	      "            [-u BYTES] [-H HEADER]... [-n] PORT\n"
	      "  -w  for so long at first requests are made and not counted, beside -t\n"
	      "  -b  the answer is a body of the demo server, that long      -e  it is this text (or another -e)\n"
	      "  -u  requests carry a body of the same pattern               -n  a connection for each request\n",
		stderr);
	exit(2);
}

static void load_options(struct load *load, int argc, char **argv)
{
	int option;
	while ((option = getopt(argc, argv, "c:t:w:r:g:b:e:u:H:n")) != -1) {
		if (option == 'c')
			load->clients = atoi(optarg);
		else if (option == 't')
			load->duration = strtoul(optarg, NULL, 10) * MS_US;
		else if (option == 'w')
			load->warm = strtoul(optarg, NULL, 10) * MS_US;
		else if (option == 'r')
			load->rate = strtoul(optarg, NULL, 10);
		else if (option == 'g')
			load->target = optarg;
		else if (option == 'b')
			load->expect_bytes = strtoul(optarg, NULL, 10);
		else if (option == 'e' && load->text_count < LOAD_TEXTS)
			load->texts[load->text_count++] = optarg;
		else if (option == 'u')
			load->upload = strtoul(optarg, NULL, 10);
		else if (option == 'H' && load->header_count < LOAD_HEADERS)
			load->headers[load->header_count++] = optarg;
		else if (option == 'n')
			load->connect_each = true;
		else
			load_usage();
	}
	if (optind != argc - 1 || load->clients < 1 || load->clients > CLIENTS_MAX || load->duration == 0 ||
		(load->expect_bytes == 0) == (load->text_count == 0))
		load_usage();
	load->port = (uint16_t)atoi(argv[optind]);
}

int main(int argc, char **argv)
{
	struct load *load = calloc(1, sizeof *load);
	if (!load)
		return 1;
	load->clients = 1;
	load->duration = S_US;
	load->target = "/";
	load_options(load, argc, argv);
	/* The kernel may be late by 50 us otherwise, on purpose, which would count as latency. */
	prctl(PR_SET_TIMERSLACK, 1);
	load->epoll = epoll_create1(EPOLL_CLOEXEC);
	visitors_open(load);
	load_run(load);
	load_print(load);
	return 0;
}

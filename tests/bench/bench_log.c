/* What a log line costs the worker: formatting it, and putting it into the ring while the writer takes it out. Prints
 * nanoseconds for each line; the best of several rounds, since a shared machine only adds. */
#include "base/clock.h"
#include "base/log.h"
#include "proxy/access_log.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { ROUNDS = 20, LINES = 2000, FORMATS = 20000 };

static void bench_put(void)
{
	struct log *log = log_create();
	char error[256], line[200];
	struct log_sink *sink = log ? log_open_sink(log, "/dev/null", error, sizeof error) : NULL;
	struct log_ring *ring = log ? log_add_ring(log, 1 << 20) : NULL;
	if (!sink || !ring || !log_start(log, NULL))
		exit(1);
	memset(line, 'x', sizeof line);
	double best = 1e9, best_kick = 1e9;
	for (int round = 0; round < ROUNDS; round++) {
		uint64_t start = clock_monotonic_us();
		for (int i = 0; i < LINES; i++)
			if (!log_put(ring, sink, LOG_LEVEL_INFO, str_make(line, sizeof line)))
				exit(2);
		uint64_t end = clock_monotonic_us();
		best = (double)(end - start) < best ? (double)(end - start) : best;
		log_kick(ring);
		usleep(20000);
		start = clock_monotonic_us();
		for (int i = 0; i < LINES; i++) {
			if (!log_put(ring, sink, LOG_LEVEL_INFO, str_make(line, sizeof line)))
				exit(2);
			log_kick(ring);
		}
		end = clock_monotonic_us();
		best_kick = (double)(end - start) < best_kick ? (double)(end - start) : best_kick;
		usleep(20000);
	}
	printf("log_put, 200 bytes:              %6.1f ns\n", best * 1000 / LINES);
	printf("log_put and log_kick, 200 bytes: %6.1f ns\n", best_kick * 1000 / LINES);
	log_stop(log);
}

static void bench_format(enum config_access_log_format format, const char *name)
{
	struct address client = {.length = sizeof client.as.v4, .as.v4 = {.sin_family = AF_INET, .sin_port = 4711}};
	inet_pton(AF_INET, "192.168.100.23", &client.as.v4.sin_addr);
	struct access_date date = {0};
	struct access_record r = {
		.date = &date,
		.client = &client,
		.accept_wall_us = clock_wall_us(),
		.frontend = "fe_web",
		.backend = "be_web",
		.server = "server-12",
		.t_request = 231,
		.t_connect = 523,
		.t_response = 15234,
		.t_total = 21000,
		.status = 200,
		.bytes_in = 512,
		.bytes_out = 14332,
		.termination = {'-', '-'},
		.active = 123,
		.frontend_active = 120,
		.backend_active = 33,
		.server_active = 4,
		.method = str_of("GET"),
		.host = str_of("www.example.com"),
		.path = str_of("/static/images/a-picture-of-something.png"),
		.query = str_of("v=1234567&size=large"),
		.target = str_of("/static/images/a-picture-of-something.png?v=1234567&size=large"),
		.version_minor = 1,
		.request_id = str_of("0123456789abcdef0123456789abcdef"),
	};
	double best = 1e9;
	size_t bytes = 0;
	for (int round = 0; round < ROUNDS; round++) {
		char out[ACCESS_LOG_LINE_MAX];
		uint64_t start = clock_monotonic_us();
		for (int i = 0; i < FORMATS; i++) {
			r.accept_wall_us += 1000;
			bytes = access_log_format(format, &r, out);
		}
		double took = (double)(clock_monotonic_us() - start);
		best = took < best ? took : best;
	}
	printf("%-8s %4zu bytes:             %6.1f ns\n", name, bytes, best * 1000 / FORMATS);
}

int main(void)
{
	bench_put();
	bench_format(CONFIG_ACCESS_LOG_HTTPLOG, "httplog");
	bench_format(CONFIG_ACCESS_LOG_TCPLOG, "tcplog");
	bench_format(CONFIG_ACCESS_LOG_JSON, "json");
	return 0;
}

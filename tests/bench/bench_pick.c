/* What a pick costs, plugin and host together: nanoseconds of CPU for each pick, by algorithm, servers and threads. Run
 * it by hand; figures of one run are comparable with each other only. */
#include "base/clock.h"
#include "support/backend_fixture.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { THREADS_MAX = 4 };

struct job {
	struct backend *backend;
	uint32_t worker;
	unsigned picks;
	unsigned pause; /* iterations of work between two picks */
	double ns;
};

static double thread_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void *job_run(void *argument)
{
	struct job *job = argument;
	struct random random = {job->worker + 1};
	double began = thread_ns();
	for (unsigned i = 0; i < job->picks; i++) {
		struct pick_request request;
		pick_request_init(&request, 0, random_next(&random), job->worker);
		struct server *s = backend_pick(job->backend, &request);
		if (!s)
			abort();
		server_release(s, 0);
		for (volatile unsigned k = 0; k < job->pause; k++) {
		}
	}
	job->ns = (thread_ns() - began) / job->picks;
	return NULL;
}

static double measure(struct backend *b, unsigned threads, unsigned picks, unsigned pause)
{
	pthread_t thread[THREADS_MAX];
	struct job job[THREADS_MAX];
	double sum = 0;
	for (unsigned i = 0; i < threads; i++) {
		job[i] = (struct job){b, i, picks, pause, 0};
		if (pthread_create(&thread[i], NULL, job_run, &job[i]) != 0)
			abort();
	}
	for (unsigned i = 0; i < threads; i++) {
		pthread_join(thread[i], NULL);
		sum += job[i].ns;
	}
	return sum / threads;
}

int main(void)
{
	static const char *const algorithms[] = {"round_robin", "smooth_wrr", "p2c", "random", "least_conn"};
	static const uint32_t servers[] = {10, 100, 1000, 10000};
	printf("%-12s %8s %10s %12s %12s %16s %16s\n", "algorithm", "servers", "build ms", "1 thread ns",
		"4 threads ns", "1 with pause ns", "4 with pause ns");
	for (size_t a = 0; a < sizeof algorithms / sizeof *algorithms; a++) {
		for (size_t n = 0; n < sizeof servers / sizeof *servers; n++) {
			struct backend_fixture f;
			uint32_t *weight = calloc(servers[n], sizeof *weight);
			for (uint32_t i = 0; i < servers[n]; i++)
				weight[i] = 1 + i * 7919 % 256;
			backend_fixture_make(&f, algorithms[a], servers[n], weight);
			uint64_t began = clock_monotonic_us();
			server_set_weight(f.backend->servers[0], 77);
			backend_rebuild(f.backend);
			double build = (double)(clock_monotonic_us() - began) / 1000;
			unsigned picks = algorithms[a][0] == 'l' ? 20000000 / (servers[n] + 100) : 2000000;
			measure(f.backend, 4, picks / 10, 0);
			double one = measure(f.backend, 1, picks, 0), four = measure(f.backend, 4, picks, 0);
			double paused = measure(f.backend, 1, picks / 100, 30000);
			double paused_four = measure(f.backend, 4, picks / 100, 30000);
			printf("%-12s %8u %10.2f %12.1f %12.1f %16.0f %16.0f\n", algorithms[a], servers[n], build, one,
				four, paused, paused_four);
			free(weight);
			backend_fixture_end(&f);
		}
	}
	return 0;
}

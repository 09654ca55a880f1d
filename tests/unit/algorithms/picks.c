#include "picks.h"

#include <pthread.h>
#include <stdlib.h>

const char *const picks_algorithms[] = {"first", "least_conn", "p2c", "random", "round_robin", "smooth_wrr", NULL};

struct picks_job {
	struct backend *backend;
	unsigned each;
	uint64_t seed;
	uint64_t count[PICKS_SERVERS_MAX];
};

/* All threads count as worker 0: its counters lose some of them, and are not looked at here. */
static void *picks_run(void *argument)
{
	struct picks_job *job = argument;
	struct random random = {job->seed};
	for (unsigned i = 0; i < job->each; i++) {
		struct pick_request request = {.random = random_next(&random)};
		struct server *s = backend_pick(job->backend, &request);
		if (!s)
			abort();
		job->count[s->index]++;
		server_release(s, 0);
	}
	return NULL;
}

void picks_from_threads(struct backend_fixture *f, unsigned threads, unsigned each, uint64_t *count)
{
	pthread_t *thread = calloc(threads, sizeof *thread);
	struct picks_job *job = calloc(threads, sizeof *job);
	/* The blocks are made before, because each belongs to one worker. */
	counter_set_block(&f->backend->counters, 0);
	for (uint32_t i = 0; i < f->backend->server_count; i++)
		counter_set_block(&f->backend->servers[i]->counters, 0);
	for (unsigned t = 0; t < threads; t++) {
		job[t] = (struct picks_job){.backend = f->backend, .each = each, .seed = t};
		if (pthread_create(&thread[t], NULL, picks_run, &job[t]) != 0)
			abort();
	}
	for (unsigned t = 0; t < threads; t++) {
		pthread_join(thread[t], NULL);
		for (uint32_t i = 0; i < f->backend->server_count; i++)
			count[i] += job[t].count[i];
	}
	free(thread);
	free(job);
}

void picks_count(struct backend_fixture *f, unsigned n, uint64_t *count)
{
	for (unsigned i = 0; i < n; i++) {
		int k = backend_fixture_pick(f, false);
		if (k >= 0)
			count[k]++;
	}
}

const char *picks_letters(struct backend_fixture *f, unsigned n, char *out)
{
	for (unsigned i = 0; i < n; i++) {
		int k = backend_fixture_pick(f, false);
		out[i] = (char)(k < 0 ? '-' : 'A' + k);
	}
	out[n] = '\0';
	return out;
}

double picks_chi_square(const uint64_t *count, const uint32_t *weight, uint32_t n)
{
	double picks = 0, weights = 0, sum = 0;
	for (uint32_t i = 0; i < n; i++) {
		picks += (double)count[i];
		weights += weight[i];
	}
	for (uint32_t i = 0; i < n; i++) {
		double expected = picks * weight[i] / weights, off = (double)count[i] - expected;
		sum += off * off / expected;
	}
	return sum;
}

/* Four producers, one writer, reopening and counting from elsewhere, for ThreadSanitizer, which cannot run under the
 * unit test runner. Every line is found in the file, whole and in the order of its producer, or was counted. */
#include "base/log.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PRODUCERS = 4, LINES = 30000 };

struct producer {
	struct log_ring *ring;
	struct log_sink *sink;
	int id;
};

static void *produce(void *argument)
{
	struct producer *p = argument;
	for (int i = 0; i < LINES; i++) {
		char line[64];
		int n = snprintf(line, sizeof line, "%d %d", p->id, i);
		if (log_put(p->ring, p->sink, LOG_LEVEL_INFO, str_make(line, (size_t)n)) && i % 7 == 0)
			log_kick(p->ring);
		if (i % 5000 == 0)
			log_write(p->ring, LOG_LEVEL_NOTICE, "producer %d at %d", p->id, i);
		if (i % 100 == 0)
			usleep(10);
	}
	log_kick(p->ring);
	return NULL;
}

static bool check(const char *path, unsigned long long dropped)
{
	FILE *f = fopen(path, "re");
	char line[256];
	int next[PRODUCERS] = {0};
	unsigned long long found = 0, notices = 0;
	bool good = true;
	while (f && fgets(line, sizeof line, f)) {
		int id, number;
		char end;
		if (line[4] == '-') {
			notices += strstr(line, "producer") != NULL;
			continue;
		}
		if (sscanf(line, "%d %d%c", &id, &number, &end) != 3 || end != '\n' || id < 0 || id >= PRODUCERS ||
			number < next[id]) {
			fprintf(stderr, "bad line: %s", line);
			good = false;
			continue;
		}
		next[id] = number + 1;
		found++;
	}
	if (f)
		fclose(f);
	fprintf(stderr, "%llu lines and %llu notices written, %llu dropped\n", found, notices, dropped);
	return good && found + notices + dropped == PRODUCERS * (LINES + LINES / 5000);
}

int main(void)
{
	char path[] = "/tmp/lbd-tsan-log-XXXXXX", error[256];
	int fd = mkstemp(path);
	if (fd < 0)
		return 1;
	close(fd);
	struct log *log = log_create();
	struct log_sink *sink = log ? log_open_sink(log, path, error, sizeof error) : NULL;
	struct producer producers[PRODUCERS];
	pthread_t threads[PRODUCERS];
	if (!sink)
		return 1;
	log_set_process_sink(log, sink, LOG_LEVEL_INFO);
	for (int i = 0; i < PRODUCERS; i++) {
		producers[i] = (struct producer){log_add_ring(log, 64 * 1024), sink, i};
		if (!producers[i].ring)
			return 1;
	}
	if (!log_start(log, NULL))
		return 1;
	for (int i = 0; i < PRODUCERS; i++)
		pthread_create(&threads[i], NULL, produce, &producers[i]);
	for (int i = 0; i < 50; i++) {
		log_reopen(log);
		(void)log_dropped(log);
		log_set_process_sink(log, sink, i % 2 ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG);
		if (i < 3 && !log_open_sink(log, (const char *[]){"stdout", "/dev/null", "udp:127.0.0.1:9"}[i], error,
				     sizeof error))
			return 1;
		usleep(1000);
	}
	for (int i = 0; i < PRODUCERS; i++)
		pthread_join(threads[i], NULL);
	usleep(300000); /* what a full ring cost is known; what a sink refused is known when the rings are empty */
	unsigned long long dropped = log_dropped(log);
	log_stop(log);
	bool good = check(path, dropped);
	unlink(path);
	return good ? 0 : 1;
}

/* The litmus of quiesce.h: three readers enter, load the snapshot and use it, while control swaps, waits for the grace
 * period and destroys. Plain memory is written on purpose, so that ThreadSanitizer sees a missing order as a race. */
#include "base/quiesce.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

enum { READERS = 3, BODY = 16 };

struct snapshot {
	struct retired retired;
	uint64_t generation, body[BODY];
};

struct world {
	struct quiesce_reader readers[READERS];
	_Atomic(struct snapshot *) current;
	_Atomic bool stop;
	_Atomic uint64_t bad, turns;
};

struct reader {
	struct world *world;
	int id;
};

static void *read_snapshots(void *argument)
{
	struct reader *r = argument;
	struct world *w = r->world;
	uint64_t bad = 0, turns = 0;
	for (; !atomic_load_explicit(&w->stop, memory_order_relaxed); turns++) {
		quiesce_enter(&w->readers[r->id]);
		const struct snapshot *s = atomic_load_explicit(&w->current, memory_order_seq_cst);
		for (int i = 0; i < BODY; i++)
			bad += s->body[i] != s->generation;
		quiesce_leave(&w->readers[r->id]);
		if (turns % 64 == 0)
			sched_yield();
	}
	atomic_fetch_add(&w->bad, bad);
	atomic_fetch_add(&w->turns, turns);
	return NULL;
}

static void destroy(struct retired *r)
{
	struct snapshot *s = (struct snapshot *)(void *)r;
	for (int i = 0; i < BODY; i++)
		s->body[i] = UINT64_MAX;
	free(s);
}

static struct snapshot *make(uint64_t generation)
{
	struct snapshot *s = malloc(sizeof *s);
	if (!s)
		abort();
	s->generation = generation;
	for (int i = 0; i < BODY; i++)
		s->body[i] = generation;
	return s;
}

int main(int argc, char **argv)
{
	uint64_t swaps = argc > 1 ? strtoull(argv[1], NULL, 10) : 100000;
	static struct world w;
	struct reader readers[READERS];
	pthread_t threads[READERS];
	struct reclaimer c;
	if (!reclaimer_init(&c, w.readers, READERS))
		return 1;
	atomic_store(&w.current, make(0));
	for (int i = 0; i < READERS; i++) {
		readers[i] = (struct reader){&w, i};
		pthread_create(&threads[i], NULL, read_snapshots, &readers[i]);
	}
	for (uint64_t i = 1; i <= swaps; i++) {
		struct snapshot *old = atomic_exchange_explicit(&w.current, make(i), memory_order_seq_cst);
		reclaimer_retire(&c, &old->retired, destroy);
		/* Most of the time at once, where a missing order shows; sometimes several wait. */
		while (reclaimer_poll(&c) && i % 8)
			;
	}
	atomic_store(&w.stop, true);
	for (int i = 0; i < READERS; i++)
		pthread_join(threads[i], NULL);
	reclaimer_end(&c);
	free(atomic_load(&w.current));
	fprintf(stderr, "%llu swaps, %llu turns, %llu bad reads\n", (unsigned long long)swaps,
		(unsigned long long)atomic_load(&w.turns), (unsigned long long)atomic_load(&w.bad));
	return atomic_load(&w.bad) != 0;
}

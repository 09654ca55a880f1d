/* What was retired is freed when, and only when, no reader can see it. The threads are in tsan_quiesce.c too. */
#include "base/quiesce.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <sched.h>

struct quiesce_thing {
	struct retired retired;
	struct reclaimer *again; /* retires these two when it is freed */
	struct quiesce_thing *more[2];
	int freed;
};

static void quiesce_count_freed(struct retired *r)
{
	struct quiesce_thing *thing = (struct quiesce_thing *)(void *)r;
	thing->freed++;
	for (int i = 0; thing->again && i < 2; i++)
		reclaimer_retire(thing->again, &thing->more[i]->retired, quiesce_count_freed);
}

Test(quiesce, waits_for_the_readers_that_were_inside)
{
	static struct quiesce_reader readers[2]; /* Criterion's stack is not aligned to cache lines */
	struct reclaimer c;
	struct quiesce_thing a = {0}, b = {0};
	cr_assert(reclaimer_init(&c, readers, 2));
	quiesce_enter(&readers[0]);
	reclaimer_retire(&c, &a.retired, quiesce_count_freed);
	cr_assert(reclaimer_poll(&c));
	quiesce_enter(&readers[1]); /* came after the swap: sees the new one */
	reclaimer_retire(&c, &b.retired, quiesce_count_freed);
	cr_assert(reclaimer_poll(&c));
	cr_assert_eq(a.freed + b.freed, 0);
	quiesce_leave(&readers[0]);
	cr_assert(reclaimer_poll(&c));
	cr_assert_eq(a.freed, 1);
	cr_assert_eq(b.freed, 0);
	quiesce_leave(&readers[1]);
	quiesce_enter(&readers[1]); /* another turn is as good as none */
	cr_assert_not(reclaimer_poll(&c));
	cr_assert_eq(b.freed, 1);
	cr_assert_eq(c.freed, 2u);
	reclaimer_end(&c);
}

Test(quiesce, frees_at_once_when_nobody_is_inside)
{
	static struct quiesce_reader reader;
	struct reclaimer c;
	struct quiesce_thing a = {0};
	cr_assert(reclaimer_init(&c, &reader, 1));
	reclaimer_retire(&c, &a.retired, quiesce_count_freed);
	cr_assert_eq(a.freed, 0, "never inside retire");
	cr_assert_not(reclaimer_poll(&c));
	cr_assert_eq(a.freed, 1);
	reclaimer_end(&c);
	cr_assert(reclaimer_init(&c, NULL, 0));
	reclaimer_retire(&c, &a.retired, quiesce_count_freed);
	cr_assert_not(reclaimer_poll(&c));
	cr_assert_eq(a.freed, 2);
	reclaimer_end(&c);
}

Test(quiesce, what_is_retired_while_freeing_is_freed_later)
{
	static struct quiesce_reader reader;
	struct reclaimer c;
	struct quiesce_thing leaves[4] = {0}, first = {.again = &c, .more = {&leaves[0], &leaves[1]}};
	struct quiesce_thing last = {.again = &c, .more = {&leaves[2], &leaves[3]}};
	cr_assert(reclaimer_init(&c, &reader, 1));
	reclaimer_retire(&c, &first.retired, quiesce_count_freed);
	for (int i = 0; i < 4; i++)
		(void)reclaimer_poll(&c);
	cr_assert_eq(first.freed, 1);
	cr_assert_eq(leaves[0].freed, 1);
	cr_assert_eq(leaves[1].freed, 1);
	reclaimer_retire(&c, &last.retired, quiesce_count_freed);
	reclaimer_end(&c);
	cr_assert_eq(last.freed, 1);
	cr_assert_eq(leaves[2].freed, 1);
	cr_assert_eq(leaves[3].freed, 1);
}

enum { QUIESCE_READERS = 3, QUIESCE_SNAPSHOTS = 64, QUIESCE_SWAPS = 30000 };

struct quiesce_snapshot {
	struct retired retired;
	_Atomic int live;
};

struct quiesce_world {
	struct quiesce_reader readers[QUIESCE_READERS];
	_Atomic(struct quiesce_snapshot *) current;
	_Atomic bool stop;
	_Atomic uint64_t bad;
};

struct quiesce_worker {
	struct quiesce_world *world;
	int id;
};

static void quiesce_kill(struct retired *r)
{
	atomic_store_explicit(&((struct quiesce_snapshot *)(void *)r)->live, 0, memory_order_release);
}

static void *quiesce_read_all(void *argument)
{
	struct quiesce_worker *w = argument;
	struct quiesce_reader *reader = &w->world->readers[w->id];
	while (!atomic_load_explicit(&w->world->stop, memory_order_relaxed)) {
		quiesce_enter(reader);
		struct quiesce_snapshot *s = atomic_load_explicit(&w->world->current, memory_order_seq_cst);
		for (int i = 0; i < 20; i++)
			if (!atomic_load_explicit(&s->live, memory_order_relaxed)) {
				atomic_fetch_add(&w->world->bad, 1);
				break;
			}
		quiesce_leave(reader);
	}
	return NULL;
}

Test(quiesce, no_reader_ever_sees_what_was_freed, .timeout = 60)
{
	static struct quiesce_world world;
	static struct quiesce_snapshot snapshots[QUIESCE_SNAPSHOTS];
	struct quiesce_worker workers[QUIESCE_READERS];
	pthread_t threads[QUIESCE_READERS];
	struct reclaimer c;
	cr_assert(reclaimer_init(&c, world.readers, QUIESCE_READERS));
	atomic_store(&snapshots[0].live, 1);
	atomic_store(&world.current, &snapshots[0]);
	for (int i = 0; i < QUIESCE_READERS; i++) {
		workers[i] = (struct quiesce_worker){&world, i};
		pthread_create(&threads[i], NULL, quiesce_read_all, &workers[i]);
	}
	for (int i = 1; i <= QUIESCE_SWAPS; i++) {
		struct quiesce_snapshot *next = &snapshots[i % QUIESCE_SNAPSHOTS];
		while (atomic_load(&next->live))
			if (reclaimer_poll(&c))
				sched_yield();
		atomic_store_explicit(&next->live, 1, memory_order_relaxed);
		struct quiesce_snapshot *old = atomic_exchange_explicit(&world.current, next, memory_order_seq_cst);
		reclaimer_retire(&c, &old->retired, quiesce_kill);
		(void)reclaimer_poll(&c);
	}
	atomic_store(&world.stop, true);
	for (int i = 0; i < QUIESCE_READERS; i++)
		pthread_join(threads[i], NULL);
	reclaimer_end(&c);
	cr_assert_eq(atomic_load(&world.bad), 0u);
}

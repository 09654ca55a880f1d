/* Loops as workers run them, for ThreadSanitizer: a busy one, a ticking one and one that sleeps use a snapshot that
 * control swaps and destroys when their turns allow it, while two threads post mail to all of them. */
#include "net/loop.h"
#include "net/timer.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { WORKERS = 3, SENDERS = 2, BODY = 32, SWAPS = 3000, MAILS = 3000 };

struct snapshot {
	struct retired retired;
	uint64_t generation, body[BODY];
};

struct world;

struct worker {
	struct loop loop;
	struct timer tick;
	struct world *world;
	uint64_t bad, mails;
};

struct world {
	struct quiesce_reader readers[WORKERS];
	_Atomic(struct snapshot *) current;
	struct worker workers[WORKERS];
};

struct letter {
	struct mail mail;
	bool last;
};

static void use_snapshot(struct worker *w)
{
	const struct snapshot *s = atomic_load_explicit(&w->world->current, memory_order_seq_cst);
	for (int i = 0; i < BODY; i++)
		w->bad += s->body[i] != s->generation;
}

static void on_tick(struct timer *timer)
{
	use_snapshot(timer->loop->owner);
}

static void on_end_of_turn(struct loop *loop)
{
	use_snapshot(loop->owner);
}

static void take_letter(struct mail *mail, void *receiver)
{
	struct worker *w = receiver;
	struct letter *letter = (struct letter *)(void *)mail;
	use_snapshot(w);
	w->mails++;
	if (letter->last)
		loop_stop(&w->loop);
	free(letter);
}

static void post(struct worker *w, bool last)
{
	struct letter *letter = malloc(sizeof *letter);
	if (!letter)
		abort();
	*letter = (struct letter){{NULL, take_letter}, last};
	loop_post(&w->loop, &letter->mail);
}

static void *send_letters(void *argument)
{
	struct world *world = argument;
	for (int i = 0; i < MAILS; i++) {
		post(&world->workers[i % WORKERS], false);
		if (i % 50 == 0)
			usleep(1000);
	}
	return NULL;
}

static void *run_worker(void *argument)
{
	loop_run(&((struct worker *)argument)->loop);
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

static bool start_worker(struct world *world, int i, pthread_t *thread)
{
	static const uint64_t ticks_us[WORKERS] = {1, 700, 0};
	struct worker *w = &world->workers[i];
	w->world = world;
	if (!loop_init(&w->loop, w, &world->readers[i], 16))
		return false;
	w->loop.end_of_turn = on_end_of_turn;
	timer_init(&w->tick, &w->loop, on_tick);
	if (ticks_us[i])
		timer_start(&w->tick, ticks_us[i], ticks_us[i]);
	return pthread_create(thread, NULL, run_worker, w) == 0;
}

int main(void)
{
	static struct world world;
	pthread_t workers[WORKERS], senders[SENDERS];
	struct reclaimer c;
	atomic_store(&world.current, make(0));
	if (!reclaimer_init(&c, world.readers, WORKERS))
		return 1;
	for (int i = 0; i < WORKERS; i++)
		if (!start_worker(&world, i, &workers[i]))
			return 1;
	for (int i = 0; i < SENDERS; i++)
		pthread_create(&senders[i], NULL, send_letters, &world);
	for (uint64_t i = 1; i <= SWAPS; i++) {
		struct snapshot *old = atomic_exchange_explicit(&world.current, make(i), memory_order_seq_cst);
		reclaimer_retire(&c, &old->retired, destroy);
		(void)reclaimer_poll(&c);
		if (i % 10 == 0)
			usleep(500);
	}
	for (int i = 0; i < SENDERS; i++)
		pthread_join(senders[i], NULL);
	uint64_t bad = 0, mails = 0, rebuilds = 0, freed = c.freed;
	for (int i = 0; i < WORKERS; i++) {
		post(&world.workers[i], true);
		pthread_join(workers[i], NULL);
		bad += world.workers[i].bad;
		mails += world.workers[i].mails;
		rebuilds += world.workers[i].loop.rebuilds;
		timer_stop(&world.workers[i].tick);
		loop_end(&world.workers[i].loop);
	}
	reclaimer_end(&c);
	free(atomic_load(&world.current));
	fprintf(stderr, "%d swaps, %llu freed while they ran, %llu mails, %llu bad reads, %llu rebuilds\n", SWAPS,
		(unsigned long long)freed, (unsigned long long)mails, (unsigned long long)bad,
		(unsigned long long)rebuilds);
	return bad || rebuilds || mails != SENDERS * MAILS + WORKERS || freed < SWAPS / 2;
}

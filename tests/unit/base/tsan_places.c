/* Threads take, wait for and give back places: never more are taken than there are, and every wait ends. A plain
 * program, so that ThreadSanitizer can watch it. */
#include "base/places.h"

#include <sched.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>

enum { THREADS = 6, PLACES = 3, ROUNDS = 4000 };

struct taker {
	struct place_waiter waiter;
	sem_t granted;
	struct places *places;
	_Atomic int *inside;
	int most, waits;
};

static void taker_granted(struct place_waiter *waiter)
{
	sem_post(&((struct taker *)waiter)->granted);
}

static void taker_use(struct taker *t)
{
	int inside = atomic_fetch_add(t->inside, 1) + 1;
	t->most = inside > t->most ? inside : t->most;
	sched_yield();
	atomic_fetch_sub(t->inside, 1);
	places_give(t->places);
}

static void taker_wait(struct taker *t, int round)
{
	t->waits++;
	places_wait(t->places, &t->waiter);
	/* Now and then it gives up; whatever was granted meanwhile goes on to the next one. */
	if (round % 16 == 0) {
		places_leave(&t->waiter);
		while (sem_trywait(&t->granted) == 0)
			;
		return;
	}
	do
		sem_wait(&t->granted);
	while (!places_claim(&t->waiter));
	taker_use(t);
}

static void *taker_run(void *argument)
{
	struct taker *t = argument;
	for (int round = 1; round <= ROUNDS; round++) {
		if (places_take(t->places))
			taker_use(t);
		else
			taker_wait(t, round);
	}
	return NULL;
}

int main(void)
{
	static struct places places;
	static struct taker takers[THREADS];
	_Atomic int inside = 0;
	pthread_t threads[THREADS];
	int most = 0, waits = 0;
	places_init(&places, PLACES);
	for (int i = 0; i < THREADS; i++) {
		place_waiter_init(&takers[i].waiter, taker_granted);
		sem_init(&takers[i].granted, 0, 0);
		takers[i].places = &places;
		takers[i].inside = &inside;
		if (pthread_create(&threads[i], NULL, taker_run, &takers[i]) != 0)
			abort();
	}
	for (int i = 0; i < ROUNDS; i++)
		places_set_most(&places, i % 2 ? PLACES : 1);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		most = takers[i].most > most ? takers[i].most : most;
		waits += takers[i].waits;
	}
	printf("%d waits, %d inside at most\n", waits, most);
	int failed = most > PLACES || !waits || places_taken(&places) != 0 || atomic_load(&places.waiting) != 0;
	if (failed)
		fprintf(stderr, "%d inside of %d places; at the end %u taken, %u waiting\n", most, PLACES,
			(unsigned)places_taken(&places), (unsigned)atomic_load(&places.waiting));
	places_end(&places);
	return failed;
}

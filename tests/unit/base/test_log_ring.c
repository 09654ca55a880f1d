/* The ring alone: wrapping, fullness to the byte, two threads. */
#include "base/log_ring.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <sched.h>

static void log_ring_take_text(struct log_ring *ring, char *out, size_t *n)
{
	struct log_record record;
	struct str parts[2];
	cr_assert(log_ring_peek(ring, &record, parts));
	memcpy(out, parts[0].p, parts[0].n);
	memcpy(out + parts[0].n, parts[1].p, parts[1].n);
	*n = parts[0].n + parts[1].n;
	cr_assert_eq(*n, record.size);
	log_ring_take(ring, &record);
}

Test(log_ring, wraps_at_every_place)
{
	struct log_ring *ring = log_ring_create(NULL, 4096);
	static char text[4096], got[4096];
	for (unsigned i = 0; i < 20000; i++) {
		uint32_t size = i * 13 % 3000;
		memset(text, (int)i, size);
		cr_assert(log_ring_put(ring, (struct log_record){.size = size}, text));
		size_t n;
		log_ring_take_text(ring, got, &n);
		cr_assert_eq(n, size);
		cr_assert_eq(memcmp(got, text, n), 0);
	}
	struct log_record record;
	struct str parts[2];
	cr_assert_not(log_ring_peek(ring, &record, parts));
	log_ring_free(ring);
}

Test(log_ring, is_full_to_the_byte_and_counts)
{
	struct log_ring *ring = log_ring_create(NULL, 1);
	static char text[8192], got[8192];
	cr_assert_eq(ring->capacity, 4096u);
	cr_assert(log_ring_put(ring, (struct log_record){.size = 4096 - 16}, text));
	cr_assert_not(log_ring_put(ring, (struct log_record){.size = 0}, text));
	size_t n;
	log_ring_take_text(ring, got, &n);
	cr_assert_not(log_ring_put(ring, (struct log_record){.size = 4096 - 15}, text));
	cr_assert_not(log_ring_put(ring, (struct log_record){.size = UINT32_MAX}, text));
	for (int i = 0; i < 128; i++)
		cr_assert(log_ring_put(ring, (struct log_record){.size = 16}, text));
	cr_assert_not(log_ring_put(ring, (struct log_record){.size = 0}, text));
	cr_assert_eq(atomic_load(&ring->dropped), 4u);
	log_ring_free(ring);
}

static void *log_ring_produce(void *argument)
{
	struct log_ring *ring = argument;
	char text[200];
	for (uint32_t i = 0; i < 200000; i++) {
		memset(text, (int)i, sizeof text);
		struct log_record record = {.size = i % sizeof text, .level = (uint16_t)(i % 5), .wall_us = i};
		while (!log_ring_put(ring, record, text))
			sched_yield();
	}
	return NULL;
}

Test(log_ring, two_threads_lose_and_mix_nothing, .timeout = 30)
{
	struct log_ring *ring = log_ring_create(NULL, 8192);
	pthread_t producer;
	pthread_create(&producer, NULL, log_ring_produce, ring);
	for (uint32_t i = 0; i < 200000; i++) {
		struct log_record record;
		struct str parts[2];
		while (!log_ring_peek(ring, &record, parts))
			sched_yield();
		cr_assert_eq(record.wall_us, i);
		cr_assert_eq(record.size, i % 200);
		cr_assert_eq(record.level, i % 5);
		for (int part = 0; part < 2; part++)
			for (size_t k = 0; k < parts[part].n; k++)
				cr_assert_eq(parts[part].p[k], (char)i);
		log_ring_take(ring, &record);
	}
	pthread_join(producer, NULL);
	log_ring_free(ring);
}

#include "backend/retry_budget.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* A window slides over seconds. Each second has a slot: the second itself in the upper half, so that whoever finds an
 * older one there knows that its count is over, and the count in the lower half. */
enum { RETRY_BUDGET_SLOTS = 16 };

struct retry_budget_ring {
	_Alignas(LBD_CACHE_LINE) _Atomic uint64_t slot[RETRY_BUDGET_SLOTS];
};

struct retry_budget {
	struct retry_budget_ring retries; /* written by all workers */
	uint32_t workers;
	struct retry_budget_ring requests[]; /* one for each worker, its only writer */
};

struct retry_budget *retry_budget_create(uint32_t workers)
{
	size_t size = sizeof(struct retry_budget) + workers * sizeof(struct retry_budget_ring);
	struct retry_budget *b = aligned_alloc(LBD_CACHE_LINE, size);
	if (!b)
		return NULL;
	memset(b, 0, size);
	b->workers = workers;
	return b;
}

void retry_budget_destroy(struct retry_budget *b)
{
	free(b);
}

static uint32_t retry_budget_second(uint64_t now_us)
{
	return (uint32_t)(now_us / 1000000);
}

/* The slot's word with one more in it, begun anew when it is of another second. */
static uint64_t retry_budget_one_more(uint64_t word, uint32_t second)
{
	return word >> 32 == second ? word + 1 : (uint64_t)second << 32 | 1;
}

void retry_budget_note_request(struct retry_budget *b, uint32_t worker, uint64_t now_us)
{
	uint32_t second = retry_budget_second(now_us);
	_Atomic uint64_t *slot = &b->requests[worker].slot[second % RETRY_BUDGET_SLOTS];
	uint64_t word = atomic_load_explicit(slot, memory_order_relaxed);
	atomic_store_explicit(slot, retry_budget_one_more(word, second), memory_order_relaxed);
}

/* Turns of the loop begin at different times, so a second that is still to come here may have begun elsewhere. */
static uint64_t retry_budget_sum(const struct retry_budget_ring *ring, uint32_t second)
{
	uint64_t sum = 0;
	for (uint32_t i = 0; i < RETRY_BUDGET_SLOTS; i++) {
		uint64_t word = atomic_load_explicit(&ring->slot[i], memory_order_seq_cst);
		if ((int32_t)(second - (uint32_t)(word >> 32)) < RETRY_BUDGET_WINDOW_S)
			sum += (uint32_t)word;
	}
	return sum;
}

static void retry_budget_put_back(_Atomic uint64_t *slot, uint32_t second)
{
	uint64_t word = atomic_load_explicit(slot, memory_order_seq_cst);
	while (word >> 32 == second && (uint32_t)word &&
		!atomic_compare_exchange_weak_explicit(
			slot, &word, word - 1, memory_order_seq_cst, memory_order_seq_cst))
		;
}

bool retry_budget_take(struct retry_budget *b, uint32_t percent, uint64_t now_us)
{
	uint32_t second = retry_budget_second(now_us);
	if (!percent)
		return false;
	uint64_t requests = 0;
	for (uint32_t i = 0; i < b->workers; i++)
		requests += retry_budget_sum(&b->requests[i], second);
	uint64_t most = requests * percent / 100 + RETRY_BUDGET_WINDOW_S * RETRY_BUDGET_FREE_PER_S;
	/* First taken, then looked at: of those who ask at once, whoever is last in the order of all seq_cst operations
	 * sees what all the others have taken, so that no two can have the last one. */
	_Atomic uint64_t *slot = &b->retries.slot[second % RETRY_BUDGET_SLOTS];
	uint64_t word = atomic_load_explicit(slot, memory_order_seq_cst);
	while (!atomic_compare_exchange_weak_explicit(
		slot, &word, retry_budget_one_more(word, second), memory_order_seq_cst, memory_order_seq_cst))
		;
	if (retry_budget_sum(&b->retries, second) <= most)
		return true;
	retry_budget_put_back(slot, second);
	return false;
}

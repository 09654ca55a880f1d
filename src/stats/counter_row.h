/* A row of plain counts whose number is known at the start only (end reasons, rules): one row of whole cache lines for
 * each worker, written by it alone, summed by readers. */
#ifndef LBD_STATS_COUNTER_ROW_H
#define LBD_STATS_COUNTER_ROW_H

#include "base/attributes.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct counter_row {
	uint32_t workers;
	size_t stride; /* cells of one worker */
	_Atomic uint64_t *cells;
};

/* All zero. False when memory is out. */
bool counter_row_init(struct counter_row *t, uint32_t workers, uint32_t columns) LBD_MUST_CHECK;
void counter_row_end(struct counter_row *t);
/* Over all workers; any thread. */
uint64_t counter_row_sum(const struct counter_row *t, uint32_t column);

/* That worker only. */
static inline void counter_row_add(struct counter_row *t, uint32_t worker, uint32_t column)
{
	_Atomic uint64_t *cell = &t->cells[worker * t->stride + column];
	atomic_store_explicit(cell, atomic_load_explicit(cell, memory_order_relaxed) + 1, memory_order_relaxed);
}

#endif

#include "stats/counter_row.h"

#include <stdlib.h>

bool counter_row_init(struct counter_row *t, uint32_t workers, uint32_t columns)
{
	size_t line = LBD_CACHE_LINE / sizeof(uint64_t);
	*t = (struct counter_row){.workers = workers, .stride = (columns + line - 1) / line * line};
	size_t cells = t->stride * workers;
	t->cells = aligned_alloc(LBD_CACHE_LINE, cells * sizeof *t->cells);
	for (size_t i = 0; t->cells && i < cells; i++)
		atomic_init(&t->cells[i], 0);
	return t->cells != NULL;
}

void counter_row_end(struct counter_row *t)
{
	free((void *)(uintptr_t)t->cells);
	*t = (struct counter_row){0};
}

uint64_t counter_row_sum(const struct counter_row *t, uint32_t column)
{
	uint64_t sum = 0;
	for (uint32_t i = 0; i < t->workers; i++)
		sum += atomic_load_explicit(&t->cells[i * t->stride + column], memory_order_relaxed);
	return sum;
}

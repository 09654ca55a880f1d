#include "stats/counter_row.h"

#include <criterion/criterion.h>

Test(counter_row, sums_workers_by_column)
{
	struct counter_row t;
	cr_assert(counter_row_init(&t, 3, 9));
	for (uint32_t worker = 0; worker < 3; worker++)
		for (uint32_t column = 0; column < 9; column++)
			for (uint32_t n = 0; n < worker + column; n++)
				counter_row_add(&t, worker, column);
	for (uint32_t column = 0; column < 9; column++)
		cr_assert_eq(counter_row_sum(&t, column), 3 * column + 3);
	counter_row_end(&t);
	cr_assert_null(t.cells);
}

Test(counter_row, workers_share_no_cache_line)
{
	struct counter_row t;
	cr_assert(counter_row_init(&t, 2, 1));
	cr_assert_eq((uintptr_t)t.cells % LBD_CACHE_LINE, 0);
	cr_assert_eq(t.stride * sizeof *t.cells % LBD_CACHE_LINE, 0);
	counter_row_end(&t);
}

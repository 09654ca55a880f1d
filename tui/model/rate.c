/* Sums the fields of rates.def and takes differences. */
#include "model/rate.h"

#include <math.h>
#include <stdbool.h>

void rates_init(struct rates *rates)
{
	for (int i = 0; i < RATE_COUNT; i++) {
		rates->counter[i] = ROW_ABSENT;
		rates->per_second[i] = NAN;
	}
}

static int64_t rate_add(int64_t sum, int64_t value)
{
	if (value == ROW_ABSENT)
		return sum;
	if (sum == ROW_ABSENT || __builtin_add_overflow(sum, value, &sum))
		return value;
	return sum;
}

static int64_t rate_counter(const struct snapshot_row *row, enum rate rate)
{
	int64_t sum = ROW_ABSENT;
	bool frontend = row->num[FN_type] == ROW_FRONTEND;

	switch (rate) {
#define ADD(field) sum = rate_add(sum, row->num[FN_##field]);
#define RATE(id, of_frontend, of_other)                                                                                \
	case RATE_##id:                                                                                                \
		if (frontend) {                                                                                        \
			of_frontend                                                                                    \
		} else {                                                                                               \
			of_other                                                                                       \
		}                                                                                                      \
		break;
#include "model/rates.def"
#undef RATE
#undef ADD
	case RATE_COUNT:
		break;
	}
	return sum;
}

void rates_update(struct rates *rates, const struct snapshot_row *row, int64_t dt_ms)
{
	for (int i = 0; i < RATE_COUNT; i++) {
		int64_t now = rate_counter(row, (enum rate)i), before = rates->counter[i];
		rates->per_second[i] = NAN;
		if (now != ROW_ABSENT && before != ROW_ABSENT && now >= before && dt_ms > 0)
			rates->per_second[i] = (float)((double)(now - before) * 1000 / (double)dt_ms);
		rates->counter[i] = now;
	}
}

void rates_forget(struct rates *rates)
{
	rates_init(rates);
}

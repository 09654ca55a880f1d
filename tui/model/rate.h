/*
 * Rates from counters, with the real time between two polls. A counter that went backwards was reset (a restart, an
 * overflow, `clear counters`): its rate is unknown for that poll, never a spike. One thread.
 */
#ifndef TUI_MODEL_RATE_H
#define TUI_MODEL_RATE_H

#include <stdint.h>

#include "wire/snapshot.h"

enum rate {
#define RATE(id, frontend, other) RATE_##id,
#include "model/rates.def"
#undef RATE
	RATE_COUNT
};

struct rates {
	int64_t counter[RATE_COUNT];  /* at the last poll; ROW_ABSENT before the first */
	float per_second[RATE_COUNT]; /* NaN: unknown */
};

void rates_init(struct rates *rates);
/* Takes a poll's counters; dt_ms is the time since the last one. */
void rates_update(struct rates *rates, const struct snapshot_row *row, int64_t dt_ms);
/* After a gap: the next update has nothing to compare with. */
void rates_forget(struct rates *rates);

#endif

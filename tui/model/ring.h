/*
 * The last RING_SAMPLES samples of one figure, one for each poll; NaN is a poll that was missed. One thread.
 */
#ifndef TUI_MODEL_RING_H
#define TUI_MODEL_RING_H

#include <stddef.h>

enum { RING_SAMPLES = 120 };

struct ring {
	unsigned head, count;
	float sample[RING_SAMPLES];
};

void ring_push(struct ring *ring, double value);
/* The sample that is `age` polls old, 0 the newest; NaN beyond what is kept. */
double ring_get(const struct ring *ring, size_t age);

#endif

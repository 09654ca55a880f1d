/* A ring of floats; half the memory of doubles, and a screen cell shows eight levels. */
#include "model/ring.h"

#include <math.h>

void ring_push(struct ring *ring, double value)
{
	ring->sample[ring->head] = (float)value;
	ring->head = (ring->head + 1) % RING_SAMPLES;
	if (ring->count < RING_SAMPLES)
		ring->count++;
}

double ring_get(const struct ring *ring, size_t age)
{
	if (age >= ring->count)
		return NAN;
	return (double)ring->sample[(ring->head + RING_SAMPLES - 1 - (unsigned)age) % RING_SAMPLES];
}

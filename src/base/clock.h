/* Time. Monotonic microseconds for every duration and deadline; wall clock for what people read. Any thread. */
#ifndef LBD_BASE_CLOCK_H
#define LBD_BASE_CLOCK_H

#include <stdint.h>

/* Since an arbitrary start; never goes back. A vDSO call, no system call. */
uint64_t clock_monotonic_us(void);
/* Since 1970-01-01 UTC. */
uint64_t clock_wall_us(void);

#endif

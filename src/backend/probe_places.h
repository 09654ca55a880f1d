/* Places for probes in flight: a cap over all backends that always holds, shared so that nobody waits for those who
 * answer nothing. The prompt servers of each backend are one class, and the slow and silent ones of all backends together
 * are one more. A class gets another place only while it holds less than twice of what is free: one that wants all gets
 * two thirds, and who holds none finds a place at once. Where several wait, backends take turns, and slow servers come
 * last. Pure; control only. */
#ifndef LBD_BACKEND_PROBE_PLACES_H
#define LBD_BACKEND_PROBE_PLACES_H

#include "base/list.h"

#include <stdint.h>

enum { PROBES_AT_ONCE = 64 };

struct probe_class {
	struct list link;    /* in the places' list, while somebody waits */
	struct list waiting; /* oldest first */
	uint32_t running;
};

/* Of one backend. */
struct probe_group {
	struct probe_class of[2]; /* prompt, slow */
};

struct probe_places {
	uint32_t running, slow; /* slow: of those that run */
	struct list waiting[2];   /* classes, prompt and slow; the next one first */
};

void probe_places_init(struct probe_places *places);
void probe_group_init(struct probe_group *group);
/* Takes a place, to be given back with the same words. False: there is none for this class now. */
bool probe_places_take(struct probe_places *places, struct probe_group *group, bool slow);
void probe_places_give(struct probe_places *places, struct probe_group *group, bool slow);
/* Remembers who got none. */
void probe_places_wait(struct probe_places *places, struct probe_group *group, bool slow, struct list *waiter);
/* Who can have a place now, no longer waiting; NULL: nobody. To be asked until then after each place given back. */
struct list *probe_places_next(struct probe_places *places);

#endif

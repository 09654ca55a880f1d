#include "backend/probe_places.h"

#include <stddef.h>

void probe_places_init(struct probe_places *places)
{
	*places = (struct probe_places){0};
	for (int slow = 0; slow < 2; slow++)
		list_init(&places->waiting[slow]);
}

void probe_group_init(struct probe_group *group)
{
	for (int slow = 0; slow < 2; slow++) {
		list_init(&group->of[slow].link);
		list_init(&group->of[slow].waiting);
		group->of[slow].running = 0;
	}
}

static bool probe_places_may(const struct probe_places *places, const struct probe_class *class, bool slow)
{
	uint32_t free = PROBES_AT_ONCE - places->running;
	return (slow ? places->slow : class->running) < 2 * free;
}

bool probe_places_take(struct probe_places *places, struct probe_group *group, bool slow)
{
	if (!probe_places_may(places, &group->of[slow], slow))
		return false;
	group->of[slow].running++;
	places->running++;
	places->slow += slow;
	return true;
}

void probe_places_give(struct probe_places *places, struct probe_group *group, bool slow)
{
	group->of[slow].running--;
	places->running--;
	places->slow -= slow;
}

void probe_places_wait(struct probe_places *places, struct probe_group *group, bool slow, struct list *waiter)
{
	struct probe_class *class = &group->of[slow];
	if (list_empty(&class->waiting))
		list_append(&places->waiting[slow], &class->link);
	list_append(&class->waiting, waiter);
}

/* At most 32 classes are passed over: each of them holds two places. */
static struct probe_class *probe_places_next_class(struct probe_places *places, bool slow)
{
	struct list *head = &places->waiting[slow];
	for (struct list *link = head->next; link != head; link = link->next) {
		struct probe_class *class = (struct probe_class *)((char *)link - offsetof(struct probe_class, link));
		if (probe_places_may(places, class, slow))
			return class;
		if (slow)
			break;
	}
	return NULL;
}

struct list *probe_places_next(struct probe_places *places)
{
	if (places->running >= PROBES_AT_ONCE)
		return NULL;
	for (int slow = 0; slow < 2; slow++) {
		struct probe_class *class = probe_places_next_class(places, slow);
		if (!class)
			continue;
		struct list *waiter = class->waiting.next;
		list_remove(waiter);
		list_remove(&class->link);
		if (!list_empty(&class->waiting))
			list_append(&places->waiting[slow], &class->link);
		return waiter;
	}
	return NULL;
}

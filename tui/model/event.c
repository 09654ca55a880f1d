/* The ring of events. */
#include "model/event.h"

#include <stdarg.h>
#include <stdio.h>

void events_add(struct events *events, int64_t wall, bool trouble, const char *object, const char *format, ...)
{
	struct event *event = &events->event[events->head];
	va_list args;

	event->wall = wall;
	event->trouble = trouble;
	snprintf(event->object, sizeof event->object, "%s", object);
	va_start(args, format);
	vsnprintf(event->text, sizeof event->text, format, args);
	va_end(args);
	events->head = (events->head + 1) % EVENT_MAX;
	if (events->count < EVENT_MAX)
		events->count++;
}

const struct event *events_get(const struct events *events, size_t age)
{
	if (age >= events->count)
		return NULL;
	return &events->event[(events->head + EVENT_MAX - 1 - (unsigned)age) % EVENT_MAX];
}

/* The last EVENT_MAX things that happened, newest first to the reader. Text is sanitised already. One thread. */
#ifndef TUI_MODEL_EVENT_H
#define TUI_MODEL_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { EVENT_MAX = 256, EVENT_OBJECT_MAX = 96, EVENT_TEXT_MAX = 160 };

struct event {
	int64_t wall; /* seconds of the wall clock, 0 when there is none */
	bool trouble;
	char object[EVENT_OBJECT_MAX];
	char text[EVENT_TEXT_MAX];
};

struct events {
	struct event event[EVENT_MAX];
	unsigned head, count;
};

void events_add(struct events *events, int64_t wall, bool trouble, const char *object, const char *format, ...)
	__attribute__((format(printf, 5, 6)));
/* Event number age, 0 the newest; NULL beyond what is kept. */
const struct event *events_get(const struct events *events, size_t age);

#endif

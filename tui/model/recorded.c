/* Tells tables, "Key: value" lines and a level apart by their first byte and their colon. */
#include "model/recorded.h"

#include <string.h>

/* One table, byte by byte up to the empty line behind it; returns the bytes taken. */
static size_t recorded_table(struct snapshot *snap, const char *text, size_t len)
{
	size_t at = 0;

	while (at < len && !snap->complete)
		snapshot_feed_stat(snap, text + at++, 1);
	return at;
}

void recorded_load(struct fleet *fleet, const char *text, size_t len)
{
	int64_t now = 0;

	snapshot_reset(fleet->next);
	for (size_t at = 0; at < len;) {
		if (len - at >= 2 && memcmp(text + at, "> ", 2) == 0)
			at += 2;
		if (at < len && text[at] == '#') {
			at += recorded_table(fleet->next, text + at, len - at);
			snapshot_finish(fleet->next);
			fleet->next->complete = true;
			fleet_apply(fleet, now += 1000, 0);
			snapshot_reset(fleet->next);
			continue;
		}
		const char *end = memchr(text + at, '\n', len - at);
		size_t line = end ? (size_t)(end - text) + 1 - at : len - at;
		if (line > 1 && !memchr(text + at, ':', line))
			snapshot_feed_level(fleet->next, text + at, line);
		else
			snapshot_feed_info(fleet->next, text + at, line);
		at += line;
	}
}

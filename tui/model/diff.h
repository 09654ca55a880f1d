/* What changed between two polls, as events. */
#ifndef TUI_MODEL_DIFF_H
#define TUI_MODEL_DIFF_H

#include "model/fleet.h"

/* The entity as it was and its new row in fleet->next; adds events. Returns true when its state or breaker changed. */
bool diff_entity(struct fleet *fleet, const struct entity *before, const struct snapshot_row *row, int64_t wall);
/* The daemon itself: another process, another generation. Returns true when the process changed. */
bool diff_daemon(struct fleet *fleet, int64_t wall);

#endif

/* Sums over the fleet: servers into their groups, everything into the head lines. */
#ifndef TUI_MODEL_TALLY_H
#define TUI_MODEL_TALLY_H

#include "model/fleet.h"

/* Links servers to their backends and counts them there. */
void tally_groups(struct fleet *fleet);
void tally_totals(struct fleet *fleet);

#endif

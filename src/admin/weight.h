/* Setting a weight, for both commands that do it. */
#ifndef LBD_ADMIN_WEIGHT_H
#define LBD_ADMIN_WEIGHT_H

#include "admin/command.h"

/* word: 0 to 256, or percent of the weight in the configuration ("50%", capped to 256). Answers the call. */
enum command_result weight_set(struct command_call *call, struct server *s, struct str word);

#endif

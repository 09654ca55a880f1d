/* Names in commands: "backend/server", or by their numbers "#5/#1", also mixed. */
#ifndef LBD_ADMIN_LOOKUP_H
#define LBD_ADMIN_LOOKUP_H

#include "admin/command.h"

/* The server that the word at this index names. NULL: the call is answered with what is wrong. */
struct server *lookup_server(struct command_call *call, uint32_t word) LBD_MUST_CHECK;
/* By name or "#id"; NULL: none. */
struct backend *lookup_backend(const struct command_call *call, struct str name);
struct frontend *lookup_frontend(const struct command_call *call, struct str name);

/* Answers "show THING [<frontend>]" as CSV: the header, and show for each frontend or for the one that the third word
 * names. show goes on at call->at.server and returns false when the answer is full. */
enum command_result lookup_show_frontends(struct command_call *call, const char *header,
	bool (*show)(struct command_call *call, const struct frontend *frontend)) LBD_MUST_CHECK;

#endif

/* set maxconn server. */
#include "admin/lookup.h"

enum { SERVER_MAXCONN_HIGHEST = 100000000 }; /* as in the configuration */

enum command_result command_set_maxconn_server(struct command_call *call)
{
	struct server *s = lookup_server(call, 3);
	struct str word = command_word(call, 4);
	uint64_t maxconn;
	if (!s)
		return COMMAND_DONE;
	if (!word.n)
		return command_fail(call, "Require <maxconn>.");
	if (!str_to_u64(word, SERVER_MAXCONN_HIGHEST, &maxconn))
		return command_fail(call, "maxconn string '%.*s' is no number from 0 (unlimited) to %d.",
			(int)(word.n < 64 ? word.n : 64), word.p, SERVER_MAXCONN_HIGHEST);
	server_set_maxconn(s, (uint32_t)maxconn);
	return command_changed(call);
}

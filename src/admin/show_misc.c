/* Commands with a fixed small answer. */
#include "admin/command.h"

enum command_result command_show_table(struct command_call *call)
{
	(void)call;
	return COMMAND_DONE;
}

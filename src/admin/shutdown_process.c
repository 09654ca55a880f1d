/* shutdown process: what a daemon that takes over asks of the one before it. */
#include "admin/command.h"

enum command_result command_shutdown_process(struct command_call *call)
{
	struct process_info info = {0};
	if (call->words.count > 2)
		return command_fail(call, "'shutdown process' takes no parameter.");
	call->host->process_info(call->host->context, &info);
	if (info.stopping)
		return command_fail(call, "The process is stopping already.");
	/* The line that says who asked comes first. */
	enum command_result result = command_changed(call);
	call->host->stop(call->host->context);
	return result;
}

/* Commands with a fixed small answer. */
#include "admin/command.h"
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

enum command_result command_show_table(struct command_call *call)
{
	(void)call;
	return COMMAND_DONE;
}

enum command_result command_show_errors(struct command_call *call)
{
	uint64_t wall_us = clock_wall_us();
	time_t seconds = (time_t)(wall_us / 1000000);
	struct tm tm;
	char day[64] = "";
	if (localtime_r(&seconds, &tm))
		strftime(day, sizeof day, "%d/%b/%Y:%H:%M:%S", &tm);
	text_format(call->out, "Total events captured on [%s.%03u] : 0\n", day, (unsigned)(wall_us / 1000 % 1000));
	return COMMAND_DONE;
}

/* show reasons: why exchanges did not end as they should, counted. */
#include "admin/lookup.h"
#include "proxy/reason.h"

static bool show_reasons_frontend(struct command_call *call, const struct frontend *f)
{
	for (; call->at.server < REASON_COUNT; call->at.server++) {
		enum reason reason = (enum reason)call->at.server;
		if (reason == REASON_NONE)
			continue;
		if (command_is_full(call))
			return false;
		text_format(call->out, "%s,%s,%c,%u,%llu,\n", f->name, reason_word(reason), reason_cause(reason),
			reason_status(reason), (unsigned long long)counter_row_sum(&f->ends, call->at.server));
	}
	return true;
}

enum command_result command_show_reasons(struct command_call *call)
{
	return lookup_show_frontends(call, "# frontend,reason,cause,status,count,\n", show_reasons_frontend);
}

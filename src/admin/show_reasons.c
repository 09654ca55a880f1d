/* show reasons: why exchanges did not end as they should, counted. */
#include "admin/lookup.h"
#include "proxy/reason.h"

/* False: the answer is full; the same call goes on. */
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
	const struct proxies *p = call->host->proxies;
	struct str name = command_word(call, 2);
	const struct frontend *only = name.n ? lookup_frontend(call, name) : NULL;
	if (name.n && !only)
		return command_fail(call, "No such frontend.");
	if (!call->at.stage++)
		text_add_c(call->out, "# frontend,reason,cause,status,count,\n");
	for (; call->at.proxy < p->frontend_count; call->at.proxy++, call->at.server = 0)
		if ((!only || p->frontends[call->at.proxy] == only) &&
			!show_reasons_frontend(call, p->frontends[call->at.proxy]))
			return COMMAND_MORE;
	return COMMAND_DONE;
}

/* show rules: how often each rule applied. */
#include "admin/lookup.h"

static const char *show_rules_action(const struct config_rule *rule)
{
	return rule->backend           ? "backend"
	       : rule->split_count     ? "split"
	       : rule->deny            ? "deny"
	       : rule->redirect_to     ? "redirect"
	       : rule->return_status   ? "return"
	       : rule->rate_limit.rate ? "rate_limit"
				       : "edit";
}

/* The backend, the parts of a split, or the status. */
static void show_rules_target(struct text *out, const struct config_rule *rule)
{
	unsigned status = rule->deny            ? rule->deny
			  : rule->redirect_to   ? rule->redirect_status
			  : rule->return_status ? rule->return_status
						: 0;
	if (rule->backend)
		text_add_c(out, rule->backend);
	for (uint32_t i = 0; i < rule->split_count; i++)
		text_format(out, "%s%s:%u", i ? " " : "", rule->split[i].backend, rule->split[i].weight);
	if (status)
		text_add_u64(out, status);
}

/* What the rule's rate limit did; empty without one. */
static void show_rules_limit(struct text *out, const struct frontend_rules *rules, uint32_t rule)
{
	if (rules->limits[rule])
		text_format(out, ",%llu,%llu,\n", (unsigned long long)frontend_rules_limited(rules, rule),
			(unsigned long long)rate_table_forgotten(rules->limits[rule]));
	else
		text_add_c(out, ",,,\n");
}

static bool show_rules_frontend(struct command_call *call, const struct frontend *f)
{
	const struct frontend_rules *rules = atomic_load_explicit(&f->rules, memory_order_acquire);
	const struct config_frontend *conf = atomic_load_explicit(&f->conf, memory_order_acquire);
	for (; rules && call->at.server < conf->rule_count; call->at.server++) {
		const struct config_rule *rule = &conf->rules[call->at.server];
		if (command_is_full(call))
			return false;
		text_format(call->out, "%s,%u,%u,%s,%llu,", f->name, call->at.server + 1, rule->line,
			show_rules_action(rule), (unsigned long long)frontend_rules_hits(rules, call->at.server));
		show_rules_target(call->out, rule);
		show_rules_limit(call->out, rules, call->at.server);
	}
	return true;
}

enum command_result command_show_rules(struct command_call *call)
{
	return lookup_show_frontends(
		call, "# frontend,rule,line,action,hits,target,limited,forgotten,\n", show_rules_frontend);
}

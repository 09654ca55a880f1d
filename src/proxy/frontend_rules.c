#include "proxy/frontend_rules.h"

#include "base/clock.h"
#include "proxy/frontend.h"

#include <stdlib.h>

enum { RULES_CELLS = 2, RULES_TELL_US = 10 * 1000 * 1000 };

/* The live objects behind the names; -c has checked them. */
static void rules_find_backends(
	struct frontend_rules *r, const struct config_frontend *conf, const struct proxies *proxies)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < conf->rule_count; i++) {
		const struct config_rule *rule = &conf->rules[i];
		r->first[i] = n;
		if (rule->backend)
			r->backends[n++] = proxies_find_backend(proxies, str_of(rule->backend));
		for (uint32_t k = 0; k < rule->split_count; k++)
			r->backends[n++] = proxies_find_backend(proxies, str_of(rule->split[k].backend));
	}
}

static size_t rules_count_backends(const struct config_frontend *conf)
{
	size_t n = 0;
	for (uint32_t i = 0; i < conf->rule_count; i++)
		n += (conf->rules[i].backend != NULL) + conf->rules[i].split_count;
	return n;
}

bool frontend_rules_wanted(const struct config_frontend *conf)
{
	return conf->rule_count || conf->path_strict || conf->forward_path != CONFIG_PATH_RECEIVED;
}

struct frontend_rules *frontend_rules_create(const struct config_frontend *conf, const struct proxies *proxies,
	struct frontend_limit **limits, uint32_t workers, struct text *messages)
{
	struct frontend_rules *r = calloc(1, sizeof *r);
	if (!r)
		return NULL;
	r->backends = calloc(rules_count_backends(conf) + 1, sizeof(struct backend *));
	r->first = calloc((size_t)conf->rule_count + 1, sizeof *r->first);
	r->told_us = calloc((size_t)conf->rule_count + 1, sizeof *r->told_us);
	r->set = ruleset_compile(conf, messages);
	if (!r->backends || !r->first || !r->told_us || !r->set ||
		!counter_row_init(&r->hits, workers, conf->rule_count * RULES_CELLS) ||
		!frontend_limits_find(limits, conf, clock_monotonic_us(), &r->limits)) {
		frontend_rules_destroy(r);
		return NULL;
	}
	rules_find_backends(r, conf, proxies);
	r->path_strict = conf->path_strict;
	r->forwards_normal = conf->forward_path == CONFIG_PATH_NORMALIZED;
	r->normalizes = r->path_strict || r->forwards_normal || ruleset_reads_path(r->set);
	return r;
}

void frontend_rules_destroy(struct frontend_rules *r)
{
	if (!r)
		return;
	ruleset_free(r->set);
	free(r->backends);
	free(r->first);
	free(r->limits);
	free((void *)(uintptr_t)r->told_us);
	counter_row_end(&r->hits);
	free(r);
}

bool frontend_rules_count(struct frontend_rules *r, uint32_t worker, const struct rule_hit *hits)
{
	bool limited = false;
	for (; hits; hits = hits->next) {
		counter_row_add(&r->hits, worker, hits->rule * RULES_CELLS);
		if (hits->limited)
			counter_row_add(&r->hits, worker, hits->rule * RULES_CELLS + 1);
		limited |= hits->limited;
	}
	return limited;
}

uint64_t frontend_rules_hits(const struct frontend_rules *r, uint32_t rule)
{
	return counter_row_sum(&r->hits, rule * RULES_CELLS);
}

uint64_t frontend_rules_limited(const struct frontend_rules *r, uint32_t rule)
{
	return counter_row_sum(&r->hits, rule * RULES_CELLS + 1);
}

bool frontend_rules_may_log(struct frontend_rules *r, uint32_t rule, uint64_t now_us)
{
	uint64_t told_us = atomic_load_explicit(&r->told_us[rule], memory_order_relaxed);
	if (told_us && now_us < told_us + RULES_TELL_US)
		return false;
	return atomic_compare_exchange_strong_explicit(
		&r->told_us[rule], &told_us, now_us, memory_order_relaxed, memory_order_relaxed);
}

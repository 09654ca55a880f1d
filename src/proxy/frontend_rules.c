#include "proxy/frontend_rules.h"

#include "proxy/frontend.h"

#include <stdlib.h>

struct frontend_rules *frontend_rules_create(
	const struct config_frontend *conf, const struct proxies *proxies, uint32_t workers, struct text *messages)
{
	size_t line = LBD_CACHE_LINE / sizeof(uint64_t), stride = (conf->rule_count + line - 1) / line * line;
	size_t bytes = stride * workers * sizeof(uint64_t);
	struct frontend_rules *r = calloc(1, sizeof *r);
	if (!r)
		return NULL;
	r->workers = workers;
	r->stride = stride;
	r->backends = calloc(conf->rule_count, sizeof(struct backend *));
	r->hits = aligned_alloc(LBD_CACHE_LINE, bytes);
	r->set = ruleset_compile(conf, messages);
	if (!r->backends || !r->hits || !r->set) {
		frontend_rules_destroy(r);
		return NULL;
	}
	for (size_t i = 0; i < stride * workers; i++)
		atomic_init(&r->hits[i], 0);
	for (uint32_t i = 0; i < conf->rule_count; i++)
		if (conf->rules[i].backend)
			r->backends[i] = proxies_find_backend(proxies, str_of(conf->rules[i].backend));
	return r;
}

void frontend_rules_destroy(struct frontend_rules *r)
{
	if (!r)
		return;
	ruleset_free(r->set);
	free(r->backends);
	free((void *)(uintptr_t)r->hits);
	free(r);
}

void frontend_rules_count(struct frontend_rules *r, uint32_t worker, const struct rule_hit *hits)
{
	for (; hits; hits = hits->next) {
		_Atomic uint64_t *cell = &r->hits[worker * r->stride + hits->rule];
		uint64_t old = atomic_load_explicit(cell, memory_order_relaxed);
		atomic_store_explicit(cell, old + 1, memory_order_relaxed);
	}
}

uint64_t frontend_rules_hits(const struct frontend_rules *r, uint32_t rule)
{
	uint64_t sum = 0;
	for (uint32_t i = 0; i < r->workers; i++)
		sum += atomic_load_explicit(&r->hits[i * r->stride + rule], memory_order_relaxed);
	return sum;
}

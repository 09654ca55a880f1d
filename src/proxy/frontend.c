#include "proxy/frontend.h"

#include "base/clock.h"
#include "proxy/reason.h"

#include <stdlib.h>

struct frontend *frontend_create(const struct config_frontend *conf, uint32_t id, uint32_t workers)
{
	struct frontend *f = aligned_alloc(LBD_CACHE_LINE, sizeof *f);
	if (!f)
		return NULL;
	memset(f, 0, sizeof *f);
	f->id = id;
	f->mode = conf->mode;
	error_slot_init(&f->malformed);
	atomic_init(&f->conf, conf);
	places_init(&f->places, conf->maxconn);
	f->name = strdup(conf->name);
	f->idle = idle_sessions_create(workers);
	bool limited = source_limits_init(&f->source, &conf->limits.source, clock_monotonic_us());
	if (limited && f->name && f->idle && counter_set_init(&f->counters, workers) && counter_row_init(&f->ends, workers, REASON_COUNT))
		return f;
	frontend_destroy(f);
	return NULL;
}

void frontend_destroy(struct frontend *f)
{
	if (!f)
		return;
	frontend_rules_destroy(atomic_load_explicit(&f->rules, memory_order_relaxed));
	frontend_limits_destroy(f->limits);
	counter_set_end(&f->counters);
	counter_row_end(&f->ends);
	error_slot_end(&f->malformed);
	places_end(&f->places);
	free(f->idle);
	source_limits_end(&f->source);
	free((char *)(uintptr_t)f->name);
	free(f);
}

struct frontend *proxies_find_frontend(const struct proxies *p, struct str name)
{
	for (uint32_t i = 0; i < p->frontend_count; i++)
		if (str_equal(str_of(p->frontends[i]->name), name))
			return p->frontends[i];
	return NULL;
}

struct backend *proxies_find_backend(const struct proxies *p, struct str name)
{
	for (uint32_t i = 0; i < p->backend_count; i++)
		if (str_equal(str_of(p->backends[i]->name), name))
			return p->backends[i];
	return NULL;
}

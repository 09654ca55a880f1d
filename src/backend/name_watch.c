#include "backend/name_watch.h"

#include "backend/server_state.h"
#include "net/name_lookup.h"

#include <stdlib.h>

/* Between two rounds: soon, because a start often races with what writes the names, then less often. */
enum { NAME_WATCH_PAUSE_US = 1000000, NAME_WATCH_PAUSE_MAX_US = 30000000 };

struct name_watch {
	struct name_lookup *lookup;
	struct timer timer; /* of the next round */
	uint64_t pause_us;
	uint32_t count, asked; /* servers that wait; asked: the one whose name is being looked up */
	struct server *servers[];
};

static const char *name_watch_name(const struct server *s)
{
	return atomic_load_explicit(&s->conf, memory_order_relaxed)->address.text;
}

static void name_watch_ask(struct name_watch *watch)
{
	if (watch->asked < watch->count && name_lookup_ask(watch->lookup, name_watch_name(watch->servers[watch->asked])))
		return;
	if (!watch->count)
		return;
	timer_start(&watch->timer, watch->pause_us, 0);
	watch->pause_us = watch->pause_us * 2 < NAME_WATCH_PAUSE_MAX_US ? watch->pause_us * 2 : NAME_WATCH_PAUSE_MAX_US;
}

static void name_watch_on_round(struct timer *timer)
{
	struct name_watch *watch = (struct name_watch *)((char *)timer - offsetof(struct name_watch, timer));
	watch->asked = 0;
	name_watch_ask(watch);
}

static void name_watch_on_answer(void *owner, struct address_list *list, const char *error)
{
	struct name_watch *watch = owner;
	struct server *s = watch->servers[watch->asked];
	if (list) {
		watch->servers[watch->asked] = watch->servers[--watch->count];
		server_set_addresses(s, list);
	} else {
		watch->asked++;
		server_set_lookup_error(s, error);
	}
	name_watch_ask(watch);
}

struct name_watch *name_watch_start(struct backend_host *host, struct backend **backends, uint32_t count)
{
	size_t servers = 0;
	for (uint32_t i = 0; i < count; i++)
		for (uint32_t k = 0; k < backends[i]->server_count; k++)
			servers += !server_is_resolved(backends[i]->servers[k]);
	struct name_watch *watch = calloc(1, sizeof *watch + servers * sizeof(struct server *));
	if (watch)
		watch->lookup = name_lookup_create(host->loop, name_watch_on_answer, watch);
	if (!watch || !watch->lookup) {
		free(watch);
		return NULL;
	}
	timer_init(&watch->timer, host->loop, name_watch_on_round);
	watch->pause_us = NAME_WATCH_PAUSE_US;
	for (uint32_t i = 0; i < count; i++)
		for (uint32_t k = 0; k < backends[i]->server_count; k++) {
			struct server *s = backends[i]->servers[k];
			if (server_is_resolved(s))
				continue;
			watch->servers[watch->count++] = s;
			backend_say(s->backend, LOG_LEVEL_WARNING,
				"Server %s/%s is DOWN, reason: %s. It is looked up again until it is known.",
				s->backend->name, s->name, s->lookup_error);
		}
	watch->asked = watch->count;
	name_watch_ask(watch);
	return watch;
}

void name_watch_stop(struct name_watch *watch)
{
	if (!watch)
		return;
	timer_stop(&watch->timer);
	name_lookup_end(watch->lookup);
	free(watch);
}

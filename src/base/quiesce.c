#include "base/quiesce.h"

#include <stdlib.h>

bool reclaimer_init(struct reclaimer *c, struct quiesce_reader *readers, uint32_t count)
{
	*c = (struct reclaimer){.readers = readers, .count = count};
	c->mark = calloc(count ? count : 1, sizeof *c->mark);
	return c->mark != NULL;
}

static void reclaimer_start_period(struct reclaimer *c)
{
	c->running = c->later;
	c->later = NULL;
	for (uint32_t i = 0; i < c->count; i++)
		c->mark[i] = atomic_load_explicit(&c->readers[i].turn, memory_order_seq_cst);
}

static bool reclaimer_period_over(const struct reclaimer *c)
{
	for (uint32_t i = 0; i < c->count; i++)
		if ((c->mark[i] & 1) && c->mark[i] == atomic_load_explicit(&c->readers[i].turn, memory_order_acquire))
			return false;
	return true;
}

static void reclaimer_free_all(struct reclaimer *c, struct retired *r)
{
	while (r) {
		struct retired *next = r->next;
		r->free_it(r);
		c->freed++;
		r = next;
	}
}

void reclaimer_retire(struct reclaimer *c, struct retired *r, void (*free_it)(struct retired *r))
{
	r->free_it = free_it;
	r->next = c->later;
	c->later = r;
	if (!c->running)
		reclaimer_start_period(c);
}

bool reclaimer_poll(struct reclaimer *c)
{
	if (c->running && !reclaimer_period_over(c))
		return true;
	struct retired *done = c->running;
	c->running = NULL;
	reclaimer_free_all(c, done);
	/* What free_it retired may have begun a period already. */
	if (c->later && !c->running)
		reclaimer_start_period(c);
	return c->running != NULL;
}

void reclaimer_end(struct reclaimer *c)
{
	/* free_it may retire more. */
	for (struct retired *r; (r = c->running ? c->running : c->later);) {
		if (c->running)
			c->running = NULL;
		else
			c->later = NULL;
		reclaimer_free_all(c, r);
	}
	free(c->mark);
	*c = (struct reclaimer){0};
}

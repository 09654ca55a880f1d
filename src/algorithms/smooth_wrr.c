/* smooth_wrr: smooth weighted round robin, as nginx made it known: each turn every server's current value grows by its
 * weight, the largest value wins (the first of equals) and pays the sum of all weights. The order repeats after
 * sum / gcd turns, so that it is computed once for a set; a pick takes the next index of one counter that all workers
 * share and that survives every rebuild of the set. Above SMOOTH_WRR_CYCLE slots no order is stored: a golden-section
 * stride over a guide table is as exact over a cycle, and its gaps are nearly as even. */
#include <lbd/algorithm.h>
#include <lbd/weighted.h>

#include <stdio.h>
#include <string.h>

enum { SMOOTH_WRR_DRAWS = 2 * LBD_TRIED_MAX, SMOOTH_WRR_CYCLE = 16384 };

struct smooth_wrr {
	_Alignas(64) _Atomic uint64_t next;
};

struct smooth_wrr_table {
	uint32_t slots; /* 0: too many for a stored cycle, strides are used */
	struct lbd_weighted strides;
	uint16_t cycle[]; /* indices: slots >= count, so an index fits */
};

/* Servers of one weight. They are always taken in turn, so that only the class's next member can win. */
struct smooth_wrr_class {
	uint32_t weight, first, count, next; /* members are member[first .. first + count) */
	int64_t current;                     /* of the next member */
};

struct smooth_wrr_member {
	uint32_t weight, index;
};

static int smooth_wrr_order(const void *a, const void *b)
{
	const struct smooth_wrr_member *x = a, *y = b;
	if (x->weight != y->weight)
		return x->weight < y->weight ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

static uint32_t smooth_wrr_classify(
	struct smooth_wrr_class *class, const struct smooth_wrr_member *member, uint32_t count)
{
	uint32_t classes = 0;
	for (uint32_t i = 0; i < count; i++) {
		if (i == 0 || member[i].weight != member[i - 1].weight)
			class[classes++] = (struct smooth_wrr_class){.weight = member[i].weight, .first = i};
		class[classes - 1].count++;
	}
	return classes;
}

static void smooth_wrr_fill(struct smooth_wrr_table *table, struct smooth_wrr_class *class, uint32_t classes,
	const struct smooth_wrr_member *member)
{
	for (uint32_t slot = 0; slot < table->slots; slot++) {
		struct smooth_wrr_class *best = class;
		uint32_t best_index = UINT32_MAX;
		for (struct smooth_wrr_class *c = class; c < class + classes; c++) {
			uint32_t index = member[c->first + c->next].index;
			c->current += c->weight;
			if (c->current > best->current || (c->current == best->current && index < best_index)) {
				best = c;
				best_index = index;
			}
		}
		table->cycle[slot] = (uint16_t)best_index;
		/* The members that were passed have paid already; the next one pays in its turn. When all have paid the
		 * class is back where it was, one sum lower. */
		if (++best->next == best->count) {
			best->next = 0;
			best->current -= table->slots;
		}
	}
}

static bool smooth_wrr_cycle(struct smooth_wrr_table *table, const struct lbd_weighted *weights)
{
	uint32_t count = weights->count;
	struct smooth_wrr_member *member = malloc(count * sizeof *member);
	struct smooth_wrr_class *class = malloc(count * sizeof *class);
	if (member && class) {
		for (uint32_t i = 0; i < count; i++)
			member[i] = (struct smooth_wrr_member){(uint32_t)(weights->from[i + 1] - weights->from[i]), i};
		qsort(member, count, sizeof *member, smooth_wrr_order);
		smooth_wrr_fill(table, class, smooth_wrr_classify(class, member, count), member);
	}
	bool done = member && class;
	free(member);
	free(class);
	return done;
}

static void *smooth_wrr_create(const struct lbd_setup *setup, char *error, size_t error_size)
{
	struct smooth_wrr *wrr = aligned_alloc(64, sizeof *wrr);
	if (wrr)
		atomic_init(&wrr->next, 0);
	else
		snprintf(error, error_size, "out of memory");
	return wrr;
}

static void *smooth_wrr_prepare(void *instance, const struct lbd_set *set, char *error, size_t error_size)
{
	struct lbd_weighted weights = {0};
	struct smooth_wrr_table *table = NULL;
	if (!lbd_weighted_build(&weights, set->weight, set->count)) {
		snprintf(error, error_size, "out of memory, or the weights add up to 2^32");
		return NULL;
	}
	uint32_t slots = weights.sum <= SMOOTH_WRR_CYCLE ? (uint32_t)weights.sum : 0;
	table = calloc(1, sizeof *table + slots * sizeof table->cycle[0]);
	if (table && slots) {
		table->slots = slots;
		bool done = smooth_wrr_cycle(table, &weights);
		lbd_weighted_end(&weights);
		if (done)
			return table;
	} else if (table) {
		table->strides = weights;
		return table;
	}
	lbd_weighted_end(&weights);
	free(table);
	snprintf(error, error_size, "out of memory");
	return NULL;
}

static void smooth_wrr_release(void *instance, void *table)
{
	struct smooth_wrr_table *t = table;
	lbd_weighted_end(&t->strides);
	free(t);
}

static uint32_t smooth_wrr_pick(
	void *instance, const void *table, const struct lbd_set *set, const struct lbd_pick *pick)
{
	struct smooth_wrr *wrr = instance;
	const struct smooth_wrr_table *t = table;
	bool peek = pick->flags & LBD_PEEK;
	uint64_t turn = peek ? atomic_load_explicit(&wrr->next, memory_order_relaxed) : 0;
	/* A pick that cannot be used draws again; the neighbour in the cycle would get double. */
	for (uint32_t draw = 0; draw < SMOOTH_WRR_DRAWS; draw++, turn++) {
		if (!peek)
			turn = atomic_fetch_add_explicit(&wrr->next, 1, memory_order_relaxed);
		uint32_t i = t->slots ? t->cycle[turn % t->slots] : lbd_weighted_turn(&t->strides, turn);
		if (lbd_may_take(set, pick, i))
			return i;
	}
	for (uint32_t step = 0; step < set->count; step++) {
		uint32_t i = (uint32_t)((turn + step) % set->count);
		if (lbd_may_take(set, pick, i))
			return i;
	}
	return LBD_NONE;
}

static size_t smooth_wrr_describe(void *instance, const void *table, char *out, size_t out_size)
{
	const struct smooth_wrr_table *t = table;
	int n = t->slots ? snprintf(out, out_size, "stored cycle of %u slots", t->slots)
			 : snprintf(out, out_size, "strided cycle of %llu slots", (unsigned long long)t->strides.sum);
	return n < 0 ? 0 : (size_t)n;
}

const struct lbd_algorithm lbd_algorithm = {
	.abi_major = LBD_ABI_MAJOR,
	.abi_minor = LBD_ABI_MINOR,
	.struct_size = sizeof(struct lbd_algorithm),
	.capabilities = LBD_USES_WEIGHT,
	.name = "smooth_wrr",
	.summary = "in turn by weight, evenly mixed, exact over every cycle",
	.create = smooth_wrr_create,
	.destroy = free,
	.prepare = smooth_wrr_prepare,
	.release = smooth_wrr_release,
	.pick = smooth_wrr_pick,
	.describe = smooth_wrr_describe,
};

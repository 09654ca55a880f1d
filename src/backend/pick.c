/* A pick: the algorithm chooses from the eligible set, lbd checks the answer and reserves. Workers only; no lock, no
 * allocation. What the algorithm names and cannot be used is put on its list of tried ones, and it is asked again; an
 * algorithm that answers nonsense is counted, and a plain scan serves the request. */
#include "backend/eligible.h"

#include "base/random.h"

static bool pick_is_tried(const struct lbd_pick *pick, uint32_t i)
{
	for (uint32_t t = 0; t < pick->tried_count; t++)
		if (pick->tried[t] == i)
			return true;
	return false;
}

static void pick_note_max(struct server *s, uint32_t in_flight)
{
	uint32_t max = atomic_load_explicit(&s->in_flight_max, memory_order_relaxed);
	if (in_flight <= max)
		return;
	while (in_flight > max && !atomic_compare_exchange_weak_explicit(&s->in_flight_max, &max, in_flight,
					  memory_order_relaxed, memory_order_relaxed)) {
	}
	backend_note_sessions(s->backend);
}

/* Takes a place, unless that would exceed the slots. seq_cst, as the load of closed behind it: either control, which
 * closes first and then reads in_flight, sees this place taken, or we see that the server is closed. */
static bool pick_reserve(struct server *s, bool *undone)
{
	uint32_t slots = atomic_load_explicit(&s->live.slots, memory_order_relaxed), before;
	if (slots == UINT32_MAX) {
		before = atomic_fetch_add_explicit(&s->live.in_flight, 1, memory_order_seq_cst);
	} else {
		before = atomic_load_explicit(&s->live.in_flight, memory_order_relaxed);
		do
			if (before >= slots)
				return false;
		while (!atomic_compare_exchange_weak_explicit(
			&s->live.in_flight, &before, before + 1, memory_order_seq_cst, memory_order_relaxed));
	}
	if (atomic_load_explicit(&s->live.closed, memory_order_seq_cst)) {
		atomic_fetch_sub_explicit(&s->live.in_flight, 1, memory_order_seq_cst);
		*undone = true;
		return false;
	}
	if (s->backend->counts_total)
		atomic_fetch_add_explicit(&s->backend->in_flight_sum, 1, memory_order_relaxed);
	pick_note_max(s, before + 1);
	return true;
}

/* The first one that can be had, from a random place on. */
static struct server *pick_scan(const struct eligible *e, const struct lbd_pick *pick, bool peek, bool *undone)
{
	uint64_t first = pick->random % e->set.count;
	for (uint32_t step = 0; step < e->set.count; step++) {
		uint32_t i = (uint32_t)((first + step) % e->set.count);
		if (lbd_may_take(&e->set, pick, i) && (peek || pick_reserve(e->server[i], undone)))
			return e->server[i];
	}
	return NULL;
}

static void pick_prepare(
	struct lbd_pick *pick, const struct backend *b, const struct eligible *e, const struct pick_request *request)
{
	pick->struct_size = sizeof *pick;
	pick->flags = (request->has_key ? LBD_HAS_KEY : 0) | (request->peek ? LBD_PEEK : 0);
	pick->key = request->key;
	pick->random = request->random;
	pick->now_us = request->now_us;
	pick->bound = 0;
	if (e->load_factor > 0) {
		uint64_t total = atomic_load_explicit(&b->in_flight_sum, memory_order_relaxed) + 1;
		pick->bound = e->load_factor * (double)total / (double)e->set.weight_sum;
	}
	pick->tried_count = 0;
	for (uint32_t t = 0; t < request->tried_count && t < LBD_TRIED_MAX; t++) {
		uint32_t index = request->tried[t]->index;
		uint32_t i = index < e->positions ? e->position[index] : LBD_NONE;
		if (i != LBD_NONE)
			pick->tried[pick->tried_count++] = i;
	}
}

static struct server *pick_from(struct backend *b, const struct eligible *e, struct lbd_pick *pick,
	const struct pick_request *request, bool *undone)
{
	const struct lbd_algorithm *plugin = e->instance->plugin;
	struct random random = {request->random};
	for (;;) {
		uint32_t i = plugin->pick(e->instance->state, e->table, &e->set, pick);
		if (i == LBD_NONE)
			return NULL;
		if (i >= e->set.count || pick_is_tried(pick, i)) {
			if (!request->peek)
				counter_add(counter_set_block(&b->counters, request->worker), COUNTER_PICK_INVALID, 1);
			return pick_scan(e, pick, request->peek, undone);
		}
		if (request->peek || pick_reserve(e->server[i], undone))
			return e->server[i];
		pick->random = random_next(&random);
		if (pick->tried_count == LBD_TRIED_MAX)
			return pick_scan(e, pick, false, undone);
		pick->tried[pick->tried_count++] = i;
	}
}

struct server *pick_once(struct backend *b, const struct pick_request *request, bool *undone)
{
	const struct eligible *e = atomic_load_explicit(&b->eligible, memory_order_seq_cst);
	struct lbd_pick pick;
	if (!e->set.count)
		return NULL;
	pick_prepare(&pick, b, e, request);
	struct server *s = pick_from(b, e, &pick, request, undone);
	if (s && !request->peek) {
		counter_add(counter_set_block(&b->counters, request->worker), COUNTER_PICKED, 1);
		counter_add(server_counters(s, request->worker), COUNTER_PICKED, 1);
	}
	return s;
}

struct server *backend_pick(struct backend *b, const struct pick_request *request)
{
	bool undone = false;
	struct server *s = pick_once(b, request, &undone);
	if (undone)
		queue_slot_freed(b, request->worker);
	return s;
}

bool backend_take_place(struct server *s, uint32_t worker)
{
	bool undone = false, taken = pick_reserve(s, &undone);
	if (undone)
		queue_slot_freed(s->backend, worker);
	return taken;
}

bool pick_has_candidate(struct backend *b, const struct pick_request *request)
{
	const struct eligible *e = atomic_load_explicit(&b->eligible, memory_order_seq_cst);
	for (uint32_t i = 0; i < e->set.count; i++) {
		bool open = !atomic_load_explicit(&e->set.live[i]->closed, memory_order_relaxed);
		for (uint32_t t = 0; t < request->tried_count && open; t++)
			open = request->tried[t] != e->server[i];
		if (open)
			return true;
	}
	return false;
}

void backend_feedback(struct backend *b, struct server *s, enum lbd_outcome outcome, uint64_t first_byte_us,
	uint64_t total_us, uint64_t now_us)
{
	const struct eligible *e = atomic_load_explicit(&b->eligible, memory_order_seq_cst);
	const struct algorithm_instance *instance = e->instance;
	if (!(instance->plugin->capabilities & LBD_WANTS_FEEDBACK))
		return;
	struct lbd_result result = {.struct_size = sizeof result,
		.outcome = outcome,
		.first_byte_us = first_byte_us,
		.total_us = total_us,
		.now_us = now_us};
	instance->plugin->feedback(instance->state, &s->cell, &result);
}

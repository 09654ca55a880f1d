/* A pick as the parts of the backend layer share it; others call backend_pick. Workers, and control for waiters. */
#ifndef LBD_BACKEND_PICK_H
#define LBD_BACKEND_PICK_H

#include "base/attributes.h"
#include "lbd/algorithm.h"

struct backend;
struct server;

struct pick_request {
	uint64_t now_us, random;
	uint64_t key; /* with has_key */
	bool has_key;
	bool peek;            /* say what would be picked; reserve, count and change nothing */
	uint32_t worker;      /* who calls, as an index of counter blocks */
	uint32_t tried_count; /* servers that this exchange tried already */
	const struct server *tried[LBD_TRIED_MAX];
};

/* One in which nothing was tried and nothing is asked for yet. The entries of tried are left as they are: to clear them
 * all costs as much as the pick. */
static inline void pick_request_init(struct pick_request *r, uint64_t now_us, uint64_t random, uint32_t worker)
{
	r->now_us = now_us;
	r->random = random;
	r->key = 0;
	r->has_key = r->peek = false;
	r->worker = worker;
	r->tried_count = 0;
}

/* As backend_pick, but leaves the queue alone. *undone is set when a place was taken and given back, on a server that
 * was closed: whoever looked in between may have seen it full, so the waiters have to be served after that. */
struct server *pick_once(struct backend *b, const struct pick_request *request, bool *undone) LBD_MUST_CHECK;
/* A server is open to this request, be it full or not: there is something to wait for. */
bool pick_has_candidate(struct backend *b, const struct pick_request *request) LBD_MUST_CHECK;

#endif

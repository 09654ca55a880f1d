/* How many retries a backend can afford, so that they cannot multiply an outage: within 10 s, percent of the requests
 * of these 10 s and 10 more a second (Finagle's and Envoy's idea of a retry budget). It is full at the start. No lock:
 * each worker counts requests in a cell of its own; a retry is one compare-and-swap on what all share. */
#ifndef LBD_BACKEND_RETRY_BUDGET_H
#define LBD_BACKEND_RETRY_BUDGET_H

#include "base/attributes.h"

#include <stdbool.h>
#include <stdint.h>

enum { RETRY_BUDGET_WINDOW_S = 10, RETRY_BUDGET_FREE_PER_S = 10 };

struct retry_budget;

/* NULL: memory is out. */
struct retry_budget *retry_budget_create(uint32_t workers) LBD_MUST_CHECK;
void retry_budget_destroy(struct retry_budget *b); /* NULL is fine */
/* Worker: a request came; retries are none. now_us is monotonic, the same clock for all workers. */
void retry_budget_note_request(struct retry_budget *b, uint32_t worker, uint64_t now_us);
/* Any worker: takes one retry out of it. False: it is used up, or percent is 0. However many ask at once, what is
 * granted within a window is never more than the budget. */
bool retry_budget_take(struct retry_budget *b, uint32_t percent, uint64_t now_us) LBD_MUST_CHECK;

#endif

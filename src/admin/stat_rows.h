/* Rows of show stat from live objects. Control only; the texts are valid until the object changes. */
#ifndef LBD_ADMIN_STAT_ROWS_H
#define LBD_ADMIN_STAT_ROWS_H

#include "proxy/frontend.h"
#include "stats/stat_row.h"

struct stat_view {
	uint64_t now_us;         /* monotonic */
	uint32_t frontend_limit; /* of sessions, where a frontend has none of its own; 0: none */
	bool full;               /* with what the level user does not see: addresses, cookies, algorithms */
	bool stopping;
};

void stat_row_of_frontend(struct stat_row *row, struct frontend *f, const struct stat_view *view);
void stat_row_of_server(struct stat_row *row, struct server *s, const struct stat_view *view);
/* The row points to a text in itself: it must not be copied. */
void stat_row_of_backend(struct stat_row *row, struct backend *b, const struct stat_view *view);

/* Samples all objects for their rates and averages, a part at each call, so that many servers do not hold control up.
 */
struct stat_sampler {
	uint32_t part;
};

enum { STAT_SAMPLER_PARTS = 10, STAT_SAMPLER_INTERVAL_US = 100000 };

/* To be called every STAT_SAMPLER_INTERVAL_US; each object's turn comes once a second. */
void stat_sampler_run(struct stat_sampler *sampler, const struct proxies *proxies, uint64_t now_us);

#endif

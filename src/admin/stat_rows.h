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

/* Samples all objects for their rates and averages, once a second and all at one moment: of rows that were sampled at
 * different moments, the rates do not add up. Only what would hold control up for more than about 5 ms goes on at the next
 * calls: a busy server costs 0.3 us for each worker, so a slice is 1,000 of them with 16 workers. */
struct stat_sampler {
	uint64_t began_us; /* monotonic, when this round or the last one began; 0: never */
	uint32_t backend, server;
	bool running;
};

enum { STAT_SAMPLER_SLICE = 16384, STAT_SAMPLER_ROUND_US = 1000000, STAT_SAMPLER_INTERVAL_US = 100000 };

/* To be called every STAT_SAMPLER_INTERVAL_US. slice: servers times workers that one call may sample. */
void stat_sampler_run(struct stat_sampler *sampler, const struct proxies *proxies, uint32_t slice, uint64_t now_us);

#endif

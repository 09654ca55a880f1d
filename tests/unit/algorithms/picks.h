/* What the tests of all algorithms share. */
#ifndef LBD_TESTS_PICKS_H
#define LBD_TESTS_PICKS_H

#include "support/backend_fixture.h"

enum { PICKS_SERVERS_MAX = 64 };

/* Every algorithm that is built in, ended by NULL. */
extern const char *const picks_algorithms[];

/* Picks `each` times from each of `threads` threads at once; counts by index of the server. */
void picks_from_threads(struct backend_fixture *f, unsigned threads, unsigned each, uint64_t *count);
/* Picks n times, one after the other, giving each place back; counts by index. */
void picks_count(struct backend_fixture *f, unsigned n, uint64_t *count);
/* The letters of n picks, A for the first server; '-' for none. */
const char *picks_letters(struct backend_fixture *f, unsigned n, char *out);
/* Chi-square of counts against weights. */
double picks_chi_square(const uint64_t *count, const uint32_t *weight, uint32_t n);

#endif

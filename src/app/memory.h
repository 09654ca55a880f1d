/* global.memory: how much the process has, as the kernel counts it, and what the workers are told of it. Control only. */
#ifndef LBD_APP_MEMORY_H
#define LBD_APP_MEMORY_H

#include "app/limits.h"

enum { MEMORY_LOOK_US = 20000 }; /* between two looks */

struct memory_watch {
	uint64_t limit; /* bytes; 0: none */
	int statm;      /* the file that tells; -1: none */
	uint64_t trimmed_us;
	struct limit_watch said;
};

/* False: it cannot be told how much the process has, or that is too much for the limit already; error says so. */
bool memory_open(struct memory_watch *m, uint64_t limit, char *error, size_t error_size) LBD_MUST_CHECK;
void memory_close(struct memory_watch *m);
/* Resident bytes now; 0: unknown. */
uint64_t memory_used(const struct memory_watch *m);
/* Every MEMORY_LOOK_US, where there is a limit: sets limits->memory_level and budget, and says so when it is reached and when
 * it is over. True: the workers have something to do. */
bool memory_look(
	struct memory_watch *m, struct limits *limits, uint32_t workers, struct log_ring *log, uint64_t now_us);

#endif

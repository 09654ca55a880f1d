/* Every listening socket of the program is made here, before the threads start: one for each address and worker. */
#ifndef LBD_APP_BINDS_H
#define LBD_APP_BINDS_H

#include "proxy/worker.h"

struct binds {
	struct bind_point *at;
	uint32_t count, workers;
	int *fds; /* workers * count; -1: this worker does not listen there. Taken over by the workers */
};

/* False: error says which address cannot be used, and why. */
bool binds_open(struct binds *b, const struct proxies *proxies, const struct config *config, uint32_t workers,
	char *error, size_t error_size) LBD_MUST_CHECK;
/* Closes what was not taken over, and removes the files of Unix sockets. */
void binds_close(struct binds *b);

#endif

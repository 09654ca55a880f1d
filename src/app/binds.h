/* Every listening socket of the program is made here, before the threads start: one for each address and worker. Nobody
 * can connect to them before binds_listen, so that a start that fails half-way costs nobody a connection. */
#ifndef LBD_APP_BINDS_H
#define LBD_APP_BINDS_H

#include "app/owner.h"
#include "app/takeover.h"
#include "net/listen_table.h"
#include "net/name_table.h"
#include "net/socket_file.h"
#include "proxy/worker.h"

struct binds {
	struct bind_point *at;
	const struct config_address **written; /* in the configuration */
	struct socket_file *files;             /* of Unix sockets */
	struct owner *owners;                  /* of these; looked up while that is possible */
	uint32_t count, most, workers;         /* most: room for so many */
	int *fds; /* workers * most; -1: this worker does not listen there. Taken over by the workers */
	struct listen_table others;
};

/* Looks names up, each of which may stand for several addresses, and who listens already: without a takeover, nobody may. False: error says which address cannot be
 * used, and why. */
bool binds_resolve(struct binds *b, const struct proxies *proxies, const struct config *config, struct name_table *names,
	uint32_t workers, const struct takeover *takeover, char *error, size_t error_size) LBD_MUST_CHECK;
/* As the user that will run. */
bool binds_open(struct binds *b, const struct takeover *takeover, char *error, size_t error_size) LBD_MUST_CHECK;
/* From now on clients come. */
bool binds_listen(struct binds *b, const struct takeover *takeover, char *error, size_t error_size) LBD_MUST_CHECK;
/* Closes what was not taken over, and removes the files of Unix sockets. */
void binds_close(struct binds *b);

#endif

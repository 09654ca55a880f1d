#include "app/binds.h"

#include "net/socket.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { BINDS_BACKLOG = 4096 };

static bool binds_is_local(const struct bind_point *bind)
{
	return bind->address.as.any.sa_family == AF_UNIX;
}

/* One address: a socket for each worker. The first one may get its port from the kernel; the others take the same. A
 * Unix socket cannot be shared by name, so the first worker has it alone. */
static int binds_open_one(struct binds *b, uint32_t i)
{
	struct bind_point *bind = &b->at[i];
	for (uint32_t w = 0; w < b->workers; w++) {
		if (binds_is_local(bind) && w > 0)
			break;
		int fd = socket_listen(&bind->address, true, BINDS_BACKLOG);
		if (fd < 0)
			return errno;
		bind->listens = true;
		b->fds[w * b->count + i] = fd;
		if (w == 0 && !binds_is_local(bind))
			socket_local_address(fd, &bind->address);
	}
	if (!binds_is_local(bind))
		bind->port_length =
			(uint8_t)snprintf(bind->port, sizeof bind->port, "%u", (unsigned)address_port(&bind->address));
	return 0;
}

bool binds_open(struct binds *b, const struct proxies *proxies, const struct config *config, uint32_t workers,
	char *error, size_t error_size)
{
	*b = (struct binds){.workers = workers};
	for (uint32_t f = 0; f < config->frontend_count; f++)
		b->count += config->frontends[f].bind_count;
	b->at = calloc(b->count ? b->count : 1, sizeof *b->at);
	b->fds = malloc(sizeof *b->fds * (b->count ? b->count : 1) * workers);
	if (!b->at || !b->fds) {
		snprintf(error, error_size, "memory is out");
		return false;
	}
	for (uint32_t i = 0; i < b->count * workers; i++)
		b->fds[i] = -1;
	uint32_t i = 0;
	for (uint32_t f = 0; f < config->frontend_count; f++)
		for (uint32_t k = 0; k < config->frontends[f].bind_count; k++, i++) {
			const struct config_address *address = &config->frontends[f].bind[k];
			char why[256];
			b->at[i].frontend = proxies->frontends[f];
			if (!address_resolve(&b->at[i].address, address->text, why, sizeof why)) {
				config_write_error(error, error_size, address->file, address->line,
					"bind of frontend '%s': %s", config->frontends[f].name, why);
				return false;
			}
			int failed = binds_open_one(b, i);
			if (failed) {
				config_write_error(error, error_size, address->file, address->line,
					"frontend '%s' cannot listen on %s: %s", config->frontends[f].name,
					address->text, strerror(failed));
				return false;
			}
		}
	return true;
}

void binds_close(struct binds *b)
{
	for (uint32_t i = 0; b->fds && i < b->count * b->workers; i++)
		if (b->fds[i] >= 0)
			close(b->fds[i]);
	for (uint32_t i = 0; b->at && i < b->count; i++)
		if (b->at[i].listens && binds_is_local(&b->at[i]))
			unlink(b->at[i].address.as.local.sun_path);
	free(b->at);
	free(b->fds);
	*b = (struct binds){0};
}

#include "app/binds.h"

#include "app/owner.h"
#include "base/safe_path.h"
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

static bool binds_refuse(
	const struct binds *b, uint32_t i, const char *why, const char *more, char *error, size_t error_size)
{
	const struct config_address *written = b->written[i];
	config_write_error(error, error_size, written->file, written->line, "frontend '%s' cannot listen on %s: %s%s",
		b->at[i].frontend->name, written->text, why, more);
	return false;
}

/* ---- who else is there ---- */

static int binds_compare(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
	return a < b ? -1 : a > b;
}

static bool binds_look_for_others(
	struct binds *b, const uint64_t *ours, size_t count, char *error, size_t error_size)
{
	if (!listen_table_read(&b->others)) {
		snprintf(error, error_size, "lbd: cannot read who listens from /proc/self/net/tcp: %s",
			strerror(errno));
		return false;
	}
	for (uint32_t i = 0; i < b->count; i++) {
		char who[64];
		uint64_t other = binds_is_local(&b->at[i]) || !address_port(&b->at[i].address)
					 ? 0
					 : listen_table_find(&b->others, &b->at[i].address, ours, count);
		if (!other)
			continue;
		listen_table_describe_owner(other, who, sizeof who);
		char why[256];
		snprintf(why, sizeof why,
			"Address already in use: another process%s listens there. lbd -x SOCKET takes over from a "
			"running lbd, whose stats socket is SOCKET",
			who);
		return binds_refuse(b, i, why, "", error, error_size);
	}
	return true;
}

/* Two that start in the same moment have both seen nobody. */
static bool binds_look_again(struct binds *b, char *error, size_t error_size)
{
	size_t count = 0;
	uint64_t *ours = calloc((size_t)b->most * b->workers + 1, sizeof *ours);
	if (!ours) {
		snprintf(error, error_size, "lbd: memory is out");
		return false;
	}
	for (uint32_t i = 0; i < b->most * b->workers; i++)
		if (b->fds[i] >= 0)
			ours[count++] = socket_inode(b->fds[i]);
	qsort(ours, count, sizeof *ours, binds_compare);
	bool alone = binds_look_for_others(b, ours, count, error, error_size);
	free(ours);
	return alone;
}

/* ---- addresses ---- */

static void binds_free_lists(struct address_list **lists)
{
	for (struct address_list **list = lists; list && *list; list++)
		free(*list);
	free(lists);
}

/* What the binds of the configuration stand for, in their order, and a NULL behind them. NULL: error says why. */
static struct address_list **binds_look_up(
	const struct config *config, struct name_table *names, uint32_t *addresses, char *error, size_t error_size)
{
	uint32_t binds = 0, n = 0;
	for (uint32_t f = 0; f < config->frontend_count; f++)
		binds += config->frontends[f].bind_count;
	struct address_list **lists = calloc(binds + 1, sizeof(struct address_list *));
	if (!lists)
		snprintf(error, error_size, "lbd: memory is out");
	for (uint32_t f = 0; lists && f < config->frontend_count; f++)
		for (uint32_t k = 0; k < config->frontends[f].bind_count; k++, n++) {
			const struct config_address *address = &config->frontends[f].bind[k];
			char why[256];
			lists[n] = name_table_resolve(names, address->text, why, sizeof why);
			if (!lists[n]) {
				config_write_error(error, error_size, address->file, address->line,
					"bind of frontend '%s': %s", config->frontends[f].name, why);
				binds_free_lists(lists);
				return NULL;
			}
			*addresses += lists[n]->count;
		}
	return lists;
}

static bool binds_make_room(struct binds *b, uint32_t most)
{
	b->most = most;
	b->at = calloc(most + 1, sizeof *b->at);
	b->written = calloc(most + 1, sizeof *b->written);
	b->files = calloc(most + 1, sizeof *b->files);
	b->owners = calloc(most + 1, sizeof *b->owners);
	b->fds = malloc(sizeof *b->fds * (most + 1) * b->workers);
	for (uint32_t i = 0; b->fds && i < most * b->workers; i++)
		b->fds[i] = -1;
	return b->at && b->written && b->files && b->owners && b->fds;
}

static void binds_fill(
	struct binds *b, const struct proxies *proxies, const struct config *config, struct address_list **lists)
{
	for (uint32_t f = 0; f < config->frontend_count; f++)
		for (uint32_t k = 0; k < config->frontends[f].bind_count; k++, lists++)
			for (uint32_t i = 0; i < (*lists)->count; i++) {
				const struct config_unix_socket *local = &config->frontends[f].unix_socket;
				char why[256];
				/* The names were checked with the configuration; who is gone since is nobody. */
				if (!owner_find(&b->owners[b->count], local->user, local->group, why, sizeof why))
					b->owners[b->count] = (struct owner){(uid_t)-1, (gid_t)-1};
				b->at[b->count].frontend = proxies->frontends[f];
				b->at[b->count].address = (*lists)->at[i];
				b->written[b->count++] = &config->frontends[f].bind[k];
			}
}

bool binds_resolve(struct binds *b, const struct proxies *proxies, const struct config *config, struct name_table *names,
	uint32_t workers, const struct takeover *takeover, char *error, size_t error_size)
{
	*b = (struct binds){.workers = workers, .others.fds = {-1, -1}};
	uint32_t addresses = 0;
	struct address_list **lists = binds_look_up(config, names, &addresses, error, error_size);
	bool room = lists && binds_make_room(b, addresses);
	if (room)
		binds_fill(b, proxies, config, lists);
	else if (lists)
		snprintf(error, error_size, "lbd: memory is out");
	binds_free_lists(lists);
	if (!room)
		return false;
	if (takeover_is_asked(takeover))
		return true;
	if (!listen_table_open(&b->others)) {
		snprintf(error, error_size, "lbd: cannot open /proc/self/net/tcp, which tells who listens: %s",
			strerror(errno));
		return false;
	}
	return binds_look_for_others(b, NULL, 0, error, error_size);
}

/* ---- sockets ---- */

/* The first one may get its port from the kernel; the others take the same. */
static int binds_open_shared(struct binds *b, uint32_t i)
{
	struct bind_point *bind = &b->at[i];
	for (uint32_t w = 0; w < b->workers; w++) {
		int fd = socket_bind(&bind->address, true);
		if (fd < 0)
			return errno;
		b->fds[w * b->most + i] = fd;
		if (w == 0)
			socket_local_address(fd, &bind->address);
	}
	bind->port_length =
		(uint8_t)snprintf(bind->port, sizeof bind->port, "%u", (unsigned)address_port(&bind->address));
	return 0;
}

/* A Unix socket cannot be shared by name, so the first worker has it alone. */
static int binds_open_local(struct binds *b, uint32_t i, const struct takeover *takeover)
{
	const struct config_frontend *f = atomic_load_explicit(&b->at[i].frontend->conf, memory_order_relaxed);
	int mode = f->unix_socket.mode ? (int)f->unix_socket.mode : SOCKET_FILE_MASK;
	b->fds[i] = socket_file_listen(
		&b->files[i], &b->at[i].address, BINDS_BACKLOG, mode, takeover_process(takeover));
	return b->fds[i] < 0 || !socket_file_own(&b->files[i], b->owners[i].user, b->owners[i].group) ? errno : 0;
}

static bool binds_is_same_name(const struct binds *b, uint32_t i, uint32_t other)
{
	return other < b->count && b->written[i] == b->written[other];
}

/* Of a name, what this machine has not is left out while there are others: a hosts file has ::1 also where IPv6 is off. */
static bool binds_leave_out(struct binds *b, uint32_t i, int failed)
{
	bool others = binds_is_same_name(b, i, i + 1) || (i > 0 && binds_is_same_name(b, i, i - 1));
	if ((failed != EADDRNOTAVAIL && failed != EAFNOSUPPORT) || !others)
		return false;
	b->count--;
	memmove(&b->at[i], &b->at[i + 1], (b->count - i) * sizeof *b->at);
	memmove(&b->written[i], &b->written[i + 1], (b->count - i) * sizeof *b->written);
	return true;
}

bool binds_open(struct binds *b, const struct takeover *takeover, char *error, size_t error_size)
{
	for (uint32_t i = 0; i < b->count; i++) {
		bool local = binds_is_local(&b->at[i]);
		char why[512];
		/* A port that the kernel chooses is one for all addresses of a name. */
		if (i > 0 && binds_is_same_name(b, i, i - 1))
			address_set_port(&b->at[i].address, address_port(&b->at[i - 1].address));
		if (local && !safe_path_directory(b->at[i].address.as.local.sun_path, why, sizeof why))
			return binds_refuse(b, i, why, "", error, error_size);
		int failed = local ? binds_open_local(b, i, takeover) : binds_open_shared(b, i);
		if (!failed)
			continue;
		if (binds_leave_out(b, i, failed)) {
			i--;
			continue;
		}
		const char *hint = failed != EADDRINUSE ? ""
				   : local ? " (another process answers on it, or the file is no socket)"
				   : takeover_is_asked(takeover)
					   ? " (-x takes over only what a process of the same user has)"
					   : "";
		return binds_refuse(b, i, strerror(failed), hint, error, error_size);
	}
	return true;
}

bool binds_listen(struct binds *b, const struct takeover *takeover, char *error, size_t error_size)
{
	for (uint32_t i = 0; i < b->count; i++) {
		bool good = !binds_is_local(&b->at[i]) || socket_file_publish(&b->files[i]);
		for (uint32_t w = 0; good && !binds_is_local(&b->at[i]) && w < b->workers; w++)
			good = listen(b->fds[w * b->most + i], BINDS_BACKLOG) == 0;
		if (!good)
			return binds_refuse(b, i, strerror(errno), "", error, error_size);
	}
	bool alone = takeover_is_asked(takeover) || binds_look_again(b, error, error_size);
	listen_table_close(&b->others);
	return alone;
}

void binds_close(struct binds *b)
{
	for (uint32_t i = 0; b->fds && i < b->most * b->workers; i++)
		if (b->fds[i] >= 0)
			close(b->fds[i]);
	for (uint32_t i = 0; b->files && i < b->count; i++)
		socket_file_remove(&b->files[i]);
	if (b->at)
		listen_table_close(&b->others);
	free(b->at);
	free(b->written);
	free(b->files);
	free(b->owners);
	free(b->fds);
	*b = (struct binds){0};
}

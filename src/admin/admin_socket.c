/* The listener of one stats socket and its clients. What is said is in cli.h; here is how bytes travel: input is not
 * read while output waits, one client costs one bounded buffer, and no client holds control up for more than one run.
 */
#include "admin/admin.h"
#include "admin/cli.h"
#include "base/safe_path.h"
#include "net/channel.h"
#include "net/listener.h"
#include "net/socket_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { ADMIN_BACKLOG = 128 };

struct admin {
	struct listener listener;
	struct admin_host *host;
	struct admin *next; /* in host->sockets */
	struct socket_file file;
	enum config_level level;
	uint32_t max_clients, client_count;
	uint64_t timeout_us;
	struct list clients;
	bool full; /* the last one was refused */
};

struct admin_client {
	struct channel channel; /* first: a channel is its client */
	struct admin *admin;
	struct list link;
	struct cli cli;
	struct timer idle, again;
	struct doomed doomed;
	bool ending; /* only the output is left */
};

static struct admin_client *admin_client_of(struct channel *c)
{
	return (struct admin_client *)c;
}

/* ---- the end of a client ---- */

static void admin_client_free(struct doomed *doomed, void *owner)
{
	struct admin_client *client =
		(struct admin_client *)(void *)((char *)doomed - offsetof(struct admin_client, doomed));
	cli_free(&client->cli);
	free(client);
}

/* A Unix socket that is closed with unread input resets its peer, who would lose the end of the answer. */
static void admin_discard_input(struct channel *c)
{
	for (int i = 0; i < 4; i++)
		if (channel_read(c, c->loop->scratch, LOOP_SCRATCH) != LOOP_SCRATCH)
			return;
}

static void admin_client_end(struct admin_client *client)
{
	if (!channel_is_open(&client->channel))
		return;
	struct loop *loop = client->channel.loop;
	admin_discard_input(&client->channel);
	channel_close(&client->channel, false);
	listener_keep_spare(&client->admin->listener);
	timer_stop(&client->idle);
	timer_stop(&client->again);
	list_remove(&client->link);
	client->admin->client_count--;
	loop_doom(loop, &client->doomed, admin_client_free);
}

/* ---- a client's turn ---- */

static void admin_client_flush_and_end(struct admin_client *client)
{
	channel_flush(&client->channel);
	if (channel_pending(&client->channel) && !client->channel.error) {
		client->ending = true;
		channel_pause(&client->channel);
		return; /* drained follows, or the timeout */
	}
	admin_client_end(client);
}

/* Runs what there is to run, and settles what is to be waited for. */
static void admin_client_serve(struct admin_client *client)
{
	struct cli *cli = &client->cli;
	struct channel *c = &client->channel;
	enum cli_state state = cli_run(cli);
	if (!channel_is_open(c))
		return; /* a command ended the socket */
	timer_start(&client->idle, cli->settings.timeout_us, 0);
	if (cli->out.n && !channel_write(c, cli->out.data, cli->out.n)) {
		admin_client_end(client);
		return;
	}
	text_clear(&cli->out);
	if (state == CLI_ENDED) {
		admin_client_flush_and_end(client);
		return;
	}
	if (state != CLI_WANTS_INPUT || c->blocked) {
		channel_pause(c);
		if (!c->blocked && state == CLI_HAS_MORE)
			timer_start(&client->again, 0, 0);
		return;
	}
	text_free(&cli->out);
	if (!cli->input_ended)
		channel_resume(c);
}

static void admin_client_on_readable(struct channel *c)
{
	struct admin_client *client = admin_client_of(c);
	size_t room = cli_room(&client->cli);
	ssize_t n = channel_read(c, c->loop->scratch, room < LOOP_SCRATCH ? room : LOOP_SCRATCH);
	if (n == CHANNEL_AGAIN)
		return;
	if (n == CHANNEL_ERROR) {
		admin_client_end(client);
		return;
	}
	if (n == CHANNEL_CLOSED)
		cli_feed_end(&client->cli);
	else
		cli_feed(&client->cli, c->loop->scratch, (size_t)n);
	admin_client_serve(client);
}

static void admin_client_on_drained(struct channel *c)
{
	struct admin_client *client = admin_client_of(c);
	if (client->ending)
		admin_client_end(client);
	else
		admin_client_serve(client);
}

static void admin_client_on_failed(struct channel *c, int error)
{
	admin_client_end(admin_client_of(c));
}

static void admin_client_on_connected(struct channel *c, int error)
{
	/* accepted sockets are connected */
}

static void admin_client_on_again(struct timer *timer)
{
	struct admin_client *client =
		(struct admin_client *)(void *)((char *)timer - offsetof(struct admin_client, again));
	/* A flush at the end of the last turn may have been refused: then drained follows. */
	if (!client->channel.blocked)
		admin_client_serve(client);
}

/* What its command waited for is there. */
static void admin_client_on_wake(struct command_call *call)
{
	struct cli *cli = (struct cli *)(void *)((char *)call - offsetof(struct cli, call));
	struct admin_client *client = (struct admin_client *)(void *)((char *)cli - offsetof(struct admin_client, cli));
	if (channel_is_open(&client->channel) && !client->channel.blocked)
		admin_client_serve(client);
}

static void admin_client_on_idle(struct timer *timer)
{
	admin_client_end((struct admin_client *)(void *)((char *)timer - offsetof(struct admin_client, idle)));
}

static const struct channel_owner admin_client_owner = {
	.readable = admin_client_on_readable,
	.connected = admin_client_on_connected,
	.drained = admin_client_on_drained,
	.failed = admin_client_on_failed,
};

/* ---- the beginning of a client ---- */

static struct cli_peer admin_peer(int fd)
{
	struct ucred cred = {0};
	socklen_t length = sizeof cred;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &length) < 0)
		return (struct cli_peer){0};
	return (struct cli_peer){.pid = cred.pid, .uid = cred.uid};
}

/* The events of one turn come in any order: a client that left already must not cost another one its place. */
static void admin_notice_ends(struct admin *admin)
{
	for (struct list *at = admin->clients.next, *next; at != &admin->clients; at = next) {
		struct admin_client *client =
			(struct admin_client *)(void *)((char *)at - offsetof(struct admin_client, link));
		next = at->next;
		if (client->channel.reading)
			admin_client_on_readable(&client->channel);
	}
}

/* Closed without a word, because a tool would take a word for its answer; the log says it once for each time that the
 * socket is full. */
static void admin_refuse(struct admin *admin, int fd)
{
	if (!admin->full && admin->host->log)
		log_write(admin->host->log, LOG_LEVEL_WARNING,
			"Stats socket %s has %u clients (max_clients): more are closed at once.", admin->file.path,
			(unsigned)admin->client_count);
	admin->full = true;
	close(fd);
}

static void admin_on_accepted(struct listener *l, int fd, const struct address *peer)
{
	struct admin *admin = l->owner;
	if (admin->client_count >= admin->max_clients)
		admin_notice_ends(admin);
	struct admin_client *client = admin->client_count < admin->max_clients ? calloc(1, sizeof *client) : NULL;
	if (!client) {
		admin_refuse(admin, fd);
		return;
	}
	admin->full = false;
	client->admin = admin;
	timer_init(&client->idle, admin->host->loop, admin_client_on_idle);
	timer_init(&client->again, admin->host->loop, admin_client_on_again);
	cli_init(&client->cli, admin->host, admin->level, admin->timeout_us, admin_peer(fd));
	client->cli.call.wake = admin_client_on_wake;
	list_append(&admin->clients, &client->link);
	admin->client_count++;
	channel_open(&client->channel, admin->host->loop, fd, &admin_client_owner, false);
	timer_start(&client->idle, admin->timeout_us, 0);
}

/* ---- the socket ---- */

struct admin *admin_open(
	struct admin_host *host, const struct config_stats_socket *conf, char *error, size_t error_size)
{
	struct address address;
	char text[512];
	if (strlen(conf->path) >= sizeof address.as.local.sun_path) {
		snprintf(error, error_size, "stats socket %s: the path is too long, at most %zu bytes are possible",
			conf->path, sizeof address.as.local.sun_path - 1);
		return NULL;
	}
	snprintf(text, sizeof text, "unix:%s", conf->path);
	if (!address_parse(&address, text, error, error_size))
		return NULL;
	socket_file_make_directory(conf->path);
	if (!safe_path_directory(conf->path, text, sizeof text)) {
		snprintf(error, error_size, "%s", text);
		return NULL;
	}
	struct admin *admin = calloc(1, sizeof *admin);
	int fd = admin ? socket_file_listen(&admin->file, &address, ADMIN_BACKLOG, (int)conf->mode, host->replaces)
		       : -1;
	if (fd < 0) {
		snprintf(error, error_size, "cannot open stats socket %s: %s%s", conf->path, strerror(errno),
			errno == EADDRINUSE ? " (another process answers on it, or the file is no socket)" : "");
		free(admin);
		return NULL;
	}
	admin->host = host;
	admin->level = conf->level;
	admin->max_clients = conf->max_clients;
	admin->timeout_us = conf->timeout;
	list_init(&admin->clients);
	listener_open(&admin->listener, host->loop, fd, admin_on_accepted, admin);
	listener_keep_spare(&admin->listener);
	admin->next = host->sockets;
	host->sockets = admin;
	return admin;
}

bool admin_publish(struct admin *admin, char *error, size_t error_size)
{
	if (socket_file_publish(&admin->file))
		return true;
	snprintf(error, error_size, "cannot take over stats socket %s: %s", admin->file.path, strerror(errno));
	return false;
}

void admin_close(struct admin *admin)
{
	if (!admin)
		return;
	for (struct admin **at = &admin->host->sockets; *at; at = &(*at)->next)
		if (*at == admin) {
			*at = admin->next;
			break;
		}
	socket_file_remove(&admin->file);
	listener_close(&admin->listener);
	while (!list_empty(&admin->clients))
		admin_client_end((struct admin_client *)(void *)((char *)admin->clients.next -
								 offsetof(struct admin_client, link)));
	free(admin);
}

enum command_result command_show_cli_sockets(struct command_call *call)
{
	text_add_c(call->out, "# socket lvl processes\n");
	for (const struct admin *admin = call->host->sockets; admin; admin = admin->next)
		text_format(call->out, "unix@%s %s all\n", admin->file.path, command_level_word(admin->level));
	return COMMAND_DONE;
}

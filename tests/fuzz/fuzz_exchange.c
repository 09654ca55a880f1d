/* Fuzz target: a script of what a client, a server and the clock do to the real sessions and exchanges of one worker,
 * turn by turn. What must hold: the invariants; what reaches the server is a sequence of well-formed requests, each
 * with the proxy's own fields (until a tunnel begins); what reaches a client begins as a response does; and when both
 * ends are gone, everything ends and is given back.
 *
 * The script: one byte for an operation (see enum fuzz_operation), one that says whom it concerns, and for the bytes
 * that are sent a length and the bytes, or the number of a canned piece. */
#include "support/exchange_world.h"
#include "support/http_stream.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum fuzz_operation {
	FUZZ_CLIENT_SENDS,
	FUZZ_SERVER_SENDS,
	FUZZ_CLIENT_SAYS, /* a canned piece */
	FUZZ_SERVER_SAYS,
	FUZZ_TURN,
	FUZZ_CLIENT_ENDS, /* half-closes, closes, or resets */
	FUZZ_SERVER_ENDS,
	FUZZ_PASS, /* time */
	FUZZ_CONNECT,
	FUZZ_CLIENT_DEAF, /* reads no more, or again */
	FUZZ_SERVER_DEAF,
	FUZZ_FILL_CLIENT, /* many bytes */
	FUZZ_FILL_SERVER,
	FUZZ_STOP,
	FUZZ_OPERATIONS
};

enum { FUZZ_PEERS = 8, FUZZ_STEPS = 400, FUZZ_FILL = 40000, FUZZ_TAIL = 6 };

/* The other end of a connection. */
struct fuzz_peer {
	int fd; /* -1: none, or closed */
	bool server, http, deaf, shut;
	uint8_t halves;         /* turns in which a head was begun and did not go on */
	char tail[FUZZ_TAIL];   /* what a client sent last */
	struct http_stream got; /* what it got */
};

struct fuzz_run {
	struct exchange_world *world;
	struct fuzz_peer peers[2][FUZZ_PEERS]; /* clients, servers */
	const uint8_t *at, *end;
};

static void fuzz_need(bool condition, const char *what, const char *p, size_t n)
{
	if (condition)
		return;
	fprintf(stderr, "%s: %.*s\n", what, (int)n, p);
	abort();
}

/* ---- what the proxy says ---- */

static void fuzz_read(struct fuzz_peer *p)
{
	char data[4096];
	while (p->fd >= 0 && !p->deaf) {
		ssize_t got = recv(p->fd, data, sizeof data, MSG_DONTWAIT);
		if (got <= 0) {
			/* A head is written at once, and a turn or two are enough for what the kernel had no room for.
			 */
			p->halves = got < 0 && errno == EAGAIN && p->got.held && !p->got.unknowable ? p->halves + 1 : 0;
			fuzz_need(p->halves < 4, "half a head", p->got.head, p->got.held);
			return;
		}
		const char *wrong = p->http ? http_stream_take(&p->got, data, (size_t)got) : NULL;
		fuzz_need(!wrong, wrong, data, (size_t)got);
	}
}

/* ---- what the peers do ---- */

static uint8_t fuzz_next(struct fuzz_run *run)
{
	return run->at < run->end ? *run->at++ : 0;
}

static struct fuzz_peer *fuzz_add(struct fuzz_run *run, bool server, int fd, bool http)
{
	for (unsigned i = 0; i < FUZZ_PEERS; i++) {
		struct fuzz_peer *p = &run->peers[server][i];
		if (p->fd >= 0)
			continue;
		memset(p, 0, sizeof *p);
		p->fd = fd;
		p->server = p->got.is_request = server;
		p->http = http;
		return p;
	}
	close(fd);
	return NULL;
}

static void fuzz_turn(struct fuzz_run *run, bool tcp)
{
	exchange_world_turn(run->world);
	for (int fd; (fd = exchange_world_accept(run->world)) >= 0;)
		fuzz_add(run, true, fd, !tcp);
	for (unsigned i = 0; i < FUZZ_PEERS; i++) {
		fuzz_read(&run->peers[0][i]);
		fuzz_read(&run->peers[1][i]);
	}
}

/* An answer to one of these has no body, or no end: whose answer it is, we do not follow. */
static void fuzz_note_methods(struct fuzz_peer *p, const char *data, size_t n)
{
	char joint[2 * FUZZ_TAIL];
	size_t more = n < FUZZ_TAIL ? n : FUZZ_TAIL;
	memcpy(joint, p->tail, FUZZ_TAIL);
	memcpy(joint + FUZZ_TAIL, data, more);
	if (memmem(joint, FUZZ_TAIL + more, "HEAD", 4) || memmem(data, n, "HEAD", 4) ||
		memmem(joint, FUZZ_TAIL + more, "CONNECT", 7) || memmem(data, n, "CONNECT", 7))
		p->got.unknowable = true;
	if (n >= FUZZ_TAIL)
		memcpy(p->tail, data + n - FUZZ_TAIL, FUZZ_TAIL);
	else
		memcpy(p->tail, joint + more, FUZZ_TAIL);
}

static void fuzz_send(struct fuzz_peer *p, const void *data, size_t n)
{
	if (p->fd < 0 || p->shut || !n)
		return;
	if (!p->server)
		fuzz_note_methods(p, data, n);
	(void)!send(p->fd, data, n, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void fuzz_close(struct fuzz_peer *p)
{
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
}

static void fuzz_end(struct fuzz_peer *p, unsigned how)
{
	if (p->fd < 0)
		return;
	if (how % 3) {
		/* With bytes unread a close is a reset; a deaf peer leaves some. */
		if (how % 3 == 1)
			fuzz_read(p);
		fuzz_close(p);
		return;
	}
	shutdown(p->fd, SHUT_WR);
	p->shut = true;
}

static void fuzz_say(struct fuzz_peer *p, unsigned number)
{
	static const char *const client[] = {
		"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
		"POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n",
		"hello",
		"POST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
		"5\r\nhello\r\n",
		"0\r\n\r\n",
		"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET /up HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: b\r\n\r\n",
		"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n",
		"GET / HTTP/1.0\r\n\r\n",
		"PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 40000\r\n\r\n",
		"GET /edit/x?y HTTP/1.1\r\nHost: a\r\nCookie: c\r\n\r\n",
		"OPTIONS * HTTP/1.1\r\nHost: a\r\nMax-Forwards: 1\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
		"GET /return HTTP/1.1\r\nHost: a\r\n\r\n",
		"\r\n",
	};
	static const char *const server[] = {
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
		"HTTP/1.1 200 OK\r\nContent-Length: 20000\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
		"5\r\nhello\r\n",
		"0\r\n\r\n",
		"HTTP/1.1 200 OK\r\n\r\n",
		"HTTP/1.1 100 Continue\r\n\r\n",
		"HTTP/1.1 101 Switch\r\nConnection: upgrade\r\nUpgrade: b\r\n\r\n",
		"HTTP/1.1 204 No\r\n\r\n",
		"HTTP/1.1 304 No\r\nContent-Length: 5\r\n\r\n",
		"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 413 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 502 No\r\nContent-Length: 0\r\n\r\n",
		"ok",
		"HTTP/1.1 103 Hints\r\nLink: a\r\n\r\n",
		"\r\n",
	};
	const char *piece = (p->server ? server : client)[number % 16];
	fuzz_send(p, piece, strlen(piece));
}

static void fuzz_operate(struct fuzz_run *run, unsigned operation, unsigned who, bool *stopped)
{
	static const uint64_t times_us[] = {1000, 500000, 5000000, 31000000, 70000000};
	static const char filler[FUZZ_FILL];
	struct fuzz_peer *client = &run->peers[0][who % FUZZ_PEERS], *server = &run->peers[1][who % FUZZ_PEERS];
	unsigned how = who / FUZZ_PEERS;
	size_t n;
	switch ((enum fuzz_operation)operation) {
	case FUZZ_CLIENT_SENDS:
	case FUZZ_SERVER_SENDS:
		n = fuzz_next(run);
		n = n < (size_t)(run->end - run->at) ? n : (size_t)(run->end - run->at);
		fuzz_send(operation == FUZZ_CLIENT_SENDS ? client : server, run->at, n);
		run->at += n;
		break;
	case FUZZ_CLIENT_SAYS:
		fuzz_say(client, how);
		break;
	case FUZZ_SERVER_SAYS:
		fuzz_say(server, how);
		break;
	case FUZZ_TURN:
	case FUZZ_OPERATIONS:
		break;
	case FUZZ_CLIENT_ENDS:
		fuzz_end(client, how);
		break;
	case FUZZ_SERVER_ENDS:
		fuzz_end(server, how);
		break;
	case FUZZ_PASS:
		exchange_world_pass(run->world, times_us[who % (sizeof times_us / sizeof *times_us)]);
		break;
	case FUZZ_CONNECT:
		break;
	case FUZZ_CLIENT_DEAF:
		client->deaf = !client->deaf;
		break;
	case FUZZ_SERVER_DEAF:
		server->deaf = !server->deaf;
		break;
	case FUZZ_FILL_CLIENT:
		fuzz_send(client, filler, sizeof filler);
		break;
	case FUZZ_FILL_SERVER:
		fuzz_send(server, filler, sizeof filler);
		break;
	case FUZZ_STOP:
		if (!*stopped)
			exchange_world_stop(run->world);
		*stopped = true;
		break;
	}
}

/* The upper half of an operation's byte says how many turns follow it: none, so that much happens in one, or a few. */
static void fuzz_script(struct fuzz_run *run, unsigned frontend)
{
	bool stopped = false, tcp = frontend == 2;
	for (int step = 0; run->at < run->end && step < FUZZ_STEPS; step++) {
		uint8_t byte = fuzz_next(run), who = fuzz_next(run);
		unsigned operation = (byte & 15) % FUZZ_OPERATIONS;
		if (operation == FUZZ_CONNECT && !stopped)
			fuzz_add(run, false, exchange_world_connect(run->world, frontend), !tcp);
		else
			fuzz_operate(run, operation, who, &stopped);
		for (unsigned turns = byte >> 6; turns; turns--)
			fuzz_turn(run, tcp);
	}
	fuzz_turn(run, tcp);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct exchange_world *world;
	static struct fuzz_run run;
	if (!world)
		world = exchange_world_create();
	if (n < 2)
		return 0;
	memset(&run, 0, sizeof run);
	for (unsigned i = 0; i < FUZZ_PEERS; i++)
		run.peers[0][i].fd = run.peers[1][i].fd = -1;
	run.world = world;
	run.at = data + 1;
	run.end = data + n;
	unsigned frontend = data[0] % WORLD_FRONTENDS;
	fuzz_add(&run, false, exchange_world_connect(world, frontend), frontend != 2);
	fuzz_script(&run, frontend);
	for (unsigned i = 0; i < FUZZ_PEERS; i++) {
		fuzz_close(&run.peers[0][i]);
		fuzz_close(&run.peers[1][i]);
	}
	exchange_world_settle(world);
	return 0;
}

/* The worker without a thread; see the header. The loop's own view of the time is replaced in libev's callbacks. */
#include "support/exchange_world.h"

#include "app/build.h"
#include "base/text.h"
#include "proxy/admission.h"
#include "proxy/upstream_idle.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	WORLD_TURNS = 64,
	WORLD_SMALL_BUFFER = 4096,
	WORLD_LOG_RING = 4096,
	WORLD_WORTH_SPLICING = 1024,
	WORLD_LARGE = 12 * 1024
};
static const uint64_t world_start_us = 1000000, world_hour_us = UINT64_C(3600000000);

struct exchange_world {
	struct worker worker;
	struct quiesce_reader readers[1];
	struct reclaimer reclaimer;
	struct backend_host host;
	struct proxies proxies;
	struct config *config;
	struct algorithm_loader *loader;
	struct log *log;
	struct limits limits;
	struct bind_point binds[WORLD_FRONTENDS];
	char directory[32];
	int listener;
	bool emptied;
	uint64_t now_us; /* of the loop, as of its next turn */
	void (*before_sleep)(void *context);
	void *before_sleep_context;
};

static void world_need(bool condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "exchange world: %s\n", what);
	abort();
}

static void world_said(void *context, enum log_level level, const char *line)
{
}

static void world_emptied(struct worker *w)
{
	((struct exchange_world *)w->app)->emptied = true;
}

static void world_on_release(struct ev_loop *ev) EV_NOEXCEPT
{
	struct loop *loop = ev_userdata(ev);
	world_need(list_empty(&loop->unflushed) && list_empty(&loop->failed) && !loop->doomed, "a turn left work");
	const struct exchange_world *world = ((struct worker *)loop->owner)->app;
	if (world->before_sleep)
		world->before_sleep(world->before_sleep_context);
}

static void world_on_acquire(struct ev_loop *ev) EV_NOEXCEPT
{
	struct loop *loop = ev_userdata(ev);
	struct worker *w = loop->owner;
	loop->now_us = ((struct exchange_world *)w->app)->now_us;
	loop->turns++;
}

static const char world_configuration[] =
	"frontends = {\n"
	"  plain = { bind = [\"127.0.0.1:0\"]; default_backend = \"app\"; access_log = { format = \"httplog\"; };\n"
	"    limits = { request_line = 256; header_bytes = \"1k\"; headers = 16; }; };\n"
	"  all = { bind = [\"127.0.0.1:0\"]; default_backend = \"app\"; access_log = { format = \"json\"; };\n"
	"    connect = true; via = \"fuzz\"; rules = (\n"
	"      { path = \"^/deny\"; deny = 403; }, { path = \"^/return\"; return = { status = 200; body = \"here\"; }; "
	"},\n"
	"      { path = \"^/large\"; return = { status = 200; body = \"%s\"; }; },\n"
	"      { path = \"^/costly/(a+)+$\"; deny = 403; }, { path = \"^/costly\"; deny = 403; },\n"
	"      { path = \"^/edit/(.*)\"; rewrite_path = \"/$1\"; set_header = { name = \"X-A\"; value = \"$1\"; };\n"
	"        del_header = \"Cookie\"; } ); };\n"
	"  pipe = { mode = \"tcp\"; bind = [\"127.0.0.1:0\"]; default_backend = \"tunnel\";\n"
	"    access_log = { format = \"tcplog\"; }; };\n"
	"};\n"
	"backends = {\n"
	"  app = { algorithm = \"round_robin\"; retry = { attempts = 3; };\n"
	"    servers = { a = { address = \"unix:%s/a\"; weight = 10; }; gone = { address = \"unix:%s/gone\"; weight = "
	"1; }; }; };\n"
	"  tunnel = { mode = \"tcp\"; servers = { a = { address = \"unix:%s/a\"; }; }; };\n"
	"};\n";

static void world_configure(struct exchange_world *world)
{
	static const char *const directories[] = {TEST_ALGORITHMS};
	const char *d = world->directory;
	struct text content = {0}, messages = {0};
	char error[1024] = "", large[WORLD_LARGE + 1] = "";
	memset(large, 'x', WORLD_LARGE);
	text_format(&content, world_configuration, large, d, d, d);
	world->config = config_load_text("world.conf", text_str(&content), &messages);
	if (!world->config)
		fprintf(stderr, "%.*s", (int)messages.n, messages.data);
	world_need(world->config != NULL, "configuration");
	world->loader = build_loader(world->config, directories, 1);
	world_need(world->loader != NULL, "loader");
	world->host = (struct backend_host){.reclaimer = &world->reclaimer,
		.workers = 1,
		.seed = 1,
		.events = {.context = world, .said = world_said}};
	world_need(build_proxies(&world->proxies, world->config, &world->host, world->loader, world->log, error,
			   sizeof error),
		error);
	text_free(&content);
	text_free(&messages);
}

static void world_listen(struct exchange_world *world)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	snprintf(world->directory, sizeof world->directory, "/tmp/lbd-world-XXXXXX");
	world_need(mkdtemp(world->directory) != NULL, "directory");
	snprintf(address.sun_path, sizeof address.sun_path, "%s/a", world->directory);
	/* What splice sends to a peer that has gone raises it, as in the daemon. */
	signal(SIGPIPE, SIG_IGN);
	world->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	world_need(world->listener >= 0, "socket");
	world_need(bind(world->listener, (struct sockaddr *)&address, sizeof address) == 0, "bind");
	world_need(listen(world->listener, 64) == 0, "listen");
}

/* What is left on the disk when the process ends: atexit has no argument. */
static struct exchange_world *world_made;

static void world_remove_files(void)
{
	char path[64];
	snprintf(path, sizeof path, "%s/a", world_made->directory);
	unlink(path);
	rmdir(world_made->directory);
}

struct exchange_world *exchange_world_create(void)
{
	size_t size = (sizeof(struct exchange_world) + LBD_CACHE_LINE - 1) / LBD_CACHE_LINE * LBD_CACHE_LINE;
	struct exchange_world *world = aligned_alloc(LBD_CACHE_LINE, size);
	world_need(world != NULL, "memory");
	memset(world, 0, size);
	world_listen(world);
	world_made = world;
	world_need(atexit(world_remove_files) == 0, "atexit");
	world->log = log_create();
	world_need(world->log && reclaimer_init(&world->reclaimer, world->readers, 1), "memory");
	struct worker *w = &world->worker;
	w->app = world;
	w->limits = &world->limits;
	places_init(&world->limits.sessions, 0);
	world->limits.descriptors_high = UINT32_MAX;
	w->emptied = world_emptied;
	w->log = log_add_ring(world->log, WORLD_LOG_RING);
	world_need(w->log && loop_init(&w->loop, w, NULL, 256) && worker_proxy_init(w), "worker");
	ev_set_loop_release_cb(w->loop.ev, world_on_release, world_on_acquire);
	/* Scripts are short, and the kernel has little room here: a small rest of a body is large. */
	w->loop.pipes.worth = WORLD_WORTH_SPLICING;
	w->loop.now_us = world->now_us = world_start_us;
	world_configure(world);
	for (unsigned i = 0; i < WORLD_FRONTENDS; i++)
		world->binds[i] =
			(struct bind_point){.frontend = world->proxies.frontends[i], .port = "8080", .port_length = 4};
	return world;
}

struct worker *exchange_world_worker(struct exchange_world *world)
{
	return &world->worker;
}

/* Little room in the kernel, so that backpressure is met soon. */
static void world_make_small(int fd)
{
	int size = WORLD_SMALL_BUFFER;
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
}

int exchange_world_connect(struct exchange_world *world, unsigned frontend)
{
	struct address peer = {.length = sizeof peer.as.v4, .as.v4 = {.sin_family = AF_INET}};
	int fds[2];
	peer.as.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	world_need(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0, "socketpair");
	world_make_small(fds[0]);
	world_make_small(fds[1]);
	struct bind_point *point = &world->binds[frontend % WORLD_FRONTENDS];
	world_need(places_take(&point->frontend->places) && places_take(&world->limits.sessions), "a place");
	session_start(&world->worker, point, fds[0], &peer);
	return fds[1];
}

int exchange_world_accept(struct exchange_world *world)
{
	int fd = accept4(world->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd >= 0)
		world_make_small(fd);
	return fd;
}

void exchange_world_turn(struct exchange_world *world)
{
	ev_run(world->worker.loop.ev, EVRUN_NOWAIT);
}

void exchange_world_before_sleep(struct exchange_world *world, void (*hook)(void *context), void *context)
{
	world->before_sleep = hook;
	world->before_sleep_context = context;
}

void exchange_world_pass(struct exchange_world *world, uint64_t us)
{
	world->now_us += us;
	exchange_world_turn(world);
	/* A loop that was late gives input some turns first. */
	for (int i = 0; i < 10; i++) {
		timeouts_expire(&world->worker.loop);
		exchange_world_turn(world);
	}
}

void exchange_world_stop(struct exchange_world *world)
{
	worker_stop_sessions(&world->worker);
}

static bool world_is_empty(const struct exchange_world *world)
{
	const struct worker *w = &world->worker;
	return !w->session_count && !w->sessions.used && !w->exchanges.used && !w->upstreams.used;
}

static void world_close_idle(struct exchange_world *world)
{
	for (uint32_t i = 0; i < world->proxies.backend_count; i++)
		for (uint32_t k = 0; k < world->proxies.backends[i]->server_count; k++)
			upstream_close_idle(&world->worker, world->proxies.backends[i]->servers[k]);
}

static void world_check_figures(const struct exchange_world *world)
{
	for (uint32_t i = 0; i < world->proxies.frontend_count; i++)
		world_need(!atomic_load(&world->proxies.frontends[i]->sessions) &&
				   !places_taken(&world->proxies.frontends[i]->places),
			"sessions of a frontend are left");
	world_need(!places_taken(&world->limits.sessions), "places of the process are left");
	for (uint32_t i = 0; i < world->proxies.backend_count; i++) {
		const struct backend *b = world->proxies.backends[i];
		world_need(!backend_in_flight(b), "places on a server are left");
		for (uint32_t k = 0; k < b->server_count; k++)
			world_need(!server_idle_count(b->servers[k]), "idle upstreams are left");
	}
	const struct timeouts *t = &world->worker.loop.timeouts;
	for (uint32_t i = 0; i < t->count; i++)
		world_need(list_empty(&t->classes[i].waiting), "a timeout is left");
}

void exchange_world_settle(struct exchange_world *world)
{
	const struct worker *w = &world->worker;
	for (int i = 0; i < WORLD_TURNS && !world_is_empty(world); i++) {
		for (int fd; (fd = exchange_world_accept(world)) >= 0;)
			close(fd);
		exchange_world_turn(world);
		world_close_idle(world);
		if (i >= WORLD_TURNS / 2)
			exchange_world_pass(world, world_hour_us);
	}
	for (int fd; (fd = exchange_world_accept(world)) >= 0;)
		close(fd);
	exchange_world_turn(world);
	if (!world_is_empty(world))
		fprintf(stderr, "%zu sessions, %zu exchanges, %zu upstreams\n", w->sessions.used, w->exchanges.used,
			w->upstreams.used);
	world_need(world_is_empty(world), "something did not end");
	for (int i = 0; i < 2 && timeout_running(&w->loop.spare_pipe); i++)
		exchange_world_pass(world, world_hour_us);
	world_need(!w->loop.pipes.made, "a pipe is left");
	world_check_figures(world);
	world_need(!w->stopping || world->emptied, "the end of the last session was not told");
	world->worker.stopping = world->emptied = false;
	world->worker.loop.now_us = world->now_us = world_start_us;
	timeouts_init(&world->worker.loop.timeouts);
	ev_timer_stop(w->loop.ev, &world->worker.loop.expiry);
}

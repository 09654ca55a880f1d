#include "support/admin_fixture.h"

#include "backend/algorithm_loader.h"
#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>

struct fixture_all {
	struct fixture fixture;
	struct backend_host host;
	struct reclaimer reclaimer;
	struct quiesce_reader readers[FIXTURE_WORKERS];
	struct config_frontend web;
	struct config_backend app, db;
	struct config_server *servers;
	struct config_server db_server;
	struct algorithm algorithm;
	char (*names)[16];
};

/* ---- an algorithm that always picks the first server ---- */

static char fixture_nothing;

static void *fixture_algorithm_create(const struct lbd_setup *setup, char *error, size_t error_size)
{
	return &fixture_nothing;
}

static void fixture_algorithm_destroy(void *instance)
{
}

static void *fixture_algorithm_prepare(void *instance, const struct lbd_set *set, char *error, size_t error_size)
{
	return &fixture_nothing;
}

static void fixture_algorithm_release(void *instance, void *table)
{
}

static uint32_t fixture_algorithm_pick(
	void *instance, const void *table, const struct lbd_set *set, const struct lbd_pick *pick)
{
	return lbd_may_take(set, pick, 0) ? 0 : LBD_NONE;
}

static const struct lbd_algorithm fixture_plugin = {
	.abi_major = LBD_ABI_MAJOR,
	.abi_minor = LBD_ABI_MINOR,
	.struct_size = sizeof(struct lbd_algorithm),
	.name = "leftmost",
	.summary = "the first server",
	.create = fixture_algorithm_create,
	.destroy = fixture_algorithm_destroy,
	.prepare = fixture_algorithm_prepare,
	.release = fixture_algorithm_release,
	.pick = fixture_algorithm_pick,
};

/* ---- the objects ---- */

static void fixture_need(bool condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "admin fixture: %s\n", what);
	abort();
}

static void fixture_said(void *context, enum log_level level, const char *line)
{
	struct fixture *f = context;
	text_format(&f->said, "%s\n", line);
}

static void fixture_process_info(void *context, struct process_info *out)
{
	const struct fixture *f = context;
	*out = f->info;
}

static struct config_backend fixture_backend(const char *name, enum config_mode mode)
{
	return (struct config_backend){.name = name,
		.mode = mode,
		.algorithm = {.name = "leftmost", .key = ""},
		.host_name = "",
		.sticky_cookie = "",
		.pool = {.max_idle = 100, .idle = 30000000}};
}

static void fixture_configure(struct fixture_all *all, uint32_t servers)
{
	static const char *const names[] = {"a", "b", "c"};
	static const uint32_t weights[] = {100, 50, 1};
	all->servers = calloc(servers, sizeof all->servers[0]);
	all->names = calloc(servers, sizeof all->names[0]);
	fixture_need(all->servers && all->names, "memory");
	for (uint32_t i = 0; i < servers; i++) {
		snprintf(all->names[i], sizeof all->names[i], i < 3 ? "%s" : "s%s", i < 3 ? names[i] : "");
		if (i >= 3)
			snprintf(all->names[i], sizeof all->names[i], "s%u", (unsigned)i);
		all->servers[i] = (struct config_server){.name = all->names[i],
			.address = {.text = "127.0.0.1:9001"},
			.weight = i < 3 ? weights[i] : 100,
			.maxconn = i == 1 ? 7 : 0,
			.backup = i == 2};
	}
	all->web = (struct config_frontend){.name = "web", .default_backend = "app", .access_log = {.target = ""}};
	all->app = fixture_backend("app", CONFIG_MODE_HTTP);
	all->app.sticky_cookie = "LBSRV";
	all->app.servers = all->servers;
	all->app.server_count = servers;
	all->db = fixture_backend("db", CONFIG_MODE_TCP);
	all->db_server = (struct config_server){.name = "m", .address = {.text = "[::1]:9002"}, .weight = 1};
	all->db.servers = &all->db_server;
	all->db.server_count = 1;
	all->app.check = (struct config_check){.type = CONFIG_CHECK_TCP,
		.path = "",
		.method = "",
		.host = "",
		.expect_body = "",
		.interval = 1000000,
		.rise = 2,
		.fall = 3};
}

static void fixture_build(struct fixture_all *all)
{
	struct fixture *f = &all->fixture;
	char error[512] = "";
	all->algorithm = (struct algorithm){.plugin = &fixture_plugin, .path = "fixture"};
	all->host = (struct backend_host){.loop = f->host.loop == &f->loop && f->loop.ev ? &f->loop : NULL,
		.reclaimer = &all->reclaimer,
		.workers = FIXTURE_WORKERS,
		.seed = 1,
		.events = {.context = f, .said = fixture_said}};
	f->frontends[0] = frontend_create(&all->web, 2, FIXTURE_WORKERS);
	f->backends[0] = backend_create(&all->host, &all->app, 3, &all->algorithm, error, sizeof error);
	f->backends[1] = backend_create(&all->host, &all->db, 4, &all->algorithm, error, sizeof error);
	fixture_need(f->frontends[0] && f->backends[0] && f->backends[1], error);
	f->proxies = (struct proxies){f->frontends, 1, f->backends, 2};
	/* Only a is probed: the others show what an unchecked server looks like. */
	for (uint32_t i = 1; i < f->backends[0]->server_count; i++) {
		f->backends[0]->servers[i]->checked = false;
		f->backends[0]->servers[i]->health = SERVER_HEALTHY;
	}
}

struct fixture *fixture_create(bool with_loop, uint32_t servers)
{
	struct fixture_all *all =
		aligned_alloc(LBD_CACHE_LINE, (sizeof *all + LBD_CACHE_LINE - 1) / LBD_CACHE_LINE * LBD_CACHE_LINE);
	fixture_need(all, "memory");
	memset(all, 0, sizeof *all);
	struct fixture *f = &all->fixture;
	fixture_need(reclaimer_init(&all->reclaimer, all->readers, FIXTURE_WORKERS), "memory");
	if (with_loop)
		fixture_need(loop_init(&f->loop, f, NULL, 256), "loop");
	else
		f->loop.now_us = clock_monotonic_us();
	f->info = (struct process_info){.node = "testnode",
		.threads = 2,
		.uptime_us = 459000000,
		.maxconn = 1000,
		.hard_maxconn = 1000,
		.max_sockets = 2054,
		.descriptor_limit = 2054,
		.listeners = 2,
		.generation = 1,
		.idle_percent = 100};
	f->limits.sessions_hard = 1000;
	places_init(&f->limits.sessions, 1000);
	f->host = (struct admin_host){.loop = &f->loop,
		.proxies = &f->proxies,
		.limits = &f->limits,
		.context = f,
		.process_info = fixture_process_info};
	fixture_configure(all, servers);
	fixture_build(all);
	return f;
}

void fixture_destroy(struct fixture *f)
{
	struct fixture_all *all = (struct fixture_all *)f;
	for (uint32_t i = 0; i < 2; i++)
		backend_destroy(f->backends[i]);
	frontend_destroy(f->frontends[0]);
	places_end(&f->limits.sessions);
	reclaimer_end(&all->reclaimer);
	loop_end(&f->loop);
	text_free(&f->said);
	free(all->servers);
	free(all->names);
	free(all);
}

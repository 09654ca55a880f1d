#include "support/backend_fixture.h"

#include <stdio.h>
#include <stdlib.h>

static void fixture_on_said(void *context, enum log_level level, const char *line)
{
	struct backend_fixture *f = context;
	text_format(&f->said, "%d %s\n", (int)level, line);
}

void backend_fixture_init(struct backend_fixture *f, uint32_t servers, const uint32_t *weight)
{
	*f = (struct backend_fixture){.random = {.state = 42}};
	f->conf = (struct config_backend){.name = "app", .server_count = servers};
	f->conf.servers = calloc(servers + 1, sizeof *f->conf.servers);
	f->conf.check.rise = 2;
	f->conf.check.fall = 3;
	for (uint32_t i = 0; i < servers; i++) {
		char name[16], address[32];
		snprintf(name, sizeof name, "a%u", i);
		snprintf(address, sizeof address, "127.%u.0.1:%u", i / 50000, 1000 + i % 50000);
		f->conf.servers[i] = (struct config_server){.name = strdup(name),
			.address = {.text = strdup(address), .file = "lbd.conf", .line = 10 + i},
			.weight = weight ? weight[i] : 100};
	}
}

bool backend_fixture_start(struct backend_fixture *f, const char *algorithm, uint32_t workers)
{
	static const char *const directories[] = {TEST_ALGORITHMS, TEST_PLUGINS};
	f->readers = aligned_alloc(LBD_CACHE_LINE, workers * sizeof *f->readers);
	f->loader = algorithm_loader_create(directories, 2);
	f->host.reclaimer = &f->reclaimer;
	f->host.workers = workers;
	if (!f->host.seed)
		f->host.seed = 7;
	f->host.events = (struct backend_events){.context = f, .said = fixture_on_said};
	if (!f->readers || !f->loader || !reclaimer_init(&f->reclaimer, f->readers, workers))
		abort();
	memset(f->readers, 0, workers * sizeof *f->readers);
	const struct algorithm *a = algorithm_load(f->loader, algorithm, f->error, sizeof f->error);
	if (a)
		f->backend = backend_create(&f->host, &f->conf, 1, a, f->error, sizeof f->error);
	return f->backend != NULL;
}

void backend_fixture_make(struct backend_fixture *f, const char *algorithm, uint32_t servers, const uint32_t *weight)
{
	backend_fixture_init(f, servers, weight);
	if (!backend_fixture_start(f, algorithm, 4)) {
		fprintf(stderr, "%s\n", f->error);
		abort();
	}
}

void backend_fixture_end(struct backend_fixture *f)
{
	backend_destroy(f->backend);
	reclaimer_end(&f->reclaimer);
	algorithm_loader_destroy(f->loader);
	for (uint32_t i = 0; i < f->conf.server_count; i++) {
		free((char *)(uintptr_t)f->conf.servers[i].name);
		free((char *)(uintptr_t)f->conf.servers[i].address.text);
	}
	free(f->conf.servers);
	free(f->readers);
	text_free(&f->said);
}

int backend_fixture_pick(struct backend_fixture *f, bool hold)
{
	struct pick_request request = {.random = random_next(&f->random)};
	struct server *s = backend_pick(f->backend, &request);
	if (!s)
		return -1;
	if (!hold)
		server_release(s, 0);
	return (int)s->index;
}

bool backend_fixture_said(const struct backend_fixture *f, const char *words)
{
	return f->said.n && memmem(f->said.data, f->said.n, words, strlen(words)) != NULL;
}

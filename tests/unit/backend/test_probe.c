/* Probers against real listeners, all on one loop. */
#include "backend/probe.h"

#include "base/clock.h"
#include "net/channel.h"
#include "net/listener.h"
#include "net/socket.h"
#include "support/backend_fixture.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

enum { ORIGIN_CLIENTS = 512, INTERVAL_US = 20000, TIMEOUT_US = 60000, PATIENCE_US = 3000000 };

/* A server of one fixed answer: NULL accepts and says nothing; "" closes at once. */
struct origin {
	struct listener listener;
	const char *answer;
	unsigned accepted, open, most;
	char request[512];
	uint64_t first_us;
	struct channel client[ORIGIN_CLIENTS];
};

struct rig {
	struct backend_fixture f;
	struct loop loop;
	struct origin *origin;
	struct probe_set *set;
	struct timer end, poll;
	bool (*until)(struct rig *rig);
	bool reached;
};

static struct origin *origin_now; /* of the one test that runs in this process */

static void client_readable(struct channel *c)
{
	struct origin *o = origin_now;
	ssize_t got = channel_read(c, o->request, sizeof o->request - 1);
	if (got > 0 && o->answer) {
		o->request[got] = '\0';
		cr_assert(channel_write(c, o->answer, strlen(o->answer)));
		channel_shutdown(c);
	}
	if (got == CHANNEL_CLOSED || got == CHANNEL_ERROR) {
		channel_close(c, false);
		o->open--;
	}
}

static void client_connected(struct channel *c, int error)
{
}

static void client_drained(struct channel *c)
{
}

static void client_failed(struct channel *c, int error)
{
	channel_close(c, false);
	origin_now->open--;
}

static const struct channel_owner client_owner = {client_readable, client_connected, client_drained, client_failed};

static void origin_accepted(struct listener *l, int fd, const struct address *peer)
{
	struct origin *o = l->owner;
	struct channel *c = &o->client[o->accepted++ % ORIGIN_CLIENTS];
	if (!o->first_us)
		o->first_us = clock_monotonic_us();
	if (o->answer && !*o->answer) {
		close(fd);
		return;
	}
	channel_open(c, l->loop, fd, &client_owner, false);
	o->open++;
	o->most = o->open > o->most ? o->open : o->most;
}

static void on_end(struct timer *timer)
{
	loop_stop(timer->loop);
}

static void on_poll(struct timer *timer)
{
	struct rig *rig = (struct rig *)((char *)timer - offsetof(struct rig, poll));
	rig->reached = rig->until && rig->until(rig);
	if (rig->reached)
		loop_stop(timer->loop);
}

/* servers of one backend, all at the origin's port (on different addresses), or at a port where nobody listens. */
static void rig_start(
	struct rig *rig, uint32_t servers, enum config_check_type type, bool listening, const char *answer)
{
	static struct config_status_range expected = {200, 399};
	struct address any, at;
	char error[256];
	memset(rig, 0, sizeof *rig);
	cr_assert(loop_init(&rig->loop, NULL, NULL, 1024));
	origin_now = rig->origin = calloc(1, sizeof *rig->origin);
	rig->origin->answer = answer;
	cr_assert(address_parse(&any, "*:0", error, sizeof error));
	int fd = socket_listen(&any, false, 512);
	cr_assert(fd >= 0);
	socket_local_address(fd, &at);
	if (listening)
		listener_open(&rig->origin->listener, &rig->loop, fd, origin_accepted, rig->origin);
	else
		close(fd);
	backend_fixture_init(&rig->f, servers, NULL);
	for (uint32_t i = 0; i < servers; i++) {
		char text[64];
		snprintf(text, sizeof text, "127.0.%u.%u:%u", i / 200, 1 + i % 200, address_port(&at));
		free((char *)(uintptr_t)rig->f.conf.servers[i].address.text);
		rig->f.conf.servers[i].address.text = strdup(text);
	}
	rig->f.conf.check = (struct config_check){.type = type,
		.path = "/health",
		.method = "GET",
		.host = "",
		.expect_status = {&expected, 1},
		.expect_body = "",
		.send = "",
		.expect = "",
		.interval = INTERVAL_US,
		.fast_interval = INTERVAL_US / 2,
		.down_interval = INTERVAL_US * 2,
		.timeout = answer || type == CONFIG_CHECK_TCP ? PATIENCE_US : TIMEOUT_US,
		.rise = 2,
		.fall = 3,
		.jitter = 10};
	rig->f.host.loop = &rig->loop;
	timer_init(&rig->end, &rig->loop, on_end);
	timer_init(&rig->poll, &rig->loop, on_poll);
}

/* Runs until the condition holds, at most 20 s. */
static void rig_run(struct rig *rig, bool (*until)(struct rig *rig))
{
	if (!rig->f.backend) {
		cr_assert(backend_fixture_start(&rig->f, "round_robin", 1), "%s", rig->f.error);
		rig->set = probe_set_start(&rig->f.host, &rig->f.backend, 1, rig->f.error, sizeof rig->f.error);
		cr_assert(rig->set != NULL, "%s", rig->f.error);
	}
	rig->until = until;
	rig->reached = false;
	timer_start(&rig->end, 20000000, 0);
	timer_start(&rig->poll, 2000, 2000);
	loop_run(&rig->loop);
	timer_stop(&rig->end);
	timer_stop(&rig->poll);
	cr_assert(rig->reached, "after 20 s: %s %u %s", rig->f.backend->servers[0]->check.status,
		rig->f.backend->servers[0]->check.code, rig->f.backend->servers[0]->check.text);
}

static void rig_end(struct rig *rig)
{
	probe_set_stop(rig->set);
	if (rig->origin->listener.loop)
		listener_close(&rig->origin->listener);
	for (int i = 0; i < ORIGIN_CLIENTS; i++)
		if (rig->origin->client[i].loop)
			channel_close(&rig->origin->client[i], false);
	backend_fixture_end(&rig->f);
	loop_end(&rig->loop);
	free(rig->origin);
}

static const struct server *first(const struct rig *rig)
{
	return rig->f.backend->servers[0];
}

static bool first_is_healthy(struct rig *rig)
{
	return first(rig)->health == SERVER_HEALTHY;
}

static bool first_is_unhealthy(struct rig *rig)
{
	return first(rig)->health == SERVER_UNHEALTHY;
}

#define OK "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nready"

Test(probe, what_is_found)
{
	static const struct {
		const char *name;
		enum config_check_type type;
		bool listening;
		const char *answer, *expect_body, *method;
		bool healthy;
		const char *status;
		unsigned code;
		const char *text;
	} cases[] = {
		{"tcp", CONFIG_CHECK_TCP, true, NULL, "", "GET", true, "L4OK", 0, ""},
		{"tcp, refused", CONFIG_CHECK_TCP, false, NULL, "", "GET", false, "L4CON", 0, "Connection refused"},
		{"http", CONFIG_CHECK_HTTP, true, OK, "", "GET", true, "L7OK", 200, ""},
		{"http, HEAD", CONFIG_CHECK_HTTP, true, "HTTP/1.1 204 No Content\r\n\r\n", "", "HEAD", true, "L7OK",
			204, ""},
		{"http, refused", CONFIG_CHECK_HTTP, false, NULL, "", "GET", false, "L4CON", 0, "Connection refused"},
		{"wrong status", CONFIG_CHECK_HTTP, true, "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", "", "GET",
			false, "L7STS", 503, "Service Unavailable"},
		{"body", CONFIG_CHECK_HTTP, true, OK, "^rea.y$", "GET", true, "L7OK", 200, ""},
		{"wrong body", CONFIG_CHECK_HTTP, true, OK, "^never$", "GET", false, "L7RSP", 200,
			"the body does not match expect_body"},
		{"silent", CONFIG_CHECK_HTTP, true, NULL, "", "GET", false, "L7TOUT", 0, ""},
		{"closes", CONFIG_CHECK_HTTP, true, "", "", "GET", false, "L7RSP", 0, NULL},
		{"no HTTP", CONFIG_CHECK_HTTP, true, "220 mail\r\n\r\n", "", "GET", false, "L7RSP", 0, NULL},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct rig rig;
		rig_start(&rig, 1, cases[i].type, cases[i].listening, cases[i].answer);
		rig.f.conf.check.expect_body = cases[i].expect_body;
		rig.f.conf.check.method = cases[i].method;
		rig_run(&rig, cases[i].healthy ? first_is_healthy : first_is_unhealthy);
		const struct server_check *check = &first(&rig)->check;
		cr_expect_str_eq(check->status, cases[i].status, "%s: %s", cases[i].name, check->status);
		cr_expect(eq(u32, check->code, cases[i].code), "%s", cases[i].name);
		if (cases[i].text)
			cr_expect_str_eq(check->text, cases[i].text, "%s: %s", cases[i].name, check->text);
		cr_expect(strlen(check->history) == 1 && check->history[0] == (cases[i].healthy ? 'o' : 'x'), "%s: %s",
			cases[i].name, check->history);
		if (strcmp(cases[i].name, "silent") == 0)
			cr_expect(check->duration_us >= TIMEOUT_US && check->duration_us < TIMEOUT_US + 500000);
		rig_end(&rig);
	}
}

Test(probe, the_request)
{
	struct rig rig;
	char host[64];
	rig_start(&rig, 1, CONFIG_CHECK_HTTP, true, OK);
	rig_run(&rig, first_is_healthy);
	cr_expect(strncmp(rig.origin->request, "GET /health HTTP/1.1\r\n", 22) == 0, "%s", rig.origin->request);
	snprintf(host, sizeof host, "\r\nHost: 127.0.0.1:%u\r\n", address_port(server_address(first(&rig))));
	cr_expect(strstr(rig.origin->request, host) != NULL, "%s", rig.origin->request);
	cr_expect(strstr(rig.origin->request, "\r\nConnection: close\r\n") != NULL);
	rig_end(&rig);
}

static bool fell_and_rose(struct rig *rig)
{
	/* Up; then it says 500 until it is down; then 200 until it is up again. */
	const struct server *s = first(rig);
	const char *answer = rig->origin->answer;
	if (*answer == 'H' && strncmp(answer, OK, 12) == 0 && s->downtime_us == 0 && s->health == SERVER_HEALTHY &&
		strlen(s->check.history) >= 2)
		rig->origin->answer = "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n";
	else if (s->health == SERVER_UNHEALTHY)
		rig->origin->answer = OK;
	return s->downtime_us > 0 && s->health == SERVER_HEALTHY;
}

Test(probe, rise_and_fall)
{
	struct rig rig;
	rig_start(&rig, 1, CONFIG_CHECK_HTTP, true, OK);
	rig_run(&rig, fell_and_rose);
	const char *history = first(&rig)->check.history;
	/* Exactly three failures in a row put it down; exactly two successes brought it back. Probes that were on their
	 * way when the answer changed may add one of the old kind in front. */
	cr_expect(strstr(history, "oxxxoo") != NULL || strstr(history, "oxxxxoo") != NULL, "%s", history);
	cr_expect(backend_fixture_said(&rig.f, "is DOWN, reason: Layer7 wrong status, code: 500, info: \"Internal"),
		"%.*s", (int)rig.f.said.n, rig.f.said.data);
	cr_expect(eq(u64, counter_set_sum(&rig.f.backend->servers[0]->counters, COUNTER_CHECK_FAILURES), (uint64_t)3));
	rig_end(&rig);
}

static uint64_t maint_since_us;
static unsigned maint_accepted;

static bool rested_in_maintenance(struct rig *rig)
{
	struct server *s = rig->f.backend->servers[0];
	uint64_t now = clock_monotonic_us();
	if (!maint_since_us && s->health == SERVER_HEALTHY) {
		server_set_admin(s, SERVER_MAINT, "test");
		maint_since_us = now;
	}
	/* What was on its way may still arrive. */
	if (maint_since_us && now < maint_since_us + INTERVAL_US)
		maint_accepted = rig->origin->accepted;
	return maint_since_us && now > maint_since_us + 10 * INTERVAL_US;
}

Test(probe, none_in_maintenance_and_a_fresh_start_after_it)
{
	struct rig rig;
	rig_start(&rig, 1, CONFIG_CHECK_HTTP, true, OK);
	rig_run(&rig, rested_in_maintenance);
	cr_expect(eq(u32, rig.origin->accepted, maint_accepted));
	cr_expect_str_eq(first(&rig)->check.history, "");
	server_set_admin(rig.f.backend->servers[0], SERVER_READY, "test");
	cr_expect_str_eq(first(&rig)->check.status, "INI");
	rig_run(&rig, first_is_healthy);
	cr_expect(rig.origin->accepted > maint_accepted);
	rig_end(&rig);
}

static bool all_are_healthy(struct rig *rig)
{
	for (uint32_t i = 0; i < rig->f.backend->server_count; i++)
		if (rig->f.backend->servers[i]->health != SERVER_HEALTHY)
			return false;
	return true;
}

/* 100 servers in 500 ms: the last ones not before their part of the interval. */
Test(probe, spread_over_the_interval)
{
	struct rig rig;
	rig_start(&rig, 100, CONFIG_CHECK_HTTP, true, OK);
	rig.f.conf.check.interval = 500000;
	rig_run(&rig, all_are_healthy);
	cr_expect(clock_monotonic_us() - rig.origin->first_us >= 400000);
	rig_end(&rig);
}

static unsigned most_running;

static bool all_timed_out(struct rig *rig)
{
	unsigned running = 0, down = 0;
	for (uint32_t i = 0; i < rig->f.backend->server_count; i++) {
		running += rig->f.backend->servers[i]->check.in_flight;
		down += rig->f.backend->servers[i]->health == SERVER_UNHEALTHY;
	}
	most_running = running > most_running ? running : most_running;
	return down == rig->f.backend->server_count;
}

/* Servers that never answer must not use up descriptors: a cap holds, and everybody gets a turn. */
Test(probe, a_cap_on_probes_in_flight)
{
	struct rig rig;
	rig_start(&rig, 300, CONFIG_CHECK_HTTP, true, NULL);
	rig_run(&rig, all_timed_out);
	cr_expect(most_running <= 64 && most_running > 30, "%u", most_running);
	rig_end(&rig);
}

/* Thousands that fail at once, all waiting: no recursion, no hang. */
Test(probe, failing_at_once)
{
	struct rig rig;
	rig_start(&rig, 3000, CONFIG_CHECK_TCP, false, NULL);
	rig_run(&rig, all_timed_out);
	rig_end(&rig);
}

Test(probe, a_wrong_pattern_or_path_is_refused)
{
	static const struct {
		const char *path, *body, *words;
	} cases[] = {
		{"/a b", "", "must not hold blanks"},
		{"/a\r\nX: y", "", "must not hold blanks"},
		{"/", "(", ": pattern '('"},
		{"x", "", "begins with /"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct rig rig;
		rig_start(&rig, 1, CONFIG_CHECK_HTTP, true, OK);
		rig.f.conf.check.path = cases[i].path;
		rig.f.conf.check.expect_body = cases[i].body;
		cr_assert(backend_fixture_start(&rig.f, "round_robin", 1));
		cr_expect(probe_set_start(&rig.f.host, &rig.f.backend, 1, rig.f.error, sizeof rig.f.error) == NULL);
		cr_expect(strstr(rig.f.error, cases[i].words) != NULL, "%s", rig.f.error);
		rig_end(&rig);
	}
}

static bool rebuilt(struct rig *rig)
{
	return !rig->f.backend->rebuild_waits;
}

/* Of what health changes, the first is in the set at once, those of the next 20 ms together; what an operator changes
 * is in the set at once always. */
Test(probe, rebuilds_are_coalesced)
{
	struct rig rig;
	rig_start(&rig, 3, CONFIG_CHECK_NONE, true, NULL);
	cr_assert(backend_fixture_start(&rig.f, "round_robin", 1));
	const void *at_once = NULL;
	/* On a busy machine the changes themselves may take longer than 20 ms; then another try. */
	for (int tries = 0; tries < 50; tries++) {
		backend_rebuild(rig.f.backend);
		usleep(25000);
		uint64_t began = clock_monotonic_us();
		server_set_health(rig.f.backend->servers[0], tries % 2 ? SERVER_HEALTHY : SERVER_UNHEALTHY, "a test");
		at_once = atomic_load(&rig.f.backend->eligible);
		cr_expect(not(rig.f.backend->rebuild_waits));
		for (uint32_t i = 0; i < 100; i++)
			server_set_health(
				rig.f.backend->servers[1], i % 2 ? SERVER_HEALTHY : SERVER_UNHEALTHY, "a test");
		if (clock_monotonic_us() - began < 10000)
			break;
	}
	cr_expect(rig.f.backend->rebuild_waits);
	cr_expect(atomic_load(&rig.f.backend->eligible) == at_once);
	rig_run(&rig, rebuilt);
	cr_expect(atomic_load(&rig.f.backend->eligible) != at_once);
	for (uint32_t i = 0; i < 3; i++) {
		at_once = atomic_load(&rig.f.backend->eligible);
		server_set_weight(rig.f.backend->servers[1], 1 + i);
		cr_expect(atomic_load(&rig.f.backend->eligible) != at_once);
	}
	rig_end(&rig);
}

static bool something_was_found(struct rig *rig)
{
	return strcmp(first(rig)->check.status, "INI") != 0;
}

/* Without descriptors nobody can be asked: shown, but no server's fault. */
Test(probe, our_own_want_is_not_the_servers_fault)
{
	struct rig rig;
	struct rlimit few;
	rig_start(&rig, 1, CONFIG_CHECK_TCP, true, NULL);
	cr_assert(backend_fixture_start(&rig.f, "round_robin", 1));
	rig.set = probe_set_start(&rig.f.host, &rig.f.backend, 1, rig.f.error, sizeof rig.f.error);
	int lowest = dup(0);
	close(lowest);
	getrlimit(RLIMIT_NOFILE, &few);
	few.rlim_cur = (rlim_t)lowest;
	cr_assert(eq(int, setrlimit(RLIMIT_NOFILE, &few), 0));
	rig_run(&rig, something_was_found);
	few.rlim_cur = few.rlim_max;
	setrlimit(RLIMIT_NOFILE, &few);
	cr_expect_str_eq(first(&rig)->check.status, "SOCKERR");
	cr_expect_str_eq(first(&rig)->check.text, "Too many open files");
	cr_expect_str_eq(first(&rig)->check.history, "");
	cr_expect(eq(int, (int)first(&rig)->health, (int)SERVER_UNKNOWN));
	rig_run(&rig, first_is_healthy);
	rig_end(&rig);
}

static bool found_after_a_long_sleep(struct rig *rig)
{
	static bool slept;
	if (!slept && first(rig)->check.in_flight) {
		slept = true;
		usleep(TIMEOUT_US + 700000);
	}
	return something_was_found(rig);
}

/* A process that was stopped finds all deadlines passed: that says nothing of the servers. */
Test(probe, a_stopped_balancer_blames_nobody)
{
	struct rig rig;
	rig_start(&rig, 1, CONFIG_CHECK_HTTP, true, NULL);
	rig_run(&rig, found_after_a_long_sleep);
	cr_expect_str_eq(first(&rig)->check.text, "the balancer itself was late");
	cr_expect(eq(int, (int)first(&rig)->health, (int)SERVER_UNKNOWN));
	rig_run(&rig, first_is_unhealthy); /* but a server that is silent is found out */
	cr_expect_str_eq(first(&rig)->check.status, "L7TOUT");
	rig_end(&rig);
}

/* What commands answer and what they do: one conversation for each row, all on one fixture unless said. */
#include "admin/cli.h"
#include "support/admin_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct command_case {
	const char *command, *answer;
};

static struct fixture *fixture;

static void commands_set_up(void)
{
	fixture = fixture_create(false, 3);
}

static void commands_tear_down(void)
{
	fixture_destroy(fixture);
}

TestSuite(commands, .init = commands_set_up, .fini = commands_tear_down);

static char *commands_ask(const char *command)
{
	static char out[65536];
	struct cli cli;
	char line[256];
	int n = snprintf(line, sizeof line, "%s\n", command);
	cli_init(&cli, &fixture->host, CONFIG_LEVEL_ADMIN, 1000000, (struct cli_peer){1, 2});
	cli_feed(&cli, line, (size_t)n);
	cr_assert_eq(cli_run(&cli), CLI_ENDED, "%s", command);
	cr_assert_lt(cli.out.n, sizeof out);
	memcpy(out, cli.out.data ? cli.out.data : "", cli.out.n);
	out[cli.out.n] = '\0';
	cli_free(&cli);
	return out;
}

static void commands_expect(const struct command_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *got = commands_ask(cases[i].command);
		cr_expect_str_eq(got, cases[i].answer, "%s: %s", cases[i].command, got);
	}
}

#define EXPECT(cases) commands_expect(cases, sizeof cases / sizeof cases[0])

Test(commands, maxconn_of_a_server)
{
	static const struct command_case cases[] = {
		{"set maxconn server", "Require 'backend/server'.\n\n"},
		{"set maxconn server app/z 1", "No such server.\n\n"},
		{"set maxconn server app/a", "Require <maxconn>.\n\n"},
		{"set maxconn server app/a -1",
			"maxconn string '-1' is no number from 0 (unlimited) to 100000000.\n\n"},
		{"set maxconn server app/a 100000001",
			"maxconn string '100000001' is no number from 0 (unlimited) to 100000000.\n\n"},
		{"set maxconn server app/a 7", "\n"},
	};
	struct backend *b = fixture->proxies.backends[0];
	EXPECT(cases);
	cr_expect_eq(atomic_load(&b->servers[0]->live.slots), 7);
	cr_expect_str_eq(commands_ask("set maxconn server app/a 0"), "\n");
	cr_expect_eq(atomic_load(&b->servers[0]->live.slots), UINT32_MAX);
}

Test(commands, weight)
{
	static const struct command_case cases[] = {
		{"get weight", "Require 'backend/server'.\n\n"},
		{"get weight app", "Require 'backend/server'.\n\n"},
		{"get weight x/a", "No such backend.\n\n"},
		{"get weight web/a", "No such backend.\n\n"},
		{"get weight app/x", "No such server.\n\n"},
		{"get weight app/", "No such server.\n\n"},
		{"get weight #3/#9", "No such server.\n\n"},
		{"get weight #99999999999/#1", "No such backend.\n\n"},
		{"set weight app/a 42", "\n"},
		{"get weight app/a", "42 (initial 100)\n\n"},
		{"set weight app/a 50%", "\n"},
		{"get weight app/a", "50 (initial 100)\n\n"},
		{"set weight app/a 10000%", "\n"},
		{"get weight app/a", "256 (initial 100)\n\n"},
		{"set weight app/a 1", "\n"},
		{"set weight app/a 99999999999999999999%", "\n"},
		{"get weight app/a", "256 (initial 100)\n\n"},
		{"set weight app/a 99999999999999999999",
			"Absolute weight can only be between 0 and 256 inclusive.\n\n"},
		{"set weight app/a %", "Weight string '%' is no number: expected <weight> or <weight%>.\n\n"},
		{"set weight app/a 0", "\n"},
		{"get weight app/a", "0 (initial 100)\n\n"},
		{"set server app/a weight 256", "\n"},
		{"set weight app/a 257", "Absolute weight can only be between 0 and 256 inclusive.\n\n"},
		{"set weight app/a -1", "Absolute weight can only be between 0 and 256 inclusive.\n\n"},
		{"set weight app/a -5%", "Relative weight must be positive.\n\n"},
		{"set weight app/a", "Require <weight> or <weight%>.\n\n"},
		{"set weight app/a 5x", "Trailing garbage in weight string '5x': expected <weight> or <weight%>.\n\n"},
		{"set weight app/a abc", "Weight string 'abc' is no number: expected <weight> or <weight%>.\n\n"},
		{"get weight app/a", "256 (initial 100)\n\n"},
	};
	EXPECT(cases);
}

Test(commands, state)
{
	struct backend *app = fixture->backends[0];
	static const struct command_case drain[] = {{"set server app/a state drain", "\n"}};
	static const struct command_case maint[] = {{"disable server app/a", "\n"}, {"disable server app/a", "\n"}};
	static const struct command_case ready[] = {{"enable server app/a", "\n"}};
	static const struct command_case wrong[] = {
		{"set server app/a state", "'set server <srv> state' expects 'ready', 'drain' and 'maint'.\n\n"},
		{"set server app/a state Drain", "'set server <srv> state' expects 'ready', 'drain' and 'maint'.\n\n"},
		{"set server app/a", "usage: set server <backend>/<server> state | weight | health | agent\n\n"},
		{"set server app/a agent", "'set server <srv> agent' expects 'up' or 'down'.\n\n"},
		{"set server app/a agent up", "agent checks are not enabled on this server.\n\n"},
		{"enable server", "Require 'backend/server'.\n\n"},
	};
	EXPECT(drain);
	cr_expect_eq(app->servers[0]->admin, SERVER_DRAIN);
	cr_expect_neq(atomic_load(&app->servers[0]->live.closed), 0u, "effective at the next pick");
	EXPECT(maint);
	cr_expect_eq(app->servers[0]->admin, SERVER_MAINT);
	EXPECT(ready);
	cr_expect_eq(app->servers[0]->admin, SERVER_READY);
	cr_expect_eq(atomic_load(&app->servers[0]->live.closed), 0u);
	EXPECT(wrong);
	cr_expect_eq(app->servers[0]->admin, SERVER_READY);
	cr_expect_not_null(strstr(fixture->said.data, "Server app/a enters drain state"));
}

Test(commands, health)
{
	struct server *a = fixture->backends[0]->servers[0];
	static const struct command_case down[] = {{"set server app/a health down", "\n"}};
	static const struct command_case up[] = {{"set server app/a health up", "\n"}};
	char status[64];
	EXPECT(down);
	server_status_text(a, status);
	cr_expect_str_eq(status, "DOWN");
	EXPECT(up);
	server_status_text(a, status);
	cr_expect_str_eq(status, "UP");
	static const struct command_case probes[] = {
		{"disable health app/a", "\n"},
		{"enable health app/b", "Health check was not configured on this server, cannot enable.\n\n"},
		{"disable health app/b", "\n"},
		{"enable agent app/a", "Agent was not configured on this server, cannot enable.\n\n"},
		{"enable agent app/z", "No such server.\n\n"},
		{"disable agent app/a", "\n"},
	};
	EXPECT(probes);
	cr_expect(a->checks_ignored);
	static const struct command_case enable[] = {{"enable health app/a", "\n"}};
	EXPECT(enable);
	cr_expect_not(a->checks_ignored);
}

Test(commands, frontend)
{
	static const struct command_case cases[] = {
		{"disable frontend", "A frontend name is expected.\n\n"},
		{"disable frontend app", "No such frontend.\n\n"},
		{"enable frontend web", "All sockets are already enabled.\n\n"},
		{"disable frontend web", "\n"},
		{"disable frontend #2", "All sockets are already disabled.\n\n"},
	};
	EXPECT(cases);
	cr_expect(atomic_load(&fixture->frontends[0]->paused));
	cr_expect_not_null(strstr(commands_ask("show stat -1 1 -1"), ",PAUSED,"));
	static const struct command_case enable[] = {{"enable frontend web", "\n"}};
	EXPECT(enable);
	cr_expect_not(atomic_load(&fixture->frontends[0]->paused));
	cr_expect_not(atomic_load(&fixture->frontends[0]->shut));
	static const struct command_case shutdown[] = {
		{"shutdown frontend", "A frontend name is expected.\n\n"},
		{"shutdown frontend app", "No such frontend.\n\n"},
		{"shutdown frontend web", "\n"},
		{"shutdown frontend web", "Frontend was already shut down.\n\n"},
		{"enable frontend web", "Frontend was previously shut down, cannot enable.\n\n"},
		{"disable frontend web", "Frontend was previously shut down, cannot disable.\n\n"},
	};
	EXPECT(shutdown);
	cr_expect_not_null(strstr(commands_ask("show stat -1 1 -1"), ",STOP,"));
	cr_expect(atomic_load(&fixture->frontends[0]->shut));
}

Test(commands, session)
{
	static const struct command_case cases[] = {
		{"set timeout cli 60", "\n"},
		{"set timeout cli 10m", "\n"},
		{"set timeout cli 0", "Invalid timeout value: 0. The shortest is 1us.\n\n"},
		{"set timeout cli", "Expects an integer value, of seconds or with a unit: us, ms, s, m, h, d.\n\n"},
		{"set timeout cli 5x", "Expects an integer value, of seconds or with a unit: us, ms, s, m, h, d.\n\n"},
		{"set timeout x 5", "'set timeout' only supports 'cli'.\n\n"},
		{"set severity-output", "'set severity-output' expects 'none', 'number' or 'string'.\n\n"},
		{"show cli sockets", "# socket lvl processes\n\n"},
		{"show backend", "# name\napp\ndb\n\n"},
		{"show servers state nope", "Can't find backend.\n\n"},
	};
	EXPECT(cases);
}

Test(commands, timeout_is_of_the_session)
{
	static const struct {
		const char *command;
		uint64_t us;
	} cases[] = {{"set timeout cli 60\n", 60000000}, {"set timeout cli 5s\n", 5000000},
		{"set timeout cli 20ms\n", 20000}, {"set timeout cli 7us\n", 7},
		{"set timeout cli 99999999999\n", UINT64_C(2147483647) * 1000}, {"set timeout cli x\n", 1000000}};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct cli cli;
		cli_init(&cli, &fixture->host, CONFIG_LEVEL_USER, 1000000, (struct cli_peer){1, 2});
		cli_feed(&cli, cases[i].command, strlen(cases[i].command));
		cr_expect_eq(cli_run(&cli), CLI_ENDED);
		cr_expect_eq(cli.settings.timeout_us, cases[i].us, "%s", cases[i].command);
		cli_free(&cli);
	}
}

Test(commands, errors_are_counted_with_the_time)
{
	const char *got = commands_ask("show errors");
	unsigned day, year, h, m, s, ms;
	char month[4];
	cr_expect_eq(sscanf(got, "Total events captured on [%u/%3s/%u:%u:%u:%u.%u] : 0\n\n", &day, month, &year, &h, &m,
			     &s, &ms),
		7, "%s", got);
}

Test(commands, servers_state)
{
	commands_ask("disable server app/b");
	commands_ask("set server app/c state drain");
	const char *got = commands_ask("show servers state app");
	unsigned id, op, admin, weight, initial;
	char name[8];
	cr_assert_eq(strncmp(got, "1\n# be_id be_name srv_id srv_name ", 34), 0);
	const char *line = strstr(got, "\n3 app 1 a 127.0.0.1 2 0 100 100 ");
	cr_expect_not_null(line, "%s", got);
	line = strstr(got, "\n3 app 2 b ");
	cr_assert_not_null(line);
	cr_expect_eq(
		sscanf(line, "\n3 app %u %7s 127.0.0.1 %u %u %u %u", &id, name, &op, &admin, &weight, &initial), 6);
	cr_expect_eq(op, 0u);
	cr_expect_eq(admin, 1u);
	cr_expect_not_null(strstr(got, "\n3 app 3 c 127.0.0.1 2 8 1 1 "), "%s", got);
	cr_expect_null(strstr(got, "db"));
	/* Every row has as many words as the header. */
	int words[8] = {0}, rows = 0;
	for (const char *at = strchr(got, '#') + 2; rows < 4; rows++) {
		const char *end = strchr(at, '\n');
		for (words[rows] = 1; at < end; at++)
			words[rows] += *at == ' ';
		at = end + 1;
	}
	for (int i = 1; i < rows; i++)
		cr_expect_eq(words[i], words[0], "row %d: %d words, header %d", i, words[i], words[0]);
}

Test(commands, clear_counters_forgets_maxima)
{
	struct server *b = fixture->backends[0]->servers[1];
	atomic_store(&b->in_flight_max, 9);
	b->sampled.sessions.max = 8;
	cr_expect_str_eq(commands_ask("clear counters"), "\n");
	cr_expect_eq(atomic_load(&b->in_flight_max), 0u);
	cr_expect_eq(b->sampled.sessions.max, 0u);
}

Test(commands, changes_are_logged_with_who_made_them)
{
	static const char *const lines[] = {"set weight app/a 9", "disable server app/b", "get weight app/a",
		"set weight app/a x", "set weight app/a 8 \x01"};
	char path[] = "/tmp/lbd-admin-log-XXXXXX", error[256], text[4096] = "";
	int fd = mkstemp(path);
	cr_assert_geq(fd, 0);
	struct log *log = log_create();
	struct log_sink *sink = log_open_sink(log, path, error, sizeof error);
	cr_assert_not_null(sink, "%s", error);
	log_set_process_sink(log, sink, LOG_LEVEL_NOTICE);
	fixture->host.log = log_add_ring(log, 65536);
	cr_assert(log_start(log, NULL));
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
		commands_ask(lines[i]);
	log_stop(log);
	fixture->host.log = NULL;
	cr_assert_gt(read(fd, text, sizeof text - 1), 0);
	cr_expect_not_null(strstr(text, "Socket command by pid 1 uid 2: set weight app/a 9\n"), "%s", text);
	cr_expect_not_null(strstr(text, "Socket command by pid 1 uid 2: disable server app/b\n"));
	cr_expect_not_null(strstr(text, "set weight app/a 8 ?\n"), "control bytes are not passed on");
	cr_expect_null(strstr(text, "get weight"), "what reads is not logged");
	cr_expect_null(strstr(text, "app/a x"), "what failed changed nothing");
	close(fd);
	unlink(path);
}

Test(commands, list_has_a_row_a_line)
{
	struct text list = {0};
	admin_list_commands(&list);
	text_add_char(&list, '\0');
	int rows = 0;
	for (const char *line = list.data; *line; rows++) {
		const char *end = strchr(line, '\n');
		int tabs = 0;
		for (const char *c = line; c < end; c++)
			tabs += *c == '\t';
		cr_expect_eq(tabs, 2, "%.*s", (int)(end - line), line);
		line = end + 1;
	}
	cr_expect_geq(rows, 20);
	cr_expect_not_null(strstr(list.data, "set weight <backend>/<server> <w>[%]\tadmin\t"));
	text_free(&list);
}

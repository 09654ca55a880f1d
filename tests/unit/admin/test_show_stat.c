/* show stat: filters, order, values of live objects, forms. */
#include "admin/cli.h"
#include "admin/stat_rows.h"
#include "backend/check_result.h"
#include "support/admin_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct fixture *fixture;

static void show_stat_set_up(void)
{
	fixture = fixture_create(false, 3);
}

static void show_stat_tear_down(void)
{
	fixture_destroy(fixture);
}

TestSuite(show_stat, .init = show_stat_set_up, .fini = show_stat_tear_down);

static char *show_stat_ask(enum config_level level, const char *command)
{
	static char out[262144];
	struct cli cli;
	char line[256];
	int n = snprintf(line, sizeof line, "%s\n", command);
	size_t at = 0;
	cli_init(&cli, &fixture->host, level, 1000000, (struct cli_peer){1, 2});
	cli_feed(&cli, line, (size_t)n);
	enum cli_state state;
	do {
		state = cli_run(&cli);
		cr_assert_lt(at + cli.out.n, sizeof out);
		if (cli.out.n)
			memcpy(out + at, cli.out.data, cli.out.n);
		at += cli.out.n;
		text_clear(&cli.out);
	} while (state == CLI_HAS_MORE);
	out[at] = '\0';
	cli_free(&cli);
	return out;
}

/* The column's index by the header; the test fails when it is not there. */
static int show_stat_index(const char *csv, const char *column)
{
	char wanted[64], header[4096];
	const char *end = strchr(csv, '\n');
	snprintf(header, sizeof header, ",%.*s", (int)(end - csv - 2), csv + 2);
	snprintf(wanted, sizeof wanted, ",%s,", column);
	const char *at = strstr(header, wanted);
	cr_assert_not_null(at, "no column %s", column);
	int index = 0;
	for (const char *c = header; c < at; c++)
		index += *c == ',';
	return index;
}

/* One cell of the row "px,sv,..."; in a buffer of its own for each of the last few calls. */
static const char *show_stat_cell(const char *csv, const char *row, const char *column)
{
	static char cells[8][128];
	static unsigned next;
	char start[64];
	char *out = cells[next++ % 8];
	int index = show_stat_index(csv, column);
	snprintf(start, sizeof start, "\n%s,", row);
	const char *at = strstr(csv, start);
	cr_assert_not_null(at, "no row %s", row);
	for (at++; index; at++)
		index -= *at == ',';
	snprintf(out, 128, "%.*s", (int)strcspn(at, ",\n"), at);
	return out;
}

/* The rows of an answer as "web/FRONTEND app/a ...". */
static const char *show_stat_rows(const char *csv)
{
	static char out[1024];
	size_t at = 0;
	out[0] = '\0';
	for (const char *line = strchr(csv, '\n') + 1; *line != '\n'; line = strchr(line, '\n') + 1) {
		char px[32], sv[32];
		cr_assert_eq(sscanf(line, "%31[^,],%31[^,],", px, sv), 2, "%s", line);
		at += (size_t)snprintf(out + at, sizeof out - at, "%s%s/%s", at ? " " : "", px, sv);
	}
	return out;
}

static const struct {
	const char *command, *rows;
} show_stat_filters[] = {
	{"show stat", "web/FRONTEND app/a app/b app/c app/BACKEND db/m db/BACKEND"},
	{"show stat -1 -1 -1", "web/FRONTEND app/a app/b app/c app/BACKEND db/m db/BACKEND"},
	{"show stat -1 1 -1", "web/FRONTEND"},
	{"show stat -1 2 -1", "app/BACKEND db/BACKEND"},
	{"show stat -1 4 -1", "app/a app/b app/c db/m"},
	{"show stat -1 6 -1", "app/a app/b app/c app/BACKEND db/m db/BACKEND"},
	{"show stat -1 7 -1", "web/FRONTEND app/a app/b app/c app/BACKEND db/m db/BACKEND"},
	{"show stat -1 8 -1", ""},
	{"show stat 3 -1 -1", "app/a app/b app/c app/BACKEND"},
	{"show stat app 4 2", "app/b"},
	{"show stat #3 4 2", "app/b"},
	{"show stat app 4 9", ""},
	{"show stat web -1 -1", "web/FRONTEND"},
	{"show stat 99 -1 -1", ""},
	{"show stat -1 4 1", "app/a db/m"},
	{"show stat foo", "web/FRONTEND app/a app/b app/c app/BACKEND db/m db/BACKEND"},
	{"show stat foo 1", "web/FRONTEND app/a app/b app/c app/BACKEND db/m db/BACKEND"},
	{"show stat up", "web/FRONTEND app/a app/BACKEND db/m db/BACKEND"},
	{"show stat no-maint", "web/FRONTEND app/a app/c app/BACKEND db/m db/BACKEND"},
	{"show stat up no-maint up", "web/FRONTEND app/a app/BACKEND db/m db/BACKEND"},
	{"show stat app 4 -1 up", "app/a"},
};

Test(show_stat, filters)
{
	struct backend *app = fixture->backends[0];
	server_set_admin(app->servers[1], SERVER_MAINT, "test");
	server_set_health(app->servers[2], SERVER_UNHEALTHY, "test");
	for (size_t i = 0; i < sizeof show_stat_filters / sizeof show_stat_filters[0]; i++) {
		const char *csv = show_stat_ask(CONFIG_LEVEL_ADMIN, show_stat_filters[i].command);
		cr_expect_str_eq(show_stat_rows(csv), show_stat_filters[i].rows, "%s: %s", show_stat_filters[i].command,
			show_stat_rows(csv));
	}
	const char *csv = show_stat_ask(CONFIG_LEVEL_ADMIN, "show stat up");
	cr_expect_str_eq(show_stat_cell(csv, "app,BACKEND", "status"), "UP (1/3)");
	cr_expect_str_eq(show_stat_ask(CONFIG_LEVEL_ADMIN, "show stat nope -1 -1"), "No such proxy.\n\n");
	cr_expect_str_eq(show_stat_ask(CONFIG_LEVEL_ADMIN, "show stat 0 -1 -1"), "No such proxy.\n\n");
}

/* A row's cells, in the form "column=value". */
static void show_stat_expect(const char *csv, const char *row, const char *const (*cells)[2], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *got = show_stat_cell(csv, row, cells[i][0]);
		cr_expect_str_eq(got, cells[i][1], "%s %s: '%s', not '%s'", row, cells[i][0], got, cells[i][1]);
	}
}

static void show_stat_fill(void)
{
	static struct server_idle idle[FIXTURE_WORKERS]; /* outlives this function, as the server's must */
	struct server *a = fixture->backends[0]->servers[0];
	struct counters *c = server_counters(a, 0), *d = server_counters(a, 1);
	struct counters *web = counter_set_block(&fixture->frontends[0]->counters, 1);
	struct counters *app = counter_set_block(&fixture->backends[0]->counters, 0);
	counter_add(c, COUNTER_SESSIONS, 7);
	counter_add(d, COUNTER_SESSIONS, 5);
	counter_add(c, COUNTER_BYTES_IN, 1000);
	counter_add(c, COUNTER_BYTES_OUT, UINT64_C(5000000000));
	counter_add(c, COUNTER_CONNECT_ERRORS, 3);
	counter_add(c, COUNTER_RESPONSE_ERRORS, 4);
	counter_add(c, COUNTER_RETRIES, 5);
	counter_add(c, COUNTER_REDISPATCHES, 6);
	counter_add(c, COUNTER_PICKED, 12);
	counter_add(c, COUNTER_STATUS_2XX, 11);
	counter_add(c, COUNTER_CLIENT_ABORTS, 1);
	counter_add(c, COUNTER_SERVER_ABORTS, 2);
	counter_add(c, COUNTER_CONNECTS, 8);
	counter_add(c, COUNTER_REUSES, 4);
	counter_add(c, COUNTER_CHECK_FAILURES, 2);
	counter_add(c, COUNTER_DOWNS, 1);
	atomic_store(&c->last_us, fixture->loop.now_us - 190500000);
	atomic_store(&a->live.in_flight, 2);
	atomic_store(&a->in_flight_max, 9);
	atomic_store(&idle[0].count, 1);
	atomic_store(&idle[1].count, 2);
	a->idle = idle;
	a->changed_us = fixture->loop.now_us - 60000000;
	a->downtime_us = 5000000;
	counter_add(web, COUNTER_SESSIONS, 20);
	counter_add(web, COUNTER_REQUESTS, 40);
	counter_add(web, COUNTER_DENIED_REQUESTS, 1);
	counter_add(web, COUNTER_BAD_REQUESTS, 2);
	counter_add(web, COUNTER_DENIED_SESSIONS, 3);
	counter_add(web, COUNTER_INTERCEPTED, 4);
	counter_add(web, COUNTER_INTERNAL_ERRORS, 5);
	counter_add(app, COUNTER_DENIED_REQUESTS, 8);
	atomic_store(&fixture->frontends[0]->sessions, 6);
	atomic_store(&fixture->frontends[0]->sessions_max, 10);
}

Test(show_stat, values_of_a_server)
{
	static const struct check_result refused = {CHECK_FAILED, CHECK_STATUS_L4CON, 0, 1500, "Connection refused"};
	static const char *const a[][2] = {{"scur", "2"}, {"smax", "9"}, {"slim", ""}, {"stot", "12"}, {"bin", "1000"},
		{"bout", "5000000000"}, {"dreq", ""}, {"ereq", ""}, {"econ", "3"}, {"eresp", "4"}, {"wretr", "5"},
		{"wredis", "6"}, {"status", "UP 1/3"}, {"weight", "100"}, {"act", "1"}, {"bck", "0"}, {"chkfail", "2"},
		{"chkdown", "1"}, {"lastchg", "60"}, {"downtime", "5"}, {"pid", "1"}, {"iid", "3"}, {"sid", "1"},
		{"lbtot", "12"}, {"type", "2"}, {"rate", "0"}, {"check_status", "INI"}, {"check_code", ""},
		{"hrsp_2xx", "11"}, {"hrsp_5xx", "0"}, {"req_tot", "0"}, {"cli_abrt", "1"}, {"srv_abrt", "2"},
		{"lastsess", "190"}, {"last_chk", ""}, {"check_desc", "Initializing"}, {"check_rise", "2"},
		{"check_fall", "3"}, {"check_health", "2"}, {"addr", "127.0.0.1:9001"}, {"cookie", "a"},
		{"mode", "http"}, {"algo", ""}, {"connect", "8"}, {"reuse", "4"}, {"srv_icur", "3"},
		{"used_conn_cur", "2"}, {"uweight", "100"}, {"-", "-"}, {"health", "unknown"}, {"admin_state", "ready"},
		{"brk_state", "-"}, {"brk_since", ""}, {"lat_p50_us", ""}, {"chk_hist", ""}, {"drain_since", ""},
		{"eff_weight", "100"}};
	static const char *const down[][2] = {{"status", "DOWN"}, {"check_status", "L4CON"}, {"check_duration", "1"},
		{"last_chk", "Connection refused"}, {"check_desc", "Layer4 connection problem"}, {"check_health", "0"},
		{"weight", "100"}, {"eff_weight", "0"}, {"health", "unhealthy"}, {"chk_hist", "x"}};
	static const char *const maint[][2] = {{"status", "MAINT"}, {"check_status", ""}, {"check_rise", ""},
		{"admin_state", "maint"}, {"eff_weight", "0"}, {"chkfail", "3"}};
	struct server *s = fixture->backends[0]->servers[0];
	show_stat_fill();
	const char *csv = show_stat_ask(CONFIG_LEVEL_ADMIN, "show stat");
	show_stat_expect(csv, "app,a", a, sizeof a / sizeof a[0]);
	check_result_apply(s, &refused);
	csv = show_stat_ask(CONFIG_LEVEL_ADMIN, "show stat");
	show_stat_expect(csv, "app,a", down, sizeof down / sizeof down[0]);
	server_set_admin(s, SERVER_MAINT, "test");
	csv = show_stat_ask(CONFIG_LEVEL_ADMIN, "show stat");
	show_stat_expect(csv, "app,a", maint, sizeof maint / sizeof maint[0]);
	atomic_store(&s->live.in_flight, 0);
}

Test(show_stat, values_of_the_others)
{
	static const char *const web[][2] = {{"qcur", ""}, {"scur", "6"}, {"smax", "10"}, {"slim", "1000"},
		{"stot", "20"}, {"dreq", "1"}, {"ereq", "2"}, {"econ", ""}, {"status", "OPEN"}, {"weight", ""},
		{"iid", "2"}, {"sid", "0"}, {"type", "0"}, {"rate", "0"}, {"rate_lim", "0"}, {"req_rate", "0"},
		{"req_tot", "40"}, {"cli_abrt", ""}, {"lastsess", ""}, {"addr", ""}, {"mode", "http"},
		{"conn_tot", "20"}, {"intercepted", "4"}, {"dses", "3"}, {"eint", "5"}, {"health", ""},
		{"brk_state", ""}};
	static const char *const app[][2] = {{"qcur", "0"}, {"scur", "2"}, {"slim", ""}, {"dreq", "8"},
		{"status", "UP"}, {"weight", "150"}, {"act", "2"}, {"bck", "1"}, {"chkfail", ""}, {"chkdown", "0"},
		{"downtime", "0"}, {"iid", "3"}, {"sid", "0"}, {"type", "1"}, {"lastsess", "-1"}, {"cookie", "LBSRV"},
		{"algo", "leftmost"}, {"uweight", "151"}, {"addr", ""}, {"health", ""}};
	static const char *const b[][2] = {{"slim", "7"}, {"status", "no check"}, {"chkfail", ""}, {"chkdown", ""},
		{"downtime", ""}, {"check_status", ""}, {"lastsess", "-1"}, {"health", "healthy"}};
	static const char *const c[][2] = {{"act", "0"}, {"bck", "1"}};
	static const char *const m[][2] = {
		{"mode", "tcp"}, {"hrsp_2xx", ""}, {"req_tot", ""}, {"addr", "[::1]:9002"}, {"cookie", ""}};
	show_stat_fill();
	const char *csv = show_stat_ask(CONFIG_LEVEL_OPERATOR, "show stat");
	show_stat_expect(csv, "web,FRONTEND", web, sizeof web / sizeof web[0]);
	show_stat_expect(csv, "app,BACKEND", app, sizeof app / sizeof app[0]);
	show_stat_expect(csv, "app,b", b, sizeof b / sizeof b[0]);
	show_stat_expect(csv, "app,c", c, sizeof c / sizeof c[0]);
	show_stat_expect(csv, "db,m", m, sizeof m / sizeof m[0]);
	atomic_store(&fixture->backends[0]->servers[0]->live.in_flight, 0);
}

Test(show_stat, level_user_sees_no_addresses)
{
	static const char *const server[][2] = {{"addr", ""}, {"cookie", ""}};
	static const char *const backend[][2] = {{"algo", ""}, {"cookie", ""}};
	const char *csv = show_stat_ask(CONFIG_LEVEL_USER, "show stat");
	show_stat_expect(csv, "app,a", server, 2);
	show_stat_expect(csv, "app,BACKEND", backend, 2);
}

Test(show_stat, drain_is_dated)
{
	struct server *a = fixture->backends[0]->servers[0];
	server_set_admin(a, SERVER_DRAIN, "test");
	a->drain_since_us -= 30000000;
	const char *csv = show_stat_ask(CONFIG_LEVEL_USER, "show stat");
	const char *since = show_stat_cell(csv, "app,a", "drain_since");
	cr_expect(!strcmp(since, "29") || !strcmp(since, "30"), "%s", since);
	cr_expect_str_eq(show_stat_cell(csv, "app,a", "status"), "DRAIN 1/3");
}

Test(show_stat, every_row_has_the_fields_of_the_header)
{
	const char *csv = show_stat_ask(CONFIG_LEVEL_ADMIN, "show stat");
	int expected = 0;
	for (const char *line = csv; *line != '\n'; line = strchr(line, '\n') + 1) {
		int n = 0;
		const char *end = strchr(line, '\n');
		for (const char *c = line; c < end; c++)
			n += *c == ',';
		expected = expected ? expected : n;
		cr_expect_eq(n, expected, "%.*s", (int)(end - line), line);
		cr_expect_eq(end[-1], ',');
	}
}

Test(show_stat, typed_and_json)
{
	const char *typed = show_stat_ask(CONFIG_LEVEL_ADMIN, "show stat typed");
	cr_expect_not_null(strstr(typed, "S.3.1.17.status.1:SGP:str:UP 1/3\n"));
	cr_expect_not_null(strstr(typed, "S.3.2.55.lastsess.1:MAP:s32:-1\n"));
	cr_expect_not_null(strstr(typed, "F.2.0.0.pxname.1:KNS:str:web\n"));
	cr_expect_not_null(strstr(typed, "S.3.1.103.health.1:SGP:str:unknown\n"), "the dash has no position");
	cr_expect_null(strstr(typed, ".-.1:"));
	cr_expect_null(strstr(typed, "# "));
	cr_expect_not_null(strstr(show_stat_ask(CONFIG_LEVEL_ADMIN, "show stat typed desc"), ":str:web:\"name of the"));
	const char *json = show_stat_ask(CONFIG_LEVEL_ADMIN, "show stat json");
	static const char start[] = "[[{\"objType\":\"Frontend\",\"proxyId\":2,\"id\":0,\"field\":{\"pos\":0,\"name\":"
				    "\"pxname\"},\"processNum\":1,\"tags\":{\"origin\":\"Key\",\"nature\":\"Name\","
				    "\"scope\":\"Service\"},\"value\":{\"type\":\"str\",\"value\":\"web\"}},";
	cr_expect_eq(strncmp(json, start, sizeof start - 1), 0, "%.300s", json);
	cr_expect_str_eq(json + strlen(json) - 5, "}]]\n\n");
	cr_expect_str_eq(show_stat_ask(CONFIG_LEVEL_ADMIN, "show stat -1 8 -1 json"), "[]\n\n");
}

Test(show_stat, rates_of_one_answer_are_of_one_moment)
{
	struct stat_sampler sampler = {0};
	uint64_t now = fixture->loop.now_us;
	struct backend *app = fixture->backends[0];
	static const uint64_t added[] = {30, 0, 10};
	stat_sampler_run(&sampler, &fixture->proxies, STAT_SAMPLER_SLICE, now += STAT_SAMPLER_ROUND_US);
	for (int i = 0; i < 3; i++)
		counter_add(server_counters(app->servers[i], 0), COUNTER_SESSIONS, added[i]);
	counter_add(counter_set_block(&app->counters, 0), COUNTER_SESSIONS, 40);
	counter_add(counter_set_block(&fixture->frontends[0]->counters, 0), COUNTER_REQUESTS, 40);
	stat_sampler_run(&sampler, &fixture->proxies, STAT_SAMPLER_SLICE, now += STAT_SAMPLER_ROUND_US);
	const char *csv = show_stat_ask(CONFIG_LEVEL_USER, "show stat");
	cr_expect_str_eq(show_stat_cell(csv, "app,a", "rate"), "30");
	cr_expect_str_eq(show_stat_cell(csv, "app,b", "rate"), "0");
	cr_expect_str_eq(show_stat_cell(csv, "app,c", "rate"), "10");
	cr_expect_str_eq(show_stat_cell(csv, "app,BACKEND", "rate"), "40");
	cr_expect_str_eq(show_stat_cell(csv, "web,FRONTEND", "req_rate"), "40");
	cr_expect_str_eq(show_stat_cell(csv, "web,FRONTEND", "req_rate_max"), "40");
}

Test(show_stat, many_servers_are_sampled_in_slices)
{
	struct stat_sampler sampler = {0};
	uint64_t now = fixture->loop.now_us + 1;
	struct backend *app = fixture->backends[0];
	uint32_t slice = 2 * app->servers[0]->counters.workers, calls = 0;
	do {
		stat_sampler_run(&sampler, &fixture->proxies, slice, now);
		uint32_t done = 0;
		for (uint32_t i = 0; i < app->server_count; i++)
			done += app->servers[i]->sampled.sampled_us == now;
		uint32_t due = 2 * ++calls;
		cr_assert_eq(done, due < app->server_count ? due : app->server_count);
	} while (sampler.running);
	cr_expect_eq(calls, (app->server_count + 1) / 2);
	cr_expect_eq(app->sampled.sampled_us, now);
}

/* Lines to the byte, as HAProxy 2.6 wrote them for the same events. */
#include "proxy/access_log.h"

#include "base/random.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static const struct address access_log_v4 = {.length = sizeof(struct sockaddr_in), .as.v4 = {.sin_family = AF_INET}};

static struct address access_log_client(const char *ip, uint16_t port)
{
	struct address a = access_log_v4;
	if (inet_pton(AF_INET, ip, &a.as.v4.sin_addr) == 1) {
		a.as.v4.sin_port = htons(port);
	} else {
		a = (struct address){.length = sizeof(struct sockaddr_in6), .as.v6 = {.sin6_family = AF_INET6}};
		cr_assert_eq(inet_pton(AF_INET6, ip, &a.as.v6.sin6_addr), 1);
		a.as.v6.sin6_port = htons(port);
	}
	return a;
}

static struct access_record access_log_ok(const struct address *client)
{
	return (struct access_record){
		.client = client,
		.peer = client,
		.accept_wall_us = 1795216287202999u, /* 2026-11-20T23:11:27.202999Z */
		.frontend = "fe_web",
		.backend = "be_web",
		.server = "s1",
		.t_request = 999,
		.t_queue = 0,
		.t_connect = 100,
		.t_response = 1000,
		.t_total = 1999,
		.status = 200,
		.bytes_in = 77,
		.bytes_out = 132,
		.termination = {'-', '-'},
		.active = 1,
		.frontend_active = 1,
		.method = {"GET", 3},
		.host = {"a.example", 9},
		.path = {"/ok", 3},
		.query = {"x=1", 3},
		.target = {"/ok?x=1", 7},
		.version_minor = 1,
	};
}

static void access_log_expect(enum config_access_log_format format, const struct access_record *r, const char *expected)
{
	char out[ACCESS_LOG_LINE_MAX + 1];
	size_t n = access_log_format(format, r, out);
	cr_assert_leq(n, (size_t)ACCESS_LOG_LINE_MAX);
	out[n] = '\0';
	cr_assert_str_eq(out, expected);
}

static void access_log_in_utc(void)
{
	setenv("TZ", "UTC", 1);
	tzset();
}

Test(access_log, httplog_of_a_request_that_went_well, .init = access_log_in_utc)
{
	struct address client = access_log_client("127.0.0.1", 34942);
	struct access_record r = access_log_ok(&client);
	access_log_expect(CONFIG_ACCESS_LOG_HTTPLOG, &r,
		"127.0.0.1:34942 [20/Nov/2026:23:11:27.202] fe_web be_web/s1 0/0/0/1/1 200 132 - - ---- 1/1/0/0/0 0/0 "
		"\"GET /ok?x=1 HTTP/1.1\"");
}

#define NEVER ACCESS_LOG_NEVER

/* The table of seen HAProxy lines: timers, status, bytes, termination, counters. */
Test(access_log, httplog_of_every_end, .init = access_log_in_utc)
{
	static const struct {
		uint64_t t[5];
		int status;
		uint64_t bytes;
		const char *termination, *backend, *server;
		uint32_t retries;
		bool redispatched;
		uint32_t server_queue, backend_queue;
		const char *expected;
	} cases[] = {
		{{0, NEVER, NEVER, NEVER, 0}, 403, 192, "PR", NULL, NULL, 0, false, 0, 0,
			"fe_web fe_web/<NOSRV> 0/-1/-1/-1/0 403 192 - - PR-- 1/1/0/0/0 0/0"},
		{{0, NEVER, NEVER, NEVER, 0}, 503, 217, "SC", "be_none", NULL, 0, false, 0, 0,
			"fe_web be_none/<NOSRV> 0/-1/-1/-1/0 503 217 - - SC-- 1/1/0/0/0 0/0"},
		{{0, 603000, NEVER, NEVER, 603000}, 503, 217, "SC", "be", "s1", 2, false, 0, 0,
			"fe_web be/s1 0/603/-1/-1/603 503 217 - - SC-- 1/1/0/0/2 0/0"},
		{{0, 0, 0, 0, 0}, 200, 132, "--", "be", "s2", 1, true, 0, 0,
			"fe_web be/s2 0/0/0/0/0 200 132 - - ---- 1/1/0/0/+1 0/0"},
		{{0, 201000, NEVER, NEVER, 201000}, -1, 0, "CQ", "q", NULL, 0, false, 0, 1,
			"fe_web q/<NOSRV> 0/201/-1/-1/201 -1 0 - - CQ-- 1/1/0/0/0 0/1"},
		{{0, 0, 0, NEVER, 2001000}, 504, 198, "sH", "be", "s1", 0, false, 3, 4294967295,
			"fe_web be/s1 0/0/0/-1/2001 504 198 - - sH-- 1/1/0/0/0 3/4294967295"},
		{{12345678, 0, 0, 0, 4001999}, 200, UINT64_MAX, "sD", "be", "s1", 0, false, 0, 0,
			"fe_web be/s1 12345/0/0/0/4001 200 18446744073709551615 - - sD-- 1/1/0/0/0 0/0"},
		{{0, 0, 0, 0, 0}, 200, 1, "\0", "be", "s1", 0, false, 0, 0,
			"fe_web be/s1 0/0/0/0/0 200 1 - - ---- 1/1/0/0/0 0/0"},
	};
	struct address client = access_log_client("10.0.0.255", 1);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct access_record r = access_log_ok(&client);
		char expected[512];
		r.t_request = cases[i].t[0], r.t_queue = cases[i].t[1], r.t_connect = cases[i].t[2];
		r.t_response = cases[i].t[3], r.t_total = cases[i].t[4];
		r.status = cases[i].status, r.bytes_out = cases[i].bytes;
		memcpy(r.termination, cases[i].termination, 2);
		r.backend = cases[i].backend, r.server = cases[i].server;
		r.retries = cases[i].retries, r.redispatched = cases[i].redispatched;
		r.server_queue = cases[i].server_queue, r.backend_queue = cases[i].backend_queue;
		snprintf(expected, sizeof expected,
			"10.0.0.255:1 [20/Nov/2026:23:11:27.202] %s \"GET /ok?x=1 HTTP/1.1\"", cases[i].expected);
		access_log_expect(CONFIG_ACCESS_LOG_HTTPLOG, &r, expected);
	}
}

Test(access_log, httplog_of_a_request_that_could_not_be_read, .init = access_log_in_utc)
{
	struct address client = access_log_client("::1", 5);
	struct access_record r = access_log_ok(&client);
	r.method = r.target = str_make(NULL, 0);
	r.backend = r.server = NULL;
	r.t_request = r.t_queue = r.t_connect = r.t_response = NEVER;
	r.t_total = 5001000;
	r.status = 408;
	r.bytes_out = 0;
	memcpy(r.termination, "cR", 2);
	access_log_expect(CONFIG_ACCESS_LOG_HTTPLOG, &r,
		"::1:5 [20/Nov/2026:23:11:27.202] fe_web fe_web/<NOSRV> -1/-1/-1/-1/5001 408 0 - - cR-- 1/1/0/0/0 0/0 "
		"\"<BADREQ>\"");
}

Test(access_log, tcplog, .init = access_log_in_utc)
{
	struct address client = access_log_client("127.0.0.1", 34942),
		       local = {.length = 2, .as.local.sun_family = AF_UNIX};
	struct access_record r = access_log_ok(&client);
	r.t_total = 61000000;
	memcpy(r.termination, "cD", 2);
	access_log_expect(CONFIG_ACCESS_LOG_TCPLOG, &r,
		"127.0.0.1:34942 [20/Nov/2026:23:11:27.202] fe_web be_web/s1 0/0/61000 132 cD 1/1/0/0/0 0/0");
	r.client = &local;
	r.server = NULL;
	r.t_queue = r.t_connect = NEVER;
	access_log_expect(CONFIG_ACCESS_LOG_TCPLOG, &r,
		"unix:1 [20/Nov/2026:23:11:27.202] fe_web be_web/<NOSRV> -1/-1/61000 132 cD 1/1/0/0/0 0/0");
	char out[ACCESS_LOG_LINE_MAX];
	cr_assert_eq(access_log_format(CONFIG_ACCESS_LOG_OFF, &r, out), 0u);
}

Test(access_log, the_target_is_escaped_as_in_haproxy, .init = access_log_in_utc)
{
	static const char *const cases[][2] = {
		{"/a b", "/a b"},
		{"/\"#", "/#22#23"},
		{"/\xc3\xa4\x7f\x01", "/#C3#A4#7F#01"},
		{"/{|}~", "/{|}~"},
		{"/\n127.0.0.1:1 forged", "/#0A127.0.0.1:1 forged"},
	};
	struct address client = access_log_client("127.0.0.1", 1);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct access_record r = access_log_ok(&client);
		char expected[512];
		r.target = str_of(cases[i][0]);
		r.version_minor = 0;
		snprintf(expected, sizeof expected,
			"127.0.0.1:1 [20/Nov/2026:23:11:27.202] fe_web be_web/s1 0/0/0/1/1 200 132 - - ---- 1/1/0/0/0 "
			"0/0 "
			"\"GET %s HTTP/1.0\"",
			cases[i][1]);
		access_log_expect(CONFIG_ACCESS_LOG_HTTPLOG, &r, expected);
	}
}

Test(access_log, a_long_target_loses_its_end_only, .init = access_log_in_utc)
{
	static char target[20000], out[ACCESS_LOG_LINE_MAX];
	struct address client = access_log_client("127.0.0.1", 1);
	struct access_record r = access_log_ok(&client);
	for (int fill = 0; fill < 2; fill++)
		for (size_t length = 7900; length < 8300; length++) {
			memset(target, fill ? '"' : 'a', length);
			r.target = str_make(target, fill ? length / 3 : length);
			size_t n = access_log_format(CONFIG_ACCESS_LOG_HTTPLOG, &r, out);
			cr_assert_leq(n, (size_t)ACCESS_LOG_LINE_MAX);
			cr_assert_eq(memcmp(out + n - 10, " HTTP/1.1\"", 10), 0);
			cr_assert(out[n - 11] == (fill ? '2' : 'a'));
			if (fill)
				cr_assert_eq(memcmp(out + n - 13, "#22", 3), 0);
			if (length > 8200)
				cr_assert_gt(n, (size_t)ACCESS_LOG_LINE_MAX - 3);
		}
}

Test(access_log, dates_are_local_and_follow_the_zone)
{
	static const char *const zones[] = {
		"UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Auckland"};
	struct address client = access_log_client("127.0.0.1", 1);
	struct random random = {7};
	for (size_t z = 0; z < sizeof zones / sizeof *zones; z++) {
		setenv("TZ", zones[z], 1);
		tzset();
		struct access_date date = {0};
		uint64_t near = 1774742000; /* an hour before Berlin's clocks change in 2026 */
		for (int i = 0; i < 5000; i++) {
			uint64_t seconds = i < 2500 ? near + (uint64_t)i * 3 : random_next(&random) % 4102444800u;
			struct access_record r = access_log_ok(&client);
			char out[ACCESS_LOG_LINE_MAX], expected[64];
			r.accept_wall_us = seconds * 1000000 + 7000;
			r.date = i % 10 ? &date : NULL;
			size_t n = access_log_format(CONFIG_ACCESS_LOG_TCPLOG, &r, out);
			time_t t = (time_t)seconds;
			struct tm local;
			strftime(expected, sizeof expected, "[%d/%b/%Y:%H:%M:%S.007]", localtime_r(&t, &local));
			cr_assert_eq(memcmp(out + 12, expected, strlen(expected)), 0, "%s %.*s expected %s", zones[z],
				(int)n, out, expected);
		}
	}
}

Test(access_log, json_of_a_request_that_went_well)
{
	struct address client = access_log_client("127.0.0.1", 34942);
	struct access_record r = access_log_ok(&client);
	r.request_id = str_of("abc-1");
	access_log_expect(CONFIG_ACCESS_LOG_JSON, &r,
		"{\"time\":\"2026-11-20T23:11:27.202999Z\",\"client\":\"127.0.0.1:34942\",\"peer\":\"127.0.0.1:34942\",\"frontend\":\"fe_web\","
		"\"backend\":\"be_web\",\"server\":\"s1\",\"method\":\"GET\",\"host\":\"a.example\",\"path\":\"/ok\","
		"\"query\":\"x=1\",\"version\":\"HTTP/1.1\",\"status\":200,\"bytes_in\":77,\"bytes_out\":132,"
		"\"t_request\":999,\"t_queue\":0,\"t_connect\":100,\"t_response\":1000,\"t_total\":1999,"
		"\"termination\":\"--\",\"reason\":\"-\",\"retries\":0,\"request_id\":\"abc-1\",\"headers\":{}}");
}

Test(access_log, json_of_a_request_that_could_not_be_read)
{
	static const struct address unix_peer = {.as.any.sa_family = AF_UNIX};
	struct address client = access_log_client("2001:db8::1", 443);
	struct access_record r = access_log_ok(&client);
	r.peer = &unix_peer;
	r.method = str_make(NULL, 0);
	r.backend = r.server = NULL;
	r.t_request = r.t_queue = r.t_connect = r.t_response = NEVER;
	r.status = -1;
	r.reason = REASON_MALFORMED_REQUEST;
	r.detail = "bad_\"header\"";
	memcpy(r.termination, "PR", 2);
	access_log_expect(CONFIG_ACCESS_LOG_JSON, &r,
		"{\"time\":\"2026-11-20T23:11:27.202999Z\",\"client\":\"[2001:db8::1]:443\",\"peer\":\"unix:1\",\"frontend\":\"fe_web\","
		"\"backend\":\"fe_web\",\"server\":null,\"method\":null,\"host\":null,\"path\":null,\"query\":null,"
		"\"version\":null,\"status\":null,\"bytes_in\":77,\"bytes_out\":132,\"t_request\":null,\"t_queue\":"
		"null,"
		"\"t_connect\":null,\"t_response\":null,\"t_total\":1999,\"termination\":\"PR\","
		"\"reason\":\"malformed_request\",\"detail\":\"bad_\\\"header\\\"\",\"retries\":0,\"request_id\":null,"
		"\"headers\":{}}");
}

Test(access_log, json_escapes_what_is_no_utf8_and_no_text)
{
	static const char *const cases[][2] = {
		{"/a\"b\\c", "/a\\\"b\\\\c"},
		{"/\x01\x1f\x7f\n", "/\\u0001\\u001f\\u007f\\u000a"},
		{"/\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "/\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"},
		{"/\xff", "/\\u00ff"},
		{"/\xc3", "/\\u00c3"},
		{"/\xc3x", "/\\u00c3x"},
		{"/\xc0\xaf", "/\\u00c0\\u00af"},
		{"/\xe0\x80\xaf", "/\\u00e0\\u0080\\u00af"},
		{"/\xed\xa0\x80", "/\\u00ed\\u00a0\\u0080"},
		{"/\xf4\x90\x80\x80", "/\\u00f4\\u0090\\u0080\\u0080"},
		{"/\xf0\x9f\x98", "/\\u00f0\\u009f\\u0098"},
		{"/\x80", "/\\u0080"},
		/* Well formed, but a terminal acts on them, or the line reads in another order. */
		{"/\xc2\x80\xc2\x9b\xc2\x9f\xc2\xa0", "/\\u0080\\u009b\\u009f\xc2\xa0"},
		{"/\xd8\x9c\xe2\x80\x8e\xe2\x80\x8f\xe2\x80\x8d", "/\\u061c\\u200e\\u200f\xe2\x80\x8d"},
		{"/\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa\xe2\x80\xae\xe2\x80\xaf",
			"/\\u2028\\u2029\\u202a\\u202e\xe2\x80\xaf"},
		{"/\xe2\x81\xa5\xe2\x81\xa6\xe2\x81\xa9\xe2\x81\xaa",
			"/\xe2\x81\xa5\\u2066\\u2069\xe2\x81\xaa"},
	};
	struct address client = access_log_client("127.0.0.1", 1);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct access_record r = access_log_ok(&client);
		char out[ACCESS_LOG_LINE_MAX + 1], expected[256];
		r.path = str_of(cases[i][0]);
		out[access_log_format(CONFIG_ACCESS_LOG_JSON, &r, out)] = '\0';
		snprintf(expected, sizeof expected, ",\"path\":\"%s\",\"query\":", cases[i][1]);
		cr_assert_not_null(strstr(out, expected), "%s in %s", expected, out);
	}
}

static const char *access_log_names[] = {"X-Who", "X-Other", "X-Missing"};

static struct http_field access_log_fields[] = {
	{.name = {"x-who", 5}, .value = {"first", 5}},
	{.name = {"X-Other", 7}, .value = {"a|b{c}\"#\xff~", 11}},
	{.name = {"X-WHO", 5}, .value = {"the last one", 12}},
};
static const struct http_fields access_log_request_fields = {access_log_fields, 3, 3};
static const struct str access_log_captured[] = {{"text/html", 9}, {"", 0}, {NULL, 0}};
static const struct config_capture access_log_capture = {
	.request = {access_log_names, 3}, .response = {access_log_names, 3}, .length = 8};

static struct access_record access_log_with_captures(const struct address *client)
{
	struct access_record r = access_log_ok(client);
	r.capture = &access_log_capture;
	r.request_fields = &access_log_request_fields;
	r.captured = access_log_captured;
	return r;
}

Test(access_log, httplog_with_captured_headers, .init = access_log_in_utc)
{
	struct address client = access_log_client("127.0.0.1", 34942);
	struct access_record r = access_log_with_captures(&client);
	access_log_expect(CONFIG_ACCESS_LOG_HTTPLOG, &r,
		"127.0.0.1:34942 [20/Nov/2026:23:11:27.202] fe_web be_web/s1 0/0/0/1/1 200 132 - - ---- 1/1/0/0/0 0/0 "
		"{the last|a#7Cb#7Bc#7D#22#23|} {text/html||} \"GET /ok?x=1 HTTP/1.1\"");
	r.captured = NULL;
	access_log_expect(CONFIG_ACCESS_LOG_HTTPLOG, &r,
		"127.0.0.1:34942 [20/Nov/2026:23:11:27.202] fe_web be_web/s1 0/0/0/1/1 200 132 - - ---- 1/1/0/0/0 0/0 "
		"{the last|a#7Cb#7Bc#7D#22#23|} {||} \"GET /ok?x=1 HTTP/1.1\"");
	r.method = str_of("");
	access_log_expect(CONFIG_ACCESS_LOG_HTTPLOG, &r,
		"127.0.0.1:34942 [20/Nov/2026:23:11:27.202] fe_web be_web/s1 0/0/0/1/1 200 0 - - ---- 1/1/0/0/0 0/0 "
		"\"<BADREQ>\"");
}

Test(access_log, json_with_captured_headers)
{
	struct address client = access_log_client("127.0.0.1", 34942);
	struct access_record r = access_log_with_captures(&client);
	char out[ACCESS_LOG_LINE_MAX + 1];
	out[access_log_format(CONFIG_ACCESS_LOG_JSON, &r, out)] = '\0';
	cr_assert_str_eq(strstr(out, ",\"headers\":"),
		",\"headers\":{\"request\":{\"X-Who\":\"the last\",\"X-Other\":\"a|b{c}\\\"#\"},"
		"\"response\":{\"X-Who\":\"text/html\",\"X-Other\":\"\"}}}");
}

/* Everything as long as it can be: still one object that ends, and no text that ends inside an escape. */
Test(access_log, json_is_whole_whatever_is_long)
{
	static char huge[20000], out[ACCESS_LOG_LINE_MAX + 1];
	struct address client = access_log_client("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 65535);
	for (int fill = 0; fill < 3; fill++) {
		memset(huge, "a\x01\xe2"[fill], sizeof huge - 1);
		struct access_record r = access_log_ok(&client);
		struct str s = str_of(huge), values[16];
		const char *names[16];
		struct http_field fields[16];
		for (int i = 0; i < 16; i++) {
			names[i] = "0123456789012345678901234567890123456789012345678901234567890123";
			fields[i] = (struct http_field){.name = str_of(names[i]), .value = s};
			values[i] = str_make(huge, 1024);
		}
		const struct config_capture capture = {{names, 16}, {names, 16}, 1024};
		const struct http_fields request_fields = {fields, 16, 16};
		r.capture = &capture;
		r.request_fields = &request_fields;
		r.captured = values;
		r.frontend = r.backend = r.server = r.detail = huge;
		r.method = r.host = r.path = r.query = r.request_id = s;
		r.t_request = r.t_queue = r.t_connect = r.t_response = r.t_total = r.bytes_in = r.bytes_out =
			UINT64_MAX - 1;
		r.retries = UINT32_MAX;
		size_t n = access_log_format(CONFIG_ACCESS_LOG_JSON, &r, out);
		cr_assert_leq(n, (size_t)ACCESS_LOG_LINE_MAX);
		out[n] = '\0';
		cr_assert_eq(memcmp(out + n - 3, "}}}", 3), 0);
		bool quoted = false;
		for (size_t i = 0; i < n; i++) {
			if (out[i] == '\\' && quoted) {
				size_t length = out[i + 1] == 'u' ? 5 : 1;
				cr_assert_eq(strspn(out + i + 2, "0123456789abcdef") >= length - 1, 1);
				i += length;
			} else if (out[i] == '"') {
				quoted = !quoted;
			}
		}
		cr_assert_not(quoted);
	}
}

static void access_log_run(const char *command, char *out, size_t size)
{
	FILE *f = popen(command, "re");
	cr_assert_not_null(f);
	size_t n = fread(out, 1, size - 1, f);
	out[n] = '\0';
	cr_assert_eq(pclose(f), 0, "%s: %s", command, out);
}

/* Debian's reader of HAProxy logs (package haproxy) takes our lines for HAProxy's. */
Test(access_log, halog_reads_our_lines, .init = access_log_in_utc, .timeout = 20)
{
	if (access("/usr/sbin/halog", X_OK) != 0 && access("/usr/bin/halog", X_OK) != 0)
		cr_assert_fail("halog is not installed: apt-get install haproxy");
	char path[] = "/tmp/lbd-halog-XXXXXX", line[ACCESS_LOG_LINE_MAX], command[256], out[4096];
	FILE *f = fdopen(mkstemp(path), "w");
	struct address client = access_log_client("127.0.0.1", 34942);
	for (int i = 0; i < 100; i++) {
		struct access_record r = access_log_ok(&client);
		r.server = i % 4 == 0 ? "s2" : "s1";
		r.status = i % 10 == 0 ? 503 : 200;
		r.target = str_of("/x \"y\"");
		r.t_response = r.t_total = (uint64_t)i * 1000;
		memcpy(r.termination, i % 10 == 0 ? "sH" : "--", 2);
		fprintf(f, "%.*s\n", (int)access_log_format(CONFIG_ACCESS_LOG_HTTPLOG, &r, line), line);
	}
	fclose(f);
	static const char *const cases[][2] = {
		{"-H -c", "100\n"},
		{"-e -c", "10\n"},
		{"-st", "200 90\n503 10\n"},
		{"-tc", "-- 90\nsH 10\n"},
		{"-rt 50 -c", "50\n"},
		{"-u", "100 0 4950 49 4950 49 132 13200 /x\n"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		snprintf(command, sizeof command, "PATH=$PATH:/usr/sbin halog -q -s -4 %s < %s", cases[i][0], path);
		access_log_run(command, out, sizeof out);
		cr_assert_not_null(strstr(out, cases[i][1]), "%s: %s", command, out);
	}
	snprintf(command, sizeof command, "PATH=$PATH:/usr/sbin halog -q -s -4 -srv < %s", path);
	access_log_run(command, out, sizeof out);
	cr_assert_not_null(strstr(out, "be_web/s1 0 70 0 0 5 0 75 75 100.0 0 50"), "%s", out);
	unlink(path);
}

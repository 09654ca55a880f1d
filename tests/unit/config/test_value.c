#include "config.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "config_fixture.h"

static uint64_t value_timeout(const struct config *c)
{
	return c->global.shutdown_timeout;
}

Test(value, durations)
{
	static const struct {
		const char *text;
		uint64_t us;
	} cases[] = {
		{"0", 0},
		{"1", 1000},
		{"86400000", 86400000000},
		{"\"1ms\"", 1000},
		{"\"2s\"", 2000000},
		{"\"3m\"", 180000000},
		{"\"1h\"", 3600000000},
		{"\"1d\"", 86400000000},
		{"\"0s\"", 0},
		{"\"10S\"", 10000000},
		{"\"007s\"", 7000000},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char text[512];
		struct text out = {0};
		snprintf(text, sizeof(text), "global: { shutdown_timeout = %s; }; %s", cases[i].text, fixture_valid);
		struct config *config = fixture_load(text, &out);
		cr_assert_not_null(config, "%s: %s", cases[i].text, out.data);
		cr_expect_eq(value_timeout(config), cases[i].us, "%s", cases[i].text);
		config_free(config);
		text_free(&out);
	}
}

/* "SETTING" in the group, and the rest of its message. */
static const struct {
	enum config_group group;
	const char *setting, *message;
} value_refused[] = {
	{CONFIG_GROUP_GLOBAL, "shutdown_timeout = \"30\";",
		"global.shutdown_timeout is \"30\"; needed: a duration with its unit (ms, s, m, h, d), such as "
		"\"500ms\", or a "
		"whole number of milliseconds"},
	{CONFIG_GROUP_GLOBAL, "shutdown_timeout = \"-1s\";", "global.shutdown_timeout is \"-1s\"; needed: "},
	{CONFIG_GROUP_GLOBAL, "shutdown_timeout = \"1 s\";", "global.shutdown_timeout is \"1 s\"; needed: "},
	{CONFIG_GROUP_GLOBAL, "shutdown_timeout = \"1.5s\";", "global.shutdown_timeout is \"1.5s\"; needed: "},
	{CONFIG_GROUP_GLOBAL, "shutdown_timeout = \"99999999999999999999999s\";",
		"global.shutdown_timeout is \"99999999999999999999999s\"; allowed: 0 to \"1d\" (0: as long as they take)"},
	{CONFIG_GROUP_GLOBAL, "shutdown_timeout = \"18446744073709551615d\";",
		"; allowed: 0 to \"1d\" (0: as long as they take)"},
	{CONFIG_GROUP_GLOBAL, "shutdown_timeout = { };", "global.shutdown_timeout is a group; needed: a duration"},
	{CONFIG_GROUP_LIMITS, "request_line = \"8x\";",
		"frontend.limits.request_line is \"8x\"; needed: a size with its unit (k, m, g), such as \"16k\", or a "
		"whole "
		"number of bytes"},
	{CONFIG_GROUP_LIMITS, "request_line = \"1g\";",
		"frontend.limits.request_line is \"1g\"; allowed: 64 to \"1m\""},
	{CONFIG_GROUP_LIMITS, "headers = \"10\";",
		"frontend.limits.headers is \"10\"; needed: a whole number, such as 4"},
	{CONFIG_GROUP_CHECK, "jitter = 101;", "backend.check.jitter is 101; allowed: 0 to 100% (0: off)"},
	{CONFIG_GROUP_STATS_SOCKET, "mode = 660;",
		"global.stats_sockets.mode is 660; needed: permission bits as an octal text, such as \"0660\""},
	{CONFIG_GROUP_STATS_SOCKET, "mode = \"1777\";", "global.stats_sockets.mode is \"1777\"; needed: "},
	{CONFIG_GROUP_STATS_SOCKET, "mode = \"0689\";", "global.stats_sockets.mode is \"0689\"; needed: "},
	{CONFIG_GROUP_STATS_SOCKET, "mode = \"\";", "global.stats_sockets.mode is \"\"; needed: "},
	{CONFIG_GROUP_GLOBAL, "watch = 1;", "global.watch is 1; needed: true or false"},
	{CONFIG_GROUP_GLOBAL, "watch = \"true\";", "global.watch is \"true\"; needed: true or false"},
	{CONFIG_GROUP_CHECK, "path = \"a\\nb\";", "it holds the control character 0x0a"},
	{CONFIG_GROUP_CHECK, "path = \"\";", "backend.check.path is \"\"; it must not be empty"},
	{CONFIG_GROUP_CHECK, "method = \"GET /\";", "backend.check.method is \"GET /\"; needed: a name without spaces"},
	{CONFIG_GROUP_RULE_SET_HEADER, "value = \"a\\r\\nX: y\";", "it holds the control character 0x0d"},
	{CONFIG_GROUP_BACKEND, "host_header = \"a b\";",
		"backend.host_header is \"a b\"; needed: \"preserve\", \"server\" or"},
	{CONFIG_GROUP_BACKEND, "algorithm = \"9\";",
		"backend.algorithm.name is \"9\"; needed: the name of an algorithm"},
	{CONFIG_GROUP_BACKEND, "algorithm = \"../x\";",
		"backend.algorithm.name is \"../x\"; needed: the name of an algorithm"},
	{CONFIG_GROUP_ALGORITHM, "key = \"header:\";",
		"backend.algorithm.key is \"header:\"; needed: src, uri, path, host"},
	{CONFIG_GROUP_ALGORITHM, "key = \"port\";", "backend.algorithm.key is \"port\"; needed: src, uri, path, host"},
	{CONFIG_GROUP_FRONTEND, "default_backend = \"a b\";",
		"frontend.default_backend is \"a b\"; needed: the name of a backend"},
};

Test(value, refusals)
{
	for (size_t i = 0; i < sizeof(value_refused) / sizeof(*value_refused); i++) {
		struct text out = {0};
		char *text = fixture_wrap(value_refused[i].group, value_refused[i].setting);
		cr_expect_null(fixture_load(text, &out));
		cr_expect(strstr(out.data, value_refused[i].message), "%s: %s", text, out.data);
		text_free(&out);
		free(text);
	}
}

Test(value, texts_and_words)
{
	struct text out = {0};
	struct config *c = fixture_load("global: { log: { level = \"debug\"; target = \"/a \\\"b\\\"\"; }; "
					"stats_sockets = ( { path = \"/s\"; mode = \"600\"; "
					"level = \"admin\"; } ); };"
					"frontends: { w: { bind = [ \"*:1\" ]; rules = ( { return: { status = 200; "
					"body = \"a\\n\\tb\"; }; } ); }; };"
					"backends: { b: { host_header = \"server\"; }; c: { host_header = "
					"\"x.org:80\"; send_proxy = \"v2\"; }; };",
		&out);
	cr_assert_not_null(c, "%s", out.data);
	cr_expect_eq(c->global.log.level, LOG_LEVEL_DEBUG);
	cr_expect_str_eq(c->global.log.target, "/a \"b\"");
	cr_expect_eq(c->global.stats_sockets[0].mode, 0600);
	cr_expect_eq(c->global.stats_sockets[0].level, CONFIG_LEVEL_ADMIN);
	cr_expect_str_eq(c->frontends[0].rules[0].return_body, "a\n\tb");
	cr_expect_null(c->frontends[0].rules[0].path);
	cr_expect_eq(c->backends[0].host_header, CONFIG_HOST_SERVER);
	cr_expect_eq(c->backends[1].host_header, CONFIG_HOST_NAME);
	cr_expect_str_eq(c->backends[1].host_name, "x.org:80");
	cr_expect_eq(c->backends[1].send_proxy, 2);
	config_free(c);
	text_free(&out);
}

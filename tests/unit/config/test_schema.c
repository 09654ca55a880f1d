#include "config.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "config_fixture.h"

static struct config *schema_load(const char *text)
{
	struct text out = {0};
	struct config *config = fixture_load(text, &out);
	cr_assert_not_null(config, "%s", out.data);
	text_free(&out);
	return config;
}

Test(schema, messages)
{
	static const struct {
		const char *text, *messages;
	} cases[] = {
		{"globl: { };",
			"t.conf:1: error: unknown option \"globl\" in the file; did you mean \"global\"? Allowed: "
			"defaults, global, frontends, backends\n"},
		{"xyzzyx: { };", "t.conf:1: error: unknown option \"xyzzyx\" in the file; allowed: defaults, global, "
				 "frontends, backends\n"},
		{"defaults: { tiemouts: { }; };",
			"t.conf:1: error: unknown option \"tiemouts\" in defaults; did you mean \"timeouts\"?\n"},
		{"backends: { b: { server: { }; }; };",
			"t.conf:1: error: unknown option \"server\" in backend; did you mean \"servers\"?\n"
			"t.conf:1: warning: backend \"b\" has no servers; it answers 503\n"},
		{"global = 5;", "t.conf:1: error: global is 5; needed: a group { }\n"},
		{"frontends: ( );",
			"t.conf:1: error: frontends is a list; needed: named groups, such as { name: { ... }; }\n"},
		{"frontends: { web = 5; };", "t.conf:1: error: \"web\" is 5; it must be a group { }\n"},
		{"defaults = 1;", "t.conf:1: error: defaults must be a group { }\n"},
		{"global: { stats_sockets: { path = \"x\"; }; };",
			"t.conf:1: error: global.stats_sockets is a group; needed: a list of groups, such as ( { ... "
			"}, { ... } )\n"},
		{"global: { stats_sockets = ( 5, { } ); };",
			"t.conf:1: error: global.stats_sockets is 5; each element must be a group { }\n"
			"t.conf:1: error: global.stats_sockets.path is missing; it has no default\n"},
		{"defaults: { algorithm = 5; };",
			"t.conf:1: error: backend.algorithm is 5; needed: a name in quotes, or a group { }\n"},
		{"frontends: { web: {\n}; };",
			"t.conf:1: error: frontend.bind is missing; it has no default\n"
			"t.conf:1: warning: frontend \"web\" has neither default_backend nor rules; it answers 503\n"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		fixture_expect_messages(cases[i].text, cases[i].messages);
}

Test(schema, the_sample_of_the_documents_holds_the_defaults)
{
	struct config *c = schema_load(fixture_valid);
	const struct config_backend *b = &c->backends[0];
	const struct config_frontend *f = &c->frontends[0];
	cr_expect_eq(c->global.threads, 0);
	cr_expect_eq(c->global.shutdown_timeout, 30000000);
	cr_expect_eq(c->global.log.level, LOG_LEVEL_INFO);
	cr_expect_str_eq(c->global.log.target, "stderr");
	cr_expect_str_eq(c->global.user, "");
	cr_expect_eq(c->global.stats_socket_count, 0);
	cr_expect_eq(f->timeouts.connect, 4000000);
	cr_expect_eq(b->timeouts.tunnel, 3600000000);
	cr_expect_eq(f->timeouts.request, 0);
	cr_expect_eq(f->upgrade.count, 1);
	cr_expect_str_eq(f->upgrade.at[0], "websocket");
	cr_expect_eq(f->limits.request_line, 8192);
	cr_expect_eq(f->limits.header_bytes, 32768);
	cr_expect_eq(f->access_log.format, CONFIG_ACCESS_LOG_OFF);
	cr_expect_str_eq(b->algorithm.name, "p2c");
	cr_expect_str_eq(b->algorithm.key, "");
	cr_expect_eq(b->servers[0].weight, 100);
	cr_expect_eq(b->check.type, CONFIG_CHECK_NONE);
	cr_expect_eq(b->check.interval, 2000000);
	cr_expect_str_eq(b->check.path, "/");
	cr_expect_not(b->breaker.enabled);
	cr_expect_eq(b->breaker.open, 5000000);
	cr_expect_eq(b->failure_statuses.count, 1);
	cr_expect_eq(b->failure_statuses.at[0].low, 500);
	cr_expect_eq(b->retry.on, 63 & ~CONFIG_RETRY_TIMEOUT);
	cr_expect_eq(b->retry.pause, 100000);
	cr_expect_eq(b->retry.connect_for, 3000000);
	cr_expect_eq(b->retry.methods.count, 3);
	cr_expect_eq(b->retry.body, 65536);
	cr_expect_eq(b->queue_max, 1000);
	cr_expect_str_eq(b->sticky_cookie, "");
	cr_expect_eq(b->send_proxy, 0);
	cr_expect_eq(b->host_header, CONFIG_HOST_PRESERVE);
	cr_expect_str_eq(b->host_name, "");
	config_free(c);
}

Test(schema, groups_merge_key_by_key_and_lists_replace)
{
	struct config *c = schema_load(
		"frontends: { web: { bind = [ \"*:80\" ]; default_backend = \"a\"; timeouts: { client = \"2s\"; }; }; "
		"};"
		"backends: { a: { servers: { x: { address = \"h:1\"; }; shared: { weight = 7; }; }; timeouts: { server "
		"= 5; };"
		"  retry: { methods = [ \"PUT\" ]; }; check: { path = \"/a\"; }; breaker: { enabled = false; };"
		"  algorithm: { key = \"src\"; }; sticky: { }; };"
		" b: { algorithm = \"first\"; check: { type = \"\"; }; }; };"
		/* The order in the file does not matter. */
		"defaults: { timeouts: { client = \"1s\"; server = \"1s\"; }; retry: { attempts = 1; methods = [ "
		"\"GET\", \"HEAD\" ]; };"
		"  check: { type = \"tcp\"; interval = \"100ms\"; }; breaker: { trials = 9; }; access_log: { format = "
		"\"json\"; };"
		"  algorithm: { name = \"ring_hash\"; key = \"host\"; bounded_load = 150; };"
		"  servers: { shared: { address = \"h:9\"; backup = true; }; }; };");
	const struct config_frontend *f = &c->frontends[0];
	const struct config_backend *a = &c->backends[0], *b = &c->backends[1];
	cr_expect_eq(f->timeouts.client, 2000000);
	cr_expect_eq(f->timeouts.server, 1000000);
	cr_expect_eq(f->access_log.format, CONFIG_ACCESS_LOG_JSON);
	cr_expect_eq(a->timeouts.client, 1000000);
	cr_expect_eq(a->timeouts.server, 5000);
	cr_expect_eq(a->retry.attempts, 1);
	cr_expect_eq(a->retry.methods.count, 1);
	cr_expect_str_eq(a->retry.methods.at[0], "PUT");
	cr_expect_eq(b->retry.methods.count, 2);
	cr_expect_eq(a->check.type, CONFIG_CHECK_TCP);
	cr_expect_eq(a->check.interval, 100000);
	cr_expect_str_eq(a->check.path, "/a");
	cr_expect_eq(b->check.type, CONFIG_CHECK_NONE);
	cr_expect_not(a->breaker.enabled);
	cr_expect(b->breaker.enabled);
	cr_expect_eq(b->breaker.trials, 9);
	cr_expect_str_eq(a->algorithm.name, "ring_hash");
	cr_expect_str_eq(a->algorithm.key, "src");
	cr_expect_eq(a->algorithm.bounded_load, 150);
	cr_expect_str_eq(b->algorithm.name, "first");
	cr_expect_str_eq(b->algorithm.key, "");
	cr_expect_eq(b->algorithm.bounded_load, 0);
	cr_expect_str_eq(a->sticky_cookie, "LBSRV");
	cr_assert_eq(a->server_count, 2);
	cr_expect_str_eq(a->servers[0].name, "shared");
	cr_expect_str_eq(a->servers[0].address.text, "h:9");
	cr_expect_eq(a->servers[0].weight, 7);
	cr_expect(a->servers[0].backup);
	cr_expect_eq(b->server_count, 1);
	cr_expect_eq(b->servers[0].weight, 100);
	config_free(c);
}

Test(schema, defaults_are_reported_once)
{
	fixture_expect_messages("defaults: { mode = \"htpp\";\ntimeouts: { queue = \"9s\"; connect = 0; }; };",
		"t.conf:1: error: frontend.mode is \"htpp\"; allowed: \"http\", \"tcp\"\n"
		"t.conf:2: error: timeouts.connect is 0; allowed: \"1ms\" to \"1d\"\n");
}

/* For whatever row says so today. */
Test(schema, options_without_effect_are_warned_of_when_they_differ)
{
	unsigned tested = 0;
	for (uint32_t i = 0; i < config_option_count; i++) {
		const struct config_option *o = &config_options[i];
		if (o->effect != CONFIG_EFFECT_LATER || o->type != CONFIG_TYPE_OF_INT || o->group == CONFIG_GROUP_CHECK)
			continue;
		char setting[64], path[64], needle[128];
		snprintf(setting, sizeof(setting), "%s = %llu;", o->key, (unsigned long long)o->max);
		snprintf(needle, sizeof(needle), "warning: %s has no effect in this version yet\n",
			config_option_path(o, path));
		char *text = fixture_wrap(o->group, setting);
		struct text out = {0};
		config_free(fixture_load(text, &out));
		cr_expect(strstr(out.data, needle), "%s: %s", text, out.data);
		text_free(&out);
		free(text);
		tested++;
	}
	bool any = false;
	for (uint32_t i = 0; i < config_option_count; i++)
		any |= config_options[i].effect == CONFIG_EFFECT_LATER &&
		       config_options[i].type == CONFIG_TYPE_OF_INT && config_options[i].group != CONFIG_GROUP_CHECK;
	cr_expect_eq(tested > 0, any);
}

Test(schema, names_are_bounded)
{
	char text[512], name[200];
	struct text out = {0};
	memset(name, 'n', sizeof(name));
	name[129] = '\0';
	snprintf(text, sizeof(text), "backends: { %s: { }; };", name);
	cr_expect_null(fixture_load(text, &out));
	cr_expect(strstr(out.data, "...\" has more than 128 bytes\n"), "%s", out.data);
	text_free(&out);
}

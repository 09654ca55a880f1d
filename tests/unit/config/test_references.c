#include "config.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "config_fixture.h"

Test(references, messages)
{
	static const struct {
		const char *text, *messages;
	} cases[] = {
		{"", "t.conf:1: error: no frontend is configured; needed: one or more, such as frontends: { web: { "
		     "bind = [ "
		     "\"*:8080\" ]; default_backend = \"app\"; }; };\n"},
		{"frontends: { w: { bind = [ \"*:1\" ]; default_backend = \"ap\"; }; };\n"
		 "backends: { app: { servers: { a: { address = \"h:1\"; }; }; }; };",
			"t.conf:1: error: default_backend of frontend \"w\" is \"ap\"; there is no such backend; did "
			"you mean "
			"\"app\"?\n"},
		{"frontends: { w: { mode = \"tcp\"; bind = [ \"*:1\" ]; default_backend = \"app\"; }; };\n"
		 "backends: { app: { servers: { a: { address = \"h:1\"; }; }; }; };",
			"t.conf:1: error: default_backend of frontend \"w\" is \"app\", which has mode http; both must "
			"have the same "
			"mode\n"},
		{"frontends: { w: { bind = [ \"*:1\" ]; default_backend = \"b\"; }; };\nbackends: { b: { }; };",
			"t.conf:2: warning: backend \"b\" has no servers; it answers 503\n"},
		{"frontends: { w: { bind = [ \"*:1\" ]; }; };",
			"t.conf:1: warning: frontend \"w\" has neither default_backend nor rules; it answers 503\n"},
		{"frontends: { w: { bind = [ ]; }; };",
			"t.conf:1: error: bind of frontend \"w\" is empty; needed: one address or more, such as [ "
			"\"*:8080\" ]\n"
			"t.conf:1: warning: frontend \"w\" has neither default_backend nor rules; it answers 503\n"},
		{"frontends: { w: { bind = [ \"*:1\",\n\"0.0.0.0:1\",\n\"*:0\", \"*:0\", \"[::]:1\" ]; default_backend "
		 "= \"b\"; };\n"
		 "x: { bind = [ \"*:1\" ]; default_backend = \"b\"; }; };\n"
		 "backends: { b: { servers: { a: { address = \"h:1\"; }; }; }; };",
			"t.conf:2: error: the address \"0.0.0.0:1\" is used twice; first at t.conf:1\n"
			"t.conf:4: error: the address \"*:1\" is used twice; first at t.conf:2\n"},
		{"global: { stats_sockets = ( { path = \"/a\"; },\n{ path = \"/a\"; } ); };\n"
		 "frontends: { w: { bind = [ \"*:1\" ]; default_backend = \"b\"; }; };\n"
		 "backends: { b: { servers: { a: { address = \"h:1\"; }; }; }; };",
			"t.conf:2: error: the stats socket \"/a\" is used twice; first at t.conf:1\n"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		fixture_expect_messages(cases[i].text, cases[i].messages);
}

/* An address is compared as what it is, not as it is written. */
Test(references, spellings_of_one_address)
{
	static const char tail[] = " ]; default_backend = \"b\"; }; };\n"
				   "backends: { b: { servers: { a: { address = \"192.0.2.1:1\"; }; }; }; };";
	static const struct {
		const char *first, *second;
		bool same;
	} cases[] = {
		{"0.0.0.0:1", "*:1", true},
		{"*:8080", "*:08080", true},
		{"[::1]:80", "[0:0::0:1]:80", true},
		{"[FE80::A]:80", "[fe80::a]:80", true},
		{"unix:/run/a", "unix:/run//./a", true},
		{"*:0", "*:00", false},
		{"*:1", "[::]:1", false},
		{"*:1", "127.0.0.1:1", false},
		{"unix:/1", "unix:/1:1", false},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char text[512], messages[256] = "";
		snprintf(text, sizeof(text), "frontends: { w: { bind = [ \"%s\",\n\"%s\"%s", cases[i].first,
			cases[i].second, tail);
		if (cases[i].same)
			snprintf(messages, sizeof(messages),
				"t.conf:2: error: the address \"%s\" is used twice; first at t.conf:1\n",
				cases[i].second);
		fixture_expect_messages(text, messages);
	}
	fixture_expect_messages("global: { stats_sockets = ( { path = \"/a\"; } ); };\n"
				"frontends: { w: { bind = [ \"unix://a\" ]; default_backend = \"b\"; }; };\n"
				"backends: { b: { servers: { a: { address = \"192.0.2.1:1\"; }; }; }; };",
		"t.conf:1: error: the stats socket \"/a\" is used twice; first at t.conf:2\n");
}

/* Whatever the row of the option says of its effect, these messages are there. */
static void references_expect(const char *rule, const char *needle)
{
	struct text file = {0}, out = {0};
	text_format(&file, "frontends: { w: { bind = [ \"*:1\" ]; rules = ( %s ); }; };", rule);
	text_add_c(&file, "backends: { b: { servers: { a: { address = \"h:1\"; }; }; }; };");
	text_add_char(&file, '\0');
	struct config *config = fixture_load(file.data, &out);
	cr_expect_eq(config == NULL, needle != NULL, "%s: %s", rule, out.data);
	cr_expect(!needle || strstr(out.data, needle), "%s: %s", rule, out.data);
	config_free(config);
	text_free(&file);
	text_free(&out);
}

Test(references, rules)
{
	references_expect("{ path = \"a\"; backend = \"b\"; }", NULL);
	references_expect("{ path = \"a\"; set_header: { name = \"A\"; value = \"\"; }; }", NULL);
	references_expect("{ path = \"a\"; }",
		"this rule does nothing; add backend, split, deny, redirect, return, rate_limit or an edit");
	references_expect("{ backend = \"b\"; deny = 403; }",
		"a rule has one terminal action; this one has 2 of backend, split, deny, redirect and return");
	references_expect("{ backend = \"c\"; }", "a rule of frontend \"w\" is \"c\"; there is no such backend");
	references_expect("{ redirect: { to = \"/\"; status = 304; }; }",
		"redirect.status is 304; needed: 301, 302, 303, 307 or 308");
	references_expect(
		"{ redirect: { status = 301; }; }", "frontend.rules.redirect.to is missing; it has no default");
}

Test(references, splits)
{
	references_expect("{ split = ( { backend = \"b\"; weight = 1; } ); split_key = \"cookie:user\"; }", NULL);
	references_expect("{ split = ( { backend = \"b\"; weight = 1; }, { backend = \"c\"; weight = 1; } ); }",
		"a split of frontend \"w\" is \"c\"; there is no such backend");
	references_expect("{ split = ( { backend = \"b\"; weight = 0; } ); }", "all weights of this split are 0");
	references_expect("{ split = ( { backend = \"b\"; weight = 1; }, { backend = \"b\"; weight = 2; } ); }",
		"backend \"b\" stands twice in this split; add the weights");
	references_expect("{ split = ( { backend = \"b\"; weight = 1; } ); deny = 403; }",
		"this one has 2 of backend, split, deny, redirect and return");
	references_expect(
		"{ backend = \"b\"; split_key = \"src\"; }", "split_key is \"src\", but this rule has no split");
	references_expect("{ split = ( { backend = \"b\"; } ); }", "split.weight is missing; it has no default");
	references_expect(
		"{ split = ( { backend = \"b\"; weight = 1; } ); split_key = \"user\"; }", "split_key is \"user\"");
	references_expect("{ split = ( { backend = \"b\"; weight = -1; } ); }", "allowed: 0 to 1000000");
	references_expect("{ split = ( ); }", "this rule does nothing");
}

Test(references, rate_limits)
{
	references_expect("{ rate_limit: { rate = 10; }; }", NULL);
	references_expect(
		"{ rate_limit: { rate = 10; per = \"1h\"; burst = 5; key = \"\"; }; backend = \"b\"; }", NULL);
	references_expect("{ rate_limit: { burst = 10; }; }", "rate_limit.rate is missing; it has no default");
	references_expect("{ rate_limit: { rate = 0; }; }", "allowed: 1 to 1000000 requests");
	references_expect("{ rate_limit: { rate = 1; per = \"500ms\"; }; }", "rate_limit.per is \"500ms\"");
	references_expect("{ rate_limit: { rate = 1; v6_prefix = 129; }; }", "allowed: 1 to 128");
	references_expect("{ rate_limit: { rate = 1; key = \"ip\"; }; }", "rate_limit.key is \"ip\"");
	references_expect("{ rate_limit: { rate = 1; status = 200; }; }", "allowed: 400 to 599");
	references_expect("{ rate_limit: { rate = 10; }; deny = 403; }",
		"this rule would deny what is within its rate_limit; what is above is refused with rate_limit.status");
}

static void references_expect_backend(const char *options, const char *needle)
{
	struct text file = {0}, out = {0};
	text_format(&file, "%s", fixture_valid);
	file.n -= strlen("}; };");
	text_format(&file, "%s }; };", options);
	text_add_char(&file, '\0');
	struct config *config = fixture_load(file.data, &out);
	cr_expect_eq(config == NULL, needle != NULL, "%s: %s", options, out.data);
	cr_expect(!needle || strstr(out.data, needle), "%s: %s", options, out.data);
	config_free(config);
	text_free(&file);
	text_free(&out);
}

Test(references, values_of_a_backend)
{
	references_expect_backend(
		"passive: { degraded = 60; };", "passive.degraded of backend \"app\" is above passive.failed");
	references_expect_backend("passive: { degraded = 60; window = 0; };", NULL);
	references_expect_backend(
		"passive: { eject = \"301s\"; };", "passive.eject of backend \"app\" is above passive.max_eject");
	references_expect_backend(
		"breaker: { open = \"61s\"; };", "breaker.open of backend \"app\" is above breaker.max_open");
	references_expect_backend("breaker: { open = \"61s\"; enabled = false; };", NULL);
	references_expect_backend(
		"algorithm: { bounded_load = 100; };", "bounded_load is 100; needed: 101 or more, or 0 for off");
	references_expect_backend("algorithm: { bounded_load = 101; };", NULL);
}

/* A frontend and a backend of this mode, each with what is given. */
static char *references_both(const char *mode, const char *frontend, const char *backend)
{
	struct text file = {0};
	text_format(&file, "frontends: { w: { mode = \"%s\"; bind = [ \"*:1\" ]; default_backend = \"app\"; %s }; };\n",
		mode, frontend);
	text_format(&file, "backends: { app: { mode = \"%s\"; servers: { a: { address = \"h:1\"; }; }; %s }; };", mode,
		backend);
	text_add_char(&file, '\0');
	return file.data;
}

/* The rows are asked, so that a new one needs no other test. */
Test(references, options_of_mode_http_are_errors_in_mode_tcp)
{
	unsigned tested = 0;
	for (uint32_t i = 0; i < config_option_count; i++) {
		const struct config_option *o = &config_options[i];
		bool frontend = o->group == CONFIG_GROUP_FRONTEND;
		if (o->effect != CONFIG_EFFECT_HTTP || config_option_is_group(o) ||
			!(frontend || o->group == CONFIG_GROUP_BACKEND))
			continue;
		char setting[1024], needle[256];
		snprintf(setting, sizeof(setting), "%s = %s;", o->key, o->initial);
		snprintf(needle, sizeof(needle),
			"t.conf:%d: error: %s of %s has no effect in mode tcp; remove it or write it in defaults\n",
			frontend ? 1 : 2, o->key, frontend ? "frontend \"w\"" : "backend \"app\"");
		char *tcp = references_both("tcp", frontend ? setting : "", frontend ? "" : setting);
		char *http = references_both("http", frontend ? setting : "", frontend ? "" : setting);
		fixture_expect_messages(tcp, needle);
		fixture_expect_messages(http, "");
		free(tcp);
		free(http);
		tested++;
	}
	cr_expect_gt(tested, 10);
}

/* The mode may stand behind the options, and groups inside are looked through. */
Test(references, groups_of_mode_http_in_mode_tcp)
{
	char *file = references_both("tcp",
		"limits: { min_rate = 9;\nsource: { connections = 3; requests = 4; }; };\ntrusted_proxies = [ \"::/0\" "
		"];",
		"retry: { attempts = 2; budget = 1; };\npool: { reuse = \"never\"; };");
	fixture_expect_messages(file,
		"t.conf:1: error: limits.min_rate of frontend \"w\" has no effect in mode tcp; remove it or write it "
		"in "
		"defaults\n"
		"t.conf:2: error: limits.source.requests of frontend \"w\" has no effect in mode tcp; remove it or "
		"write "
		"it in defaults\n"
		"t.conf:4: error: retry.budget of backend \"app\" has no effect in mode tcp; remove it or write it in "
		"defaults\n"
		"t.conf:5: error: pool.reuse of backend \"app\" has no effect in mode tcp; remove it or write it in "
		"defaults\n");
	free(file);
}

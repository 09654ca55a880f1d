#include "config.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#include "config_fixture.h"

/* Valid syntax is followed by the schema's words, so these look for the first message only. */
static const struct {
	const char *text, *message;
} scan_cases[] = {
	{"global", "t.conf:1: error: the file ends before the value of this option\n"},
	{"global =", "t.conf:1: error: the file ends before the value of this option\n"},
	{"\nglobal: {\n\n", "t.conf:2: error: the '{' that begins here is not closed at the end of the file\n"},
	{"global: { log: { };", "t.conf:1: error: the '{' that begins here is not closed at the end of the file\n"},
	{"global: { }; }", "t.conf:1: error: unexpected '}': nothing is open here\n"},
	{"global: {\n)", "t.conf:2: error: unexpected ')': the '{' of line 1 is open\n"},
	{"global: { threads 4 };",
		"t.conf:1: error: unexpected 4; '=' or ':' is needed behind the name of an option\n"},
	{"global: { threads = ; };", "t.conf:1: error: unexpected ';'; a value is needed here\n"},
	{"global: { user = me; };", "t.conf:1: error: unexpected me; a text needs quotes\n"},
	{"global: { threads = 4 5 };", "t.conf:1: error: unexpected 5; ';' or the next option is needed here\n"},
	{"global: { threads = 4;; };", "t.conf:1: error: unexpected ';'; the name of an option is needed here\n"},
	{"global: { plugin_path = [ \"a\" 1 ]; };",
		"t.conf:1: error: unexpected 1; ',' or the end of the list is needed here\n"},
	{"defaults: { retry: { methods = [ \"GET\" \"HEAD\" ]; }; };",
		"t.conf:1: error: unexpected a text; ',' is needed between the values of a list\n"},
	{"global: { stats_sockets = ( { path = \"/a\"; } { path = \"/b\"; } ); };",
		"t.conf:1: error: unexpected '{'; ',' or the end of the list is needed here\n"},
	{"global: { plugin_path = [ , ]; };", "t.conf:1: error: unexpected ','; a value is needed here\n"},
	{"global: { plugin_path = [ { } ]; };",
		"t.conf:1: error: [ ] holds plain values only; write ( ) for a list of groups\n"},
	{"\"global\": { };", "t.conf:1: error: unexpected a text; the name of an option is needed here\n"},
	{"true = 1;", "t.conf:1: error: unexpected true; the name of an option is needed here\n"},
	{"global: { };\nglobal: { };",
		"t.conf:2: error: \"global\" is written twice in this group; first at t.conf:1\n"},
};

Test(scan, syntax_errors)
{
	for (size_t i = 0; i < sizeof(scan_cases) / sizeof(*scan_cases); i++)
		fixture_expect_messages(scan_cases[i].text, scan_cases[i].message);
}

Test(scan, what_stands_before_a_syntax_error_is_checked)
{
	fixture_expect_messages("global: {\n threads = \"x\";\n maxcon = 1;\n user = me;\n group = 5; };",
		"t.conf:2: error: global.threads is \"x\"; needed: a whole number, such as 4\n"
		"t.conf:3: error: unknown option \"maxcon\" in global; did you mean \"maxconn\"?\n"
		"t.conf:4: error: unexpected me; a text needs quotes\n");
}

Test(scan, all_duplicates_and_the_other_errors_in_one_run)
{
	fixture_expect_messages("global: { threads = 1;\nthreads = 2;\nthreads = 3;\nuser = 1; };",
		"t.conf:2: error: \"threads\" is written twice in this group; first at t.conf:1\n"
		"t.conf:3: error: \"threads\" is written twice in this group; first at t.conf:1\n"
		"t.conf:4: error: global.user is 1; needed: a text in quotes\n");
}

Test(scan, the_language_in_all_its_forms)
{
	struct text out = {0};
	struct config *config = fixture_load(
		"\xef\xbb\xbf"
		"global = { threads : 0x10L, shutdown_timeout=\"1\" \"5\" # joined\n\"s\"\n"
		"plugin_path = ( \"a\", \"b\", ) }\r\n"
		"frontends: { web: { bind = [ \"*:80\", ]; default_backend = \"app\" } }, // no ; at the end\n"
		"backends: { app: { servers: { a: { address = \"h:1\"; disabled = True } /* c */ } } }",
		&out);
	cr_assert_not_null(config, "%s", out.data);
	cr_expect_eq(config->global.threads, 16);
	cr_expect_eq(config->global.shutdown_timeout, 15000000);
	cr_expect_eq(config->global.plugin_path.count, 2);
	cr_expect_str_eq(config->global.plugin_path.at[1], "b");
	cr_expect_eq(config->frontends[0].bind_count, 1);
	cr_expect(config->backends[0].servers[0].disabled);
	config_free(config);
	text_free(&out);
}

Test(scan, elements_have_the_lines_where_they_stand)
{
	fixture_expect_messages("frontends: { web: { bind = [\n\"a\"\n,\n\"b\"\n]; }; };",
		"t.conf:1: warning: frontend \"web\" has neither default_backend nor rules; it answers 503\n"
		"t.conf:2: error: frontend.bind is \"a\"; the port is missing; needed: HOST:PORT, such as "
		"\"127.0.0.1:8080\"\n"
		"t.conf:4: error: frontend.bind is \"b\"; the port is missing; needed: HOST:PORT, such as "
		"\"127.0.0.1:8080\"\n");
}

Test(scan, integers_do_not_wrap)
{
	fixture_expect_messages(
		"global: {\nthreads = 4294967297;\nmaxconn = -4294967295;\nlog: { level = 99999999999L; }; };",
		"t.conf:2: error: global.threads is 4294967297; allowed: 0 to 1024 threads (0: one for each CPU "
		"that it may use)\n"
		"t.conf:3: error: global.maxconn is -4294967295; allowed: 0 to 100000000 connections (0: what the "
		"descriptor limit allows)\n"
		"t.conf:4: error: global.log.level is 99999999999; allowed: \"error\", \"warning\", \"notice\", "
		"\"info\", "
		"\"debug\"\n");
}

Test(scan, nesting_is_bounded)
{
	char *text = malloc(2000003);
	memset(text, '(', 2000002);
	memcpy(text, "a=", 2);
	text[2000002] = '\0';
	struct text out = {0};
	cr_expect_null(fixture_load(text, &out));
	cr_expect(strstr(out.data, "t.conf:1: error: more than 32 groups and lists in each other\n"), "%s", out.data);
	text_free(&out);
	free(text);
}

Test(scan, names_in_one_group_are_bounded)
{
	struct text file = {0}, out = {0};
	for (unsigned i = 0; i < 20000; i++)
		text_format(&file, "k%u=1;\n", i);
	text_add_char(&file, '\0');
	cr_expect_null(fixture_load(file.data, &out));
	cr_expect(strstr(out.data, "error: too many names in one group; at most about 12,000 are possible\n") ||
		  strstr(out.data, "more messages are not shown"));
	text_free(&file);
	text_free(&out);
}

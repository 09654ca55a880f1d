#include "config.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/arguments.h"

enum { ARGUMENTS_MOST = 12 };

static const struct {
	const char *words[ARGUMENTS_MOST];
	enum arguments_result result;
	const char *message; /* all of it, without the hint */
} argument_cases[] = {
	{{"-f", "x"}, ARGUMENTS_RUN, ""},
	{{"-fx"}, ARGUMENTS_RUN, ""},
	{{"--file=x"}, ARGUMENTS_RUN, ""},
	{{"--file", "x"}, ARGUMENTS_RUN, ""},
	{{"-c", "-f", "x"}, ARGUMENTS_CHECK, ""},
	{{"-cqfx"}, ARGUMENTS_CHECK, ""},
	{{"-f", "x", "--dump-config"}, ARGUMENTS_DUMP, ""},
	{{"--list=options"}, ARGUMENTS_LIST, ""},
	{{"--list", "reasons", "-L", "/d"}, ARGUMENTS_LIST, ""},
	{{"-V"}, ARGUMENTS_BUILD, ""},
	{{"-b", "a:1", "s:1", "s:2"}, ARGUMENTS_RUN, ""},
	{{"s:1", "-b", "a:1", "--", "-s"}, ARGUMENTS_RUN, ""},
	{{NULL}, ARGUMENTS_ERROR, "lbd: no configuration; give -f FILE, or -b ADDRESS and servers"},
	{{"-y"}, ARGUMENTS_ERROR, "lbd: unknown option -y"},
	{{"-cy"}, ARGUMENTS_ERROR, "lbd: unknown option -y"},
	{{"-f", "x", "-x", "s"}, ARGUMENTS_RUN, ""},
	{{"-f", "x", "-L", "d"}, ARGUMENTS_ERROR, "lbd: -L d: a directory of plugins is named by an absolute path"},
	{{"-cf", "x", "-x", "s"}, ARGUMENTS_ERROR, "lbd: -x is for a daemon that is to run; leave it out here"},
	{{"--frobnicate"}, ARGUMENTS_ERROR, "lbd: unknown option --frobnicate"},
	{{"--fil=x"}, ARGUMENTS_ERROR, "lbd: unknown option --fil=x"},
	{{"-f"}, ARGUMENTS_ERROR, "lbd: -f needs a value"},
	{{"--file"}, ARGUMENTS_ERROR, "lbd: --file needs a value"},
	{{"--file="}, ARGUMENTS_ERROR, "lbd: --file needs a value"},
	{{"-f", ""}, ARGUMENTS_ERROR, "lbd: -f needs a value"},
	{{"--check=1"}, ARGUMENTS_ERROR, "lbd: --check takes no value"},
	{{"-f", "x", "-f", "y"}, ARGUMENTS_ERROR, "lbd: -f is given twice; one is allowed"},
	{{"-f", "x", "-b", "a:1", "s:1"}, ARGUMENTS_ERROR,
		"lbd: -f and -b exclude each other; give a file, or an address and servers"},
	{{"-b", "a:1"}, ARGUMENTS_ERROR, "lbd: -b needs servers, such as 127.0.0.1:9001"},
	{{"s:1"}, ARGUMENTS_ERROR, "lbd: \"s:1\" is a server without -b; give -b ADDRESS, or -f FILE"},
	{{"-f", "x", "s:1"}, ARGUMENTS_ERROR, "lbd: unexpected \"s:1\"; with -f, servers stand in the file"},
	{{"-f", "x", "-a", "y"}, ARGUMENTS_ERROR, "lbd: -a is for -b only; with -f it stands in the file"},
	{{"-f", "x", "-s", "y"}, ARGUMENTS_ERROR, "lbd: -s is for -b only; with -f it stands in the file"},
	{{"--list=everything"}, ARGUMENTS_ERROR,
		"lbd: --list=everything: there is no such list; use options, algorithms, counters, commands or "
		"reasons"},
};

static enum arguments_result argument_run(const char *const *words, struct arguments *out, struct text *message)
{
	/* The words outlive the parse, as those of main do. */
	static char copies[ARGUMENTS_MOST + 1][64];
	char *argv[ARGUMENTS_MOST + 2];
	int argc = 0;
	for (; argc <= ARGUMENTS_MOST && (argc == 0 || words[argc - 1]); argc++) {
		snprintf(copies[argc], sizeof(copies[argc]), "%s", argc == 0 ? "lbd" : words[argc - 1]);
		argv[argc] = copies[argc];
	}
	argv[argc] = NULL;
	enum arguments_result result = arguments_parse(argc, argv, out, message);
	text_add_char(message, '\0');
	return result;
}

Test(arguments, results)
{
	for (size_t i = 0; i < sizeof(argument_cases) / sizeof(*argument_cases); i++) {
		struct arguments a;
		struct text message = {0}, expected = {0};
		const char *first = argument_cases[i].words[0] ? argument_cases[i].words[0] : "nothing";
		cr_expect_eq(
			argument_run(argument_cases[i].words, &a, &message), argument_cases[i].result, "%s", first);
		text_add_c(&expected, argument_cases[i].message);
		if (*argument_cases[i].message)
			text_add_c(&expected, " (lbd --help explains all options)\n");
		text_add_char(&expected, '\0');
		cr_expect_str_eq(message.data, expected.data, "%s: %s", first, message.data);
		arguments_free(&a);
		text_free(&message);
		text_free(&expected);
	}
}

Test(arguments, values)
{
	const char *const words[ARGUMENTS_MOST] = {
		"-L", "/one", "-Dq", "-b", "a:1", "-p", "pid", "-aname", "--socket=s", "-L/two", "x:1*5", "y:2"};
	struct arguments a;
	struct text message = {0};
	cr_assert_eq(argument_run(words, &a, &message), ARGUMENTS_RUN, "%s", message.data);
	cr_expect(a.detach && a.quiet && !a.check);
	cr_expect_null(a.file);
	cr_expect_str_eq(a.bind, "a:1");
	cr_expect_str_eq(a.pidfile, "pid");
	cr_expect_str_eq(a.algorithm, "name");
	cr_expect_str_eq(a.socket, "s");
	cr_assert_eq(a.plugin_dir_count, 2);
	cr_expect_str_eq(a.plugin_dirs[0], "/one");
	cr_expect_str_eq(a.plugin_dirs[1], "/two");
	cr_assert_eq(a.server_count, 2);
	cr_expect_str_eq(a.servers[1], "y:2");
	arguments_free(&a);
	text_free(&message);
}

Test(arguments, texts)
{
	const char *const help[ARGUMENTS_MOST] = {"-f", "x", "-h", "--nonsense"}, *const version[ARGUMENTS_MOST] = {
											  "-v"};
	const char *const libraries[] = {"one 1", "two 2"};
	struct arguments a;
	struct text message = {0}, build = {0};
	cr_expect_eq(argument_run(help, &a, &message), ARGUMENTS_TEXT);
#define ARGUMENT(short, long, value, id, help)                                                                         \
	cr_expect(strstr(message.data, "--" long) && strstr(message.data, help), "%s", long);
#include "app/arguments.def"
	arguments_free(&a);
	text_clear(&message);
	cr_expect_eq(argument_run(version, &a, &message), ARGUMENTS_TEXT);
	cr_expect_str_eq(message.data, PACKAGE_NAME " " PACKAGE_VERSION "\n");
	arguments_free(&a);
	text_free(&message);
	arguments_write_build(&build, libraries, 2);
	text_add_char(&build, '\0');
	cr_expect(strstr(build.data, "libraries: one 1, two 2\n") && strstr(build.data, LBD_BUILD_OPTIONS));
	text_free(&build);
}

Test(arguments, nothing_at_all)
{
	struct arguments a;
	struct text message = {0};
	char *argv[] = {NULL};
	cr_expect_eq(arguments_parse(0, argv, &a, &message), ARGUMENTS_ERROR);
	arguments_free(&a);
	text_free(&message);
}

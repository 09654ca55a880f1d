#include "config.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config_fixture.h"

static char load_dir[] = "/tmp/lbd-load-XXXXXX";

static void load_write(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");
	cr_assert_not_null(file, "%s", path);
	fputs(text, file);
	fclose(file);
}

static void load_setup(void)
{
	cr_assert_not_null(mkdtemp(load_dir));
	cr_assert_eq(chdir(load_dir), 0);
	cr_assert_eq(mkdir("sub", 0700), 0);
	cr_assert_eq(mkfifo("fifo", 0600), 0);
}

static void load_cleanup(void)
{
	char command[64];
	snprintf(command, sizeof(command), "rm -rf %s", load_dir);
	cr_expect_eq(system(command), 0);
}

TestSuite(load, .init = load_setup, .fini = load_cleanup, .timeout = 20);

static void load_expect(const char *text, const char *messages)
{
	struct text out = {0};
	load_write("main.conf", text);
	struct config *config = config_load("main.conf", &out);
	text_add_char(&out, '\0');
	cr_expect_str_eq(out.data, messages, "of %s:\n%s", text, out.data);
	cr_expect_eq(config != NULL, *messages == '\0');
	config_free(config);
	text_free(&out);
}

Test(load, includes_that_cannot_be)
{
	load_write("self.conf", "@include \"main.conf\"\n");
	load_write("bad.conf", "\n\nglobal: { threads = \"x\"; };\n");
	load_write("open.conf", "global: {\n");
	load_write("quote.conf", "a = \"");
	static const struct {
		const char *text, *messages;
	} cases[] = {
		{"@include \"sub\"",
			"main.conf:1: error: the included file \"sub\" is a directory; a regular file is needed\n"},
		{"\n@include \"fifo\"",
			"main.conf:2: error: the included file \"fifo\" is a FIFO; a regular file is needed\n"},
		{"@include \"/dev/zero\"",
			"main.conf:1: error: the included file \"/dev/zero\" is a device; a regular file is needed\n"},
		{"@include \"none\"",
			"main.conf:1: error: the included file \"none\" cannot be opened: No such file or directory\n"},
		{"@include \"\"", "main.conf:1: error: @include of a path that is empty or too long\n"},
		{"@include \"main.conf\"", "main.conf:1: error: the file \"main.conf\" includes itself\n"},
		{"@include \"self.conf\"", "self.conf:1: error: the file \"main.conf\" includes itself\n"},
		{"@include \"bad.conf\"",
			"bad.conf:3: error: global.threads is \"x\"; needed: a whole number, such as 4\n"},
		{"@include \"open.conf\"",
			"open.conf:1: error: the '{' that begins here is not closed at the end of the file\n"},
		{"@include \"quote.conf\"",
			"quote.conf:1: error: the text that begins here has no end; close it with a quote\n"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		load_expect(cases[i].text, cases[i].messages);
}

Test(load, duplicates_are_found_across_files)
{
	load_write("more.conf", "\n\nglobal: { };\n");
	load_expect("global: { threads = 1; };\n@include \"more.conf\"\n"
		    "frontends: { w: { bind = [ \"*:1\" ]; default_backend = \"x\"; }; };\n",
		"main.conf:3: error: default_backend of frontend \"w\" is \"x\"; there is no such backend; no backend "
		"is "
		"defined\n"
		"more.conf:3: error: \"global\" is written twice in this group; first at main.conf:1\n");
}

Test(load, relative_paths_stand_beside_the_file)
{
	struct text out = {0};
	load_write("sub/a.conf", "frontends: { @include \"b.conf\"\n };");
	load_write("sub/b.conf", "web: { bind = [ \"*:80\" ]; default_backend = \"app\"; };");
	load_write("servers.conf", "servers: {\n a: { address = \"h:1\"; }; };");
	load_write("main.conf", "@include \"sub/a.conf\"\nbackends: { app: {\n@include \"servers.conf\"\n}; };\n");
	struct config *config = config_load("main.conf", &out);
	cr_assert_not_null(config, "%.*s", (int)out.n, out.data);
	cr_expect_str_eq(config->file, "main.conf");
	cr_expect_str_eq(config->frontends[0].bind[0].file, "sub/b.conf");
	cr_expect_str_eq(config->backends[0].servers[0].file, "servers.conf");
	cr_expect_eq(config->backends[0].servers[0].line, 2);
	cr_expect_eq(config->backends[0].line, 2);
	config_free(config);
	text_free(&out);
}

Test(load, includes_are_bounded_in_depth_and_number)
{
	struct text out = {0};
	for (int i = 0; i < 20; i++) {
		char name[32], text[64];
		snprintf(name, sizeof(name), "d%d.conf", i);
		snprintf(text, sizeof(text), "@include \"d%d.conf\"\n", i + 1);
		load_write(name, text);
	}
	load_expect("@include \"d0.conf\"", "d9.conf:1: error: more than 10 files include each other\n");
	/* Ten files that include each other ten times would be 10^10. */
	for (int i = 0; i < 10; i++) {
		char name[32];
		snprintf(name, sizeof(name), "w%d.conf", i);
		FILE *file = fopen(name, "w");
		for (int k = 0; k < 10; k++)
			fprintf(file, "@include \"w%d.conf\"\n", i + 1);
		fclose(file);
	}
	load_write("w10.conf", "");
	load_write("main.conf", "@include \"w1.conf\"\n");
	cr_expect_null(config_load("main.conf", &out));
	text_add_char(&out, '\0');
	cr_expect(strstr(out.data, "error: more than 1000 files are included\n"), "%s", out.data);
	text_free(&out);
}

Test(load, files_that_cannot_be_read)
{
	struct text out = {0};
	cr_expect_null(config_load("sub", &out));
	cr_expect_null(config_load("fifo", &out));
	cr_expect_null(config_load("nowhere", &out));
	text_add_char(&out, '\0');
	cr_expect_str_eq(out.data, "sub: error: is a directory; a regular file is needed\n"
				   "fifo: error: is a FIFO; a regular file is needed\n"
				   "nowhere: error: cannot be opened: No such file or directory\n");
	text_free(&out);
}

Test(load, text_is_read_as_if_it_were_the_file)
{
	struct text out = {0};
	load_write("sub/inner.conf", fixture_valid);
	struct config *config = config_load_text("sub/name.conf", str_of("@include \"inner.conf\""), &out);
	cr_expect_not_null(config);
	config_free(config);
	cr_expect_null(config_load_text("name", str_make(NULL, 0), &out));
	text_free(&out);
}

Test(load, the_locale_does_not_matter_and_stays)
{
	locale_t other = newlocale(LC_ALL_MASK, "C.UTF-8", (locale_t)0);
	struct text out = {0};
	cr_assert(other);
	uselocale(other);
	struct config *config = config_load_text("t", str_of(fixture_valid), &out);
	cr_expect_not_null(config);
	cr_expect_eq(uselocale((locale_t)0), other);
	uselocale(LC_GLOBAL_LOCALE);
	freelocale(other);
	config_free(config);
	text_free(&out);
}

Test(load, small_questions)
{
	struct text out = {0};
	struct config *config = config_load_text("t", str_of(fixture_valid), &out);
	cr_assert_not_null(config);
	cr_expect_eq(config_find_backend(config, "app"), &config->backends[0]);
	cr_expect_null(config_find_backend(config, "ap"));
	cr_expect(config_statuses_contain(&config->backends[0].check.expect_status, 200));
	cr_expect(config_statuses_contain(&config->backends[0].check.expect_status, 399));
	cr_expect_not(config_statuses_contain(&config->backends[0].check.expect_status, 400));
	cr_expect_not(config_statuses_contain(&config->backends[0].check.expect_status, 199));
	cr_expect(strstr(config_library_version(), "libconfig 1."));
	config_free(config);
	config_free(NULL);
	text_free(&out);
}

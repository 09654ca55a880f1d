#include "config.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>

#include "config_fixture.h"

/* load(dump(x)) dumps the same text. */
static void dump_expect_stable(struct config *config, const char *what)
{
	struct text first = {0}, second = {0}, messages = {0};
	config_dump(config, &first);
	struct config *again = config_load_text("dump", text_str(&first), &messages);
	cr_expect_not_null(again, "%s: %.*s", what, (int)messages.n, messages.data);
	if (again)
		config_dump(again, &second);
	cr_expect(str_equal(text_str(&first), text_str(&second)), "%s", what);
	config_free(again);
	text_free(&first);
	text_free(&second);
	text_free(&messages);
}

Test(dump, every_valid_file_of_the_corpus_is_stable)
{
	unsigned valid = 0;
	DIR *directory = opendir(TEST_CORPUS "/config");
	cr_assert_not_null(directory);
	for (struct dirent *entry; (entry = readdir(directory));) {
		char path[4096];
		struct text messages = {0};
		snprintf(path, sizeof(path), "%s/%s", TEST_CORPUS "/config", entry->d_name);
		struct config *config = entry->d_name[0] == '.' ? NULL : config_load(path, &messages);
		if (config) {
			dump_expect_stable(config, path);
			valid++;
		}
		config_free(config);
		text_free(&messages);
	}
	closedir(directory);
	cr_expect_geq(valid, 3);
}

Test(dump, texts_are_escaped)
{
	struct text out = {0}, dump = {0};
	struct config *config = fixture_load(
		"frontends: { w: { bind = [ \"*:1\" ]; rules = ( { path = \"^\\\\.\\\"\"; return: { status = "
		"200; body = \"a\\r\\n\\tb\\\\n\"; }; } ); }; };",
		&out);
	cr_assert_not_null(config, "%s", out.data);
	config_dump(config, &dump);
	text_add_char(&dump, '\0');
	cr_expect(strstr(dump.data, "path = \"^\\\\.\\\"\";"), "%s", dump.data);
	cr_expect(strstr(dump.data, "body = \"a\\r\\n\tb\\\\n\";"), "%s", dump.data);
	dump_expect_stable(config, "escapes");
	config_free(config);
	text_free(&out);
	text_free(&dump);
}

Test(dump, units_are_the_largest_that_fit)
{
	struct text out = {0}, dump = {0}, file = {0};
	text_format(&file,
		"global: { shutdown_timeout = 90000; }; defaults: { limits: { header_bytes = 65537; request_line = "
		"2048; }; }; %s",
		fixture_valid);
	text_add_char(&file, '\0');
	struct config *config = fixture_load(file.data, &out);
	cr_assert_not_null(config, "%s", out.data);
	config_dump(config, &dump);
	text_add_char(&dump, '\0');
	cr_expect(strstr(dump.data, "shutdown_timeout = \"90s\";"));
	cr_expect(strstr(dump.data, "header_bytes = 65537;"));
	cr_expect(strstr(dump.data, "request_line = \"2k\";"));
	cr_expect(strstr(dump.data, "keep_alive = \"1m\";"));
	cr_expect_null(strstr(dump.data, "check"));
	cr_expect_null(strstr(dump.data, "breaker"));
	config_free(config);
	text_free(&out);
	text_free(&dump);
	text_free(&file);
}

/* What came from defaults is left out where it has no effect: written there, it would be an error. */
Test(dump, what_has_no_effect_is_left_out)
{
	struct text out = {0}, dump = {0};
	struct config *config =
		fixture_load("defaults: { mode = \"tcp\"; request_id = true; limits: { body = \"1m\"; }; "
			     "pool: { max_idle = 7; }; unix_socket: { mode = \"0600\"; }; };"
			     "frontends: { w: { bind = [ \"*:1\" ]; default_backend = \"b\"; };"
			     "u: { bind = [ \"unix:/u\" ]; default_backend = \"b\"; }; };"
			     "backends: { b: { servers: { a: { address = \"h:1\"; }; }; }; };",
			&out);
	cr_assert_not_null(config, "%s", out.data);
	config_dump(config, &dump);
	text_add_char(&dump, '\0');
	static const char *const gone[] = {"request_id", "body =", "max_idle", "keep_alive"};
	for (size_t i = 0; i < sizeof(gone) / sizeof(*gone); i++)
		cr_expect_null(strstr(dump.data, gone[i]), "%s", gone[i]);
	const char *written = strstr(dump.data, "unix_socket");
	cr_expect(written && !strstr(written + 1, "unix_socket"), "%s", dump.data);
	cr_expect(strstr(dump.data, "client_fin") && strstr(dump.data, "connections = 0;"), "%s", dump.data);
	dump_expect_stable(config, "tcp");
	config_free(config);
	text_free(&out);
	text_free(&dump);
}

/* Addresses are compared as what they are, not as they are written. */
#include "app/build_addresses.h"

#include <criterion/criterion.h>

static void expect(const char *file, bool good, const char *wanted)
{
	struct text messages = {0};
	struct name_table *names = name_table_create();
	struct config *config = config_load_text("t.conf", str_of(file), &messages);
	cr_assert(config != NULL, "%.*s", (int)messages.n, messages.data);
	messages.n = 0;
	cr_expect(build_check_addresses(config, names, &messages) == good, "%s", file);
	cr_expect(str_equal(text_str(&messages), str_of(wanted)), "%s\n%.*s", file, (int)messages.n, messages.data);
	text_free(&messages);
	name_table_free(names);
	config_free(config);
}

/* Whatever localhost stands for on this machine, it is the same twice. */
Test(build_addresses, names_are_compared_by_their_addresses)
{
	struct text messages = {0};
	struct config *config = config_load_text("t.conf",
		str_of("frontends: { w: { bind = [ \"localhost:80\",\n\"LOCALHOST:080\" ]; default_backend = \"b\"; }; };\n"
		       "backends: { b: { servers: { a: { address = \"192.0.2.1:1\"; }; }; }; };"),
		&messages);
	cr_assert(config != NULL);
	cr_expect_not(build_check_addresses(config, NULL, &messages));
	text_add_char(&messages, '\0');
	cr_expect(strstr(messages.data, "t.conf:2: error: the address \"LOCALHOST:080\" is used twice (") != NULL, "%s",
		messages.data);
	cr_expect(strstr(messages.data, "; first at t.conf:1\n") != NULL, "%s", messages.data);
	text_free(&messages);
	config_free(config);
}

Test(build_addresses, servers_with_one_address_are_legal)
{
#define FRONT "frontends: { w: { bind = [ \"*:1\" ]; default_backend = \"b\"; }; };\nbackends: { b: { servers: {\n"
	expect(FRONT "a: { address = \"127.0.0.1:80\"; };\nb: { address = \"127.0.0.1:080\"; };\n}; }; };", true,
		"t.conf:4: warning: servers 'a' and 'b' of backend 'b' have one address, \"127.0.0.1:080\" "
		"(127.0.0.1:80): one process gets the share of both\n");
	expect(FRONT "a: { address = \"127.0.0.1:80\"; };\nb: { address = \"127.0.0.1:81\"; };\n"
		     "c: { address = \"127.0.0.1:81\"; };\nd: { address = \"127.0.0.1:80\"; };\n}; }; };",
		true,
		"t.conf:5: warning: servers 'b' and 'c' of backend 'b' have one address, \"127.0.0.1:81\": one process "
		"gets the share of both; 1 more like it\n");
	expect(FRONT "a: { address = \"127.0.0.1:80\"; }; }; };\nc: { servers: { a: { address = \"127.0.0.1:80\"; }; }; }; "
		     "};",
		true, "");
}

#include "config.h"

#include <criterion/criterion.h>

#include "config_fixture.h"

static struct config *quick_load(
	const char *bind, const char *algorithm, const char *socket, const char *server, struct text *out)
{
	struct config *config = config_from_arguments(bind, algorithm, socket, &server, 1, out);
	text_add_char(out, '\0');
	return config;
}

Test(quick, arguments_become_one_frontend_and_one_backend)
{
	const char *servers[] = {"127.0.0.1:9001", "http://h:9002*5", "http://[::1]:9003/", "unix:/s*0"};
	struct text out = {0};
	struct config *c = config_from_arguments("127.0.0.1:0", "smooth_wrr", "/tmp/a \"b\"", servers, 4, &out);
	cr_assert_not_null(c, "%.*s", (int)out.n, out.data);
	cr_expect_eq(out.n, 0);
	cr_expect_str_eq(c->frontends[0].bind[0].text, "127.0.0.1:0");
	cr_expect_str_eq(c->frontends[0].default_backend, c->backends[0].name);
	cr_expect_str_eq(c->backends[0].algorithm.name, "smooth_wrr");
	cr_expect_str_eq(c->global.stats_sockets[0].path, "/tmp/a \"b\"");
	cr_assert_eq(c->backends[0].server_count, 4);
	cr_expect_str_eq(c->backends[0].servers[1].address.text, "h:9002");
	cr_expect_eq(c->backends[0].servers[1].weight, 5);
	cr_expect_str_eq(c->backends[0].servers[2].address.text, "[::1]:9003");
	cr_expect_eq(c->backends[0].servers[2].weight, 1);
	cr_expect_str_eq(c->backends[0].servers[3].address.text, "unix:/s");
	cr_expect_eq(c->backends[0].servers[3].weight, 0);
	config_free(c);
}

Test(quick, errors_name_the_argument_and_no_line)
{
	static const struct {
		const char *bind, *algorithm, *server, *messages;
	} cases[] = {
		{"*:80", NULL, "not an address",
			"command line: error: backend.servers.address is \"not an address\"; the port is missing; "
			"needed: HOST:PORT, "
			"such as \"127.0.0.1:8080\"\n"},
		{"80", NULL, "h:1",
			"command line: error: frontend.bind is \"80\"; the port is missing; needed: HOST:PORT, such as "
			"\"127.0.0.1:8080\"\n"},
		{"*:80", "a b", "h:1",
			"command line: error: backend.algorithm.name is \"a b\"; needed: the name of an algorithm: a "
			"letter, then "
			"letters, digits, _ or -, such as \"p2c\"\n"},
		{"*:80", NULL, "h:1*257",
			"command line: error: server \"h:1*257\": the weight behind * must be 0 to 256\n"},
		{"*:80", NULL, "h:1*", "command line: error: server \"h:1*\": the weight behind * must be 0 to 256\n"},
		{"*:80", NULL, "h:1*05",
			"command line: error: server \"h:1*05\": the weight behind * must be 0 to 256\n"},
		{"*:80", NULL, "https://h:1",
			"command line: error: server \"https://h:1\": TLS to servers is not supported; use http://\n"},
		{"*:80", NULL, "\"; } }; global: { threads = 1; }; x: {",
			"command line: error: backend.servers.address is \"\"; } }; global: { threads = 1; }; x: {\"; "
			"the host is "
			"neither an address nor a name\n"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct text out = {0};
		cr_expect_null(quick_load(cases[i].bind, cases[i].algorithm, NULL, cases[i].server, &out));
		if (i + 1 < sizeof(cases) / sizeof(*cases))
			cr_expect(strstr(out.data, cases[i].messages) == out.data, "%s", out.data);
		else
			cr_expect(strstr(out.data, "command line: error: backend.servers.address is ") == out.data,
				"%s", out.data);
		text_free(&out);
	}
}

#include "config.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "config_fixture.h"

static const struct {
	enum config_group group;
	const char *setting, *message;
} list_refused[] = {
	{CONFIG_GROUP_GLOBAL, "plugin_path = \"x\";",
		"global.plugin_path is \"x\"; needed: a list of texts, such as [ \"a\", \"b\" ]"},
	{CONFIG_GROUP_GLOBAL, "plugin_path = [ 1, 2 ];",
		"global.plugin_path is 2; each element must be a text in quotes"},
	{CONFIG_GROUP_RETRY, "methods = [ \"GET\", \"a b\" ];",
		"backend.retry.methods is \"a b\"; each element must be a word such as \"GET\""},
	{CONFIG_GROUP_RETRY, "on = [ \"500\" ];",
		"backend.retry.on is \"500\"; allowed: \"connect\", \"reset\", \"timeout\", \"502\", \"503\", \"504\""},
	{CONFIG_GROUP_RETRY, "on = \"connect\";", "backend.retry.on is \"connect\"; needed: a list of words"},
	{CONFIG_GROUP_FRONTEND, "bind = \"*:80\";",
		"frontend.bind is \"*:80\"; needed: a list of addresses, such as [ \"*:8080\", \"[::]:8080\" ]"},
	{CONFIG_GROUP_FRONTEND, "bind = [ 80 ];",
		"frontend.bind is 80; an address is a text in quotes, such as \"127.0.0.1:8080\""},
	{CONFIG_GROUP_SERVER, "address = 80;",
		"backend.servers.address is 80; an address is a text in quotes, such as \"127.0.0.1:8080\""},
	{CONFIG_GROUP_FRONTEND, "trusted_proxies = [ \"10.0.0.1/8\" ];",
		"frontend.trusted_proxies is \"10.0.0.1/8\"; the address has bits behind the prefix; write the "
		"network's own "
		"address"},
	{CONFIG_GROUP_FRONTEND, "trusted_proxies = [ 5 ];",
		"frontend.trusted_proxies is 5; a network is a text in quotes, such as \"192.0.2.0/24\""},
	{CONFIG_GROUP_FRONTEND, "accept_proxy = 1;",
		"frontend.accept_proxy is 1; needed: true, false or a list of networks, such as [ \"192.0.2.0/24\" ]"},
	{CONFIG_GROUP_CHECK, "expect_status = \"200-\";",
		"backend.check.expect_status is \"200-\"; needed: statuses from 100 to 599 as a text, such as "
		"\"200-399,404\""},
	{CONFIG_GROUP_CHECK, "expect_status = \"\";", "backend.check.expect_status is \"\"; needed: statuses"},
	{CONFIG_GROUP_CHECK, "expect_status = \"399-200\";",
		"backend.check.expect_status is \"399-200\"; needed: statuses"},
	{CONFIG_GROUP_CHECK, "expect_status = 99;", "backend.check.expect_status is 99; needed: statuses"},
	{CONFIG_GROUP_CHECK, "expect_status = \"200,,201\";",
		"backend.check.expect_status is \"200,,201\"; needed: statuses"},
	{CONFIG_GROUP_CHECK, "expect_status = [ ];", "backend.check.expect_status is a list; needed: statuses"},
};

Test(value_list, refusals)
{
	for (size_t i = 0; i < sizeof(list_refused) / sizeof(*list_refused); i++) {
		struct text out = {0};
		char *text = fixture_wrap(list_refused[i].group, list_refused[i].setting);
		cr_expect_null(fixture_load(text, &out));
		cr_expect(strstr(out.data, list_refused[i].message), "%s: %s", text, out.data);
		text_free(&out);
		free(text);
	}
}

Test(value_list, peers)
{
	static const struct {
		const char *written, *dumped;
	} cases[] = {{"true", "true"}, {"false", "false"}, {"[ ]", "false"},
		{"[ \"10.0.0.0/8\", \"::1\" ]", "[ \"10.0.0.0/8\", \"::1/128\" ]"}};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct text out = {0}, dump = {0};
		char text[256];
		snprintf(text, sizeof text,
			"frontends: { w: { bind = [ \"*:1\" ]; default_backend = \"b\"; accept_proxy = %s; }; };"
			"backends: { b: { }; };",
			cases[i].written);
		struct config *c = fixture_load(text, &out);
		cr_assert_not_null(c, "%s", out.data);
		config_dump(c, &dump);
		text_add_char(&dump, '\0');
		snprintf(text, sizeof text, "accept_proxy = %s;\n", cases[i].dumped);
		cr_expect(strstr(dump.data, text), "%s in %s", text, dump.data);
		config_free(c);
		text_free(&out);
		text_free(&dump);
	}
}

Test(value_list, values)
{
	struct text out = {0};
	struct config *c = fixture_load(
		"frontends: { w: { bind = ( \"*:1\", \"unix:/a\" ); default_backend = \"b\"; trusted_proxies = [ "
		"\"10.0.0.0/8\", \"::1\" ]; }; };"
		"backends: { b: { failure: { statuses = \"\"; }; check: { expect_status = \" 200 , 301-302\"; };"
		" retry: { on = [ \"504\", \"connect\" ]; methods = [ ]; }; };"
		" c: { check: { expect_status = 204; }; }; };",
		&out);
	cr_assert_not_null(c, "%s", out.data);
	cr_expect_eq(c->frontends[0].bind_count, 2);
	cr_expect_str_eq(c->frontends[0].bind[1].text, "unix:/a");
	cr_expect_eq(c->frontends[0].trusted_proxies.count, 2);
	cr_expect_eq(c->frontends[0].trusted_proxies.at[0].prefix, 104);
	cr_expect_eq(c->backends[0].failure_statuses.count, 0);
	cr_expect_eq(c->backends[0].check.expect_status.count, 2);
	cr_expect_eq(c->backends[0].check.expect_status.at[1].high, 302);
	cr_expect_eq(c->backends[0].retry.on, CONFIG_RETRY_504 | CONFIG_RETRY_CONNECT);
	cr_expect_eq(c->backends[0].retry.methods.count, 0);
	cr_expect_eq(c->backends[1].check.expect_status.at[0].low, 204);
	config_free(c);
	text_free(&out);
}

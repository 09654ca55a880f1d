#include <criterion/criterion.h>

#include "config/address_syntax.h"
#include "proxy/client_chain.h"

enum { LINES = 4 };

struct chain_case {
	const char *lines[LINES]; /* "Forwarded" lines begin with '*' */
	const char *client;       /* NULL: the peer */
};

static void chain_expect(const struct chain_case *c, enum config_client_from from)
{
	static const char *const trusted[] = {"10.0.0.0/8", "2001:db8:1::/48"};
	struct config_network networks[2];
	const struct config_networks all = {networks, 2};
	struct http_field at[LINES];
	struct http_fields fields = {at, 0, LINES};
	for (size_t i = 0; i < 2; i++)
		cr_assert_null(config_network_parse(trusted[i], &networks[i]));
	for (size_t i = 0; i < LINES && c->lines[i]; i++) {
		bool forwarded = c->lines[i][0] == '*';
		at[fields.count++] = (struct http_field){.value = str_of(c->lines[i] + forwarded),
			.id = forwarded ? HTTP_FIELD_FORWARDED : HTTP_FIELD_X_FORWARDED_FOR};
	}
	char text[ADDRESS_TEXT_MAX] = "the peer";
	struct address client;
	if (client_chain_read(&fields, from, &all, &client))
		address_format(&client, text);
	cr_expect_str_eq(text, c->client ? c->client : "the peer", "%s: %s is not %s", c->lines[0], text, c->client);
}

static void chain_expect_all(const struct chain_case *cases, size_t count, enum config_client_from from)
{
	for (size_t i = 0; i < count; i++)
		chain_expect(&cases[i], from);
}

#define COUNT(cases) (sizeof(cases) / sizeof *(cases))

Test(client_chain, the_walk_ends_at_the_first_address_that_is_not_trusted)
{
	static const struct chain_case cases[] = {
		{{"192.0.2.1"}, "192.0.2.1:0"},
		{{"192.0.2.1, 10.1.1.1,10.2.2.2"}, "192.0.2.1:0"},
		{{"1.1.1.1, 192.0.2.1, 10.1.1.1"}, "192.0.2.1:0"},
		{{"junk\", 192.0.2.1"}, "192.0.2.1:0"},
		/* All are: the first of them. */
		{{"10.1.1.1, 10.2.2.2"}, "10.1.1.1:0"},
		/* Lines are one list. */
		{{"1.1.1.1", "192.0.2.1, 10.1.1.1", "10.2.2.2"}, "192.0.2.1:0"},
		{{"192.0.2.1", "", " , ,"}, "192.0.2.1:0"},
		{{"2001:db8:2::1, 2001:db8:1::5"}, "[2001:db8:2::1]:0"},
		{{""}, NULL},
		{{NULL}, NULL},
	};
	chain_expect_all(cases, COUNT(cases), CONFIG_CLIENT_FROM_ANY);
}

Test(client_chain, what_is_no_address_ends_the_walk)
{
	static const struct chain_case cases[] = {
		{{"192.0.2.1, junk, 10.1.1.1"}, "10.1.1.1:0"},
		{{"192.0.2.1, unknown"}, NULL},
		{{"192.0.2.1, _hidden"}, NULL},
		{{"192.0.2.1", "unknown, 10.1.1.1"}, "10.1.1.1:0"},
		{{"192.0.2"}, NULL},
		{{"192.0.2.01"}, NULL},
		{{"192.0.2.256"}, NULL},
		{{"192.0.2.1:"}, NULL},
		{{"192.0.2.1:65536"}, NULL},
		{{"192.0.2.1:1:1"}, NULL},
		{{"[192.0.2.1]"}, NULL},
		{{"[::1"}, NULL},
		{{"[]"}, NULL},
		{{"[::1]x"}, NULL},
		{{"::1]"}, NULL},
		{{"fe80::1%eth0"}, NULL},
		{{"\"192.0.2.1\""}, NULL},
		{{"1:2:3:4:5:6:7:8:9:a:b:c:d:e:f:0:1:2:3:4:5:6:7:8:9"}, NULL},
	};
	chain_expect_all(cases, COUNT(cases), CONFIG_CLIENT_FROM_ANY);
}

Test(client_chain, ports_and_mapped_addresses)
{
	static const struct chain_case cases[] = {
		{{"192.0.2.1:567"}, "192.0.2.1:567"},
		{{"[2001:db8::1]"}, "[2001:db8::1]:0"},
		{{"[2001:db8::1]:80, 10.1.1.1:9"}, "[2001:db8::1]:80"},
		{{"::ffff:192.0.2.1"}, "192.0.2.1:0"},
		{{"[::ffff:192.0.2.1]:80"}, "192.0.2.1:80"},
		{{"192.0.2.1, ::ffff:10.1.1.1"}, "192.0.2.1:0"},
		{{"192.0.2.1:_port"}, "192.0.2.1:0"},
	};
	chain_expect_all(cases, COUNT(cases), CONFIG_CLIENT_FROM_ANY);
}

Test(client_chain, forwarded)
{
	static const struct chain_case cases[] = {
		{{"*for=192.0.2.1"}, "192.0.2.1:0"},
		{{"*For=192.0.2.1;proto=https, by=x;FOR=10.1.1.1 ; host=\"a,b;c\""}, "192.0.2.1:0"},
		{{"*for=\"[2001:db8::1]:80\""}, "[2001:db8::1]:80"},
		{{"*for=\"192.0.2.1:_obf\";by=_x", "*for=\"[2001:db8:1::1]\""}, "192.0.2.1:0"},
		/* Nothing in front of what a proxy appended touches it. */
		{{"*for=\", for=192.0.2.1"}, "192.0.2.1:0"},
		{{"*for=\"\\, for=\"192.0.2.1:1\""}, "192.0.2.1:1"},
		{{"*a=\"x, for=10.1.1.1"}, "10.1.1.1:0"},
		{{"*for=192.0.2.1, by=10.1.1.1"}, NULL},
		{{"*for=192.0.2.1, for=unknown"}, NULL},
		{{"*for=192.0.2.1, for=_x"}, NULL},
		{{"*for=192.0.2.1;for=192.0.2.2"}, NULL},
		{{"*for=\"192.0.2.\\1\""}, NULL},
		{{"*for=\"192.0.2.1"}, NULL},
		{{"*for="}, NULL},
		{{"*for"}, NULL},
		{{"*\""}, NULL},
	};
	chain_expect_all(cases, COUNT(cases), CONFIG_CLIENT_FROM_ANY);
}

Test(client_chain, which_field)
{
	static const struct chain_case both = {{"*for=192.0.2.2", "192.0.2.1"}, "192.0.2.1:0"};
	static const struct chain_case garbage = {{"*for=192.0.2.2", "junk"}, NULL};
	static const struct chain_case named = {{"192.0.2.1", "*for=192.0.2.2"}, "192.0.2.2:0"};
	static const struct chain_case other = {{"*for=192.0.2.2"}, NULL};
	static const struct chain_case another = {{"192.0.2.2"}, NULL};
	chain_expect(&both, CONFIG_CLIENT_FROM_ANY);
	chain_expect(&garbage, CONFIG_CLIENT_FROM_ANY);
	chain_expect(&both, CONFIG_CLIENT_FROM_X_FORWARDED_FOR);
	chain_expect(&named, CONFIG_CLIENT_FROM_FORWARDED);
	chain_expect(&other, CONFIG_CLIENT_FROM_X_FORWARDED_FOR);
	chain_expect(&another, CONFIG_CLIENT_FROM_FORWARDED);
	chain_expect(&other, CONFIG_CLIENT_FROM_PEER);
	chain_expect(&another, CONFIG_CLIENT_FROM_PEER);
}

/* A chain of trusted proxies without end costs no more than 32 of them. */
Test(client_chain, the_walk_is_bounded)
{
	char line[4096] = "192.0.2.1";
	const struct chain_case far = {{line}, "10.0.0.0:0"};
	for (unsigned i = 0; i < CLIENT_CHAIN_MAX - 1; i++)
		strcat(line, ",10.0.0.1");
	const struct chain_case near = {{line}, "192.0.2.1:0"};
	chain_expect(&near, CONFIG_CLIENT_FROM_ANY);
	strcpy(line, "192.0.2.1,10.0.0.0");
	for (unsigned i = 0; i < CLIENT_CHAIN_MAX - 1; i++)
		strcat(line, ",10.0.0.1");
	chain_expect(&far, CONFIG_CLIENT_FROM_ANY);
}

#include "config.h"

#include <criterion/criterion.h>

#include "config/address_syntax.h"

static const struct {
	const char *text;
	bool server, listener; /* valid as */
} address_cases[] = {
	{"127.0.0.1:8080", true, true},
	{"127.0.0.1:65535", true, true},
	{"127.0.0.1:65536", false, false},
	{"127.0.0.1:0", false, true},
	{"*:8080", false, true},
	{"*:0", false, true},
	{"[::1]:8080", true, true},
	{"[fe80::1%lo]:80", true, true},
	{"[fe80::1%]:80", false, false},
	{"[::1]", false, false},
	{"[::1", false, false},
	{"[]:80", false, false},
	{"[::g]:80", false, false},
	{"::1:8080", false, false},
	{"localhost:80", true, true},
	{"a-b.example_1.org:80", true, true},
	{"-a:80", false, false},
	{"a..b:80", false, false},
	{"a b:80", false, false},
	{"1.2.3:80", false, false},
	{"1.2.3.999:80", false, false},
	{"host", false, false},
	{"host:", false, false},
	{":80", false, false},
	{"host:http", false, false},
	{"host:+80", false, false},
	{"host:80:90", false, false},
	{"http://host:80", false, false},
	{"unix:/run/a.sock", true, true},
	{"unix:run/a.sock", false, false},
	{"unix:", false, false},
	{"", false, false},
	{":", false, false},
	{"]:80", false, false},
	{"[", false, false},
};

Test(address, syntax)
{
	for (size_t i = 0; i < sizeof(address_cases) / sizeof(*address_cases); i++) {
		const char *text = address_cases[i].text;
		cr_expect_eq(!config_address_problem(text, false), address_cases[i].server, "server %s", text);
		cr_expect_eq(!config_address_problem(text, true), address_cases[i].listener, "listener %s", text);
	}
}

Test(address, lengths_are_bounded)
{
	char text[400] = "unix:/";
	memset(text + 6, 'a', 106);
	cr_expect_null(config_address_problem(text, false));
	text[112] = 'a';
	cr_expect_not_null(config_address_problem(text, false));
	memset(text, 'a', 254);
	memcpy(text + 253, ":80", 4);
	cr_expect_null(config_address_problem(text, false));
	memset(text, 'a', 254);
	memcpy(text + 254, ":80", 4);
	cr_expect_not_null(config_address_problem(text, false));
}

Test(address, networks)
{
	static const struct {
		const char *text;
		unsigned prefix; /* 999: refused */
	} cases[] = {
		{"192.0.2.0/24", 120},
		{"0.0.0.0/0", 96},
		{"10.1.2.3", 128},
		{"10.1.2.3/32", 128},
		{"2001:db8::/32", 32},
		{"::/0", 0},
		{"::1", 128},
		{"10.0.0.1/8", 999},
		{"10.0.0.0/33", 999},
		{"::/129", 999},
		{"x", 999},
		{"", 999},
		{"10.0.0.0/", 999},
		{"10.0.0.0/ 8", 999},
		{"2001:db8::1/32", 999},
		{"1.2.3.4/-1", 999},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct config_network network = {.prefix = 999};
		const char *problem = config_network_parse(cases[i].text, &network);
		cr_expect_eq(problem == NULL, cases[i].prefix != 999, "%s", cases[i].text);
		cr_expect_eq(network.prefix, cases[i].prefix, "%s: %u", cases[i].text, network.prefix);
	}
	struct config_network v4;
	cr_assert_null(config_network_parse("192.0.2.0/24", &v4));
	cr_expect(IN6_IS_ADDR_V4MAPPED(&v4.address));
	cr_expect_eq(v4.address.s6_addr[12], 192);
}

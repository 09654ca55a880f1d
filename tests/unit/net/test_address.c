#include "net/address.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

Test(address, reads_and_writes)
{
	static const struct {
		const char *text, *shown, *host;
		int family;
		unsigned port;
	} cases[] = {
		{"127.0.0.1:80", "127.0.0.1:80", "127.0.0.1", AF_INET, 80},
		{"*:8080", "0.0.0.0:8080", "0.0.0.0", AF_INET, 8080},
		{"255.255.255.255:65535", "255.255.255.255:65535", "255.255.255.255", AF_INET, 65535},
		{"10.0.0.1:0", "10.0.0.1:0", "10.0.0.1", AF_INET, 0},
		{"[::1]:80", "[::1]:80", "::1", AF_INET6, 80},
		{"[::]:1", "[::]:1", "::", AF_INET6, 1},
		{"[2001:DB8::00a]:443", "[2001:db8::a]:443", "2001:db8::a", AF_INET6, 443},
		{"unix:/run/x.sock", "unix:/run/x.sock", "unix", AF_UNIX, 0},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct address a;
		char error[256], out[ADDRESS_TEXT_MAX];
		cr_assert(address_parse(&a, cases[i].text, error, sizeof error), "%s", cases[i].text);
		cr_assert_eq(a.as.any.sa_family, cases[i].family);
		cr_assert_eq(address_port(&a), cases[i].port);
		cr_assert_eq(address_format(&a, out), strlen(cases[i].shown));
		cr_assert_str_eq(out, cases[i].shown);
		cr_assert_eq(address_format_host(&a, out), strlen(cases[i].host));
		cr_assert_str_eq(out, cases[i].host);
	}
}

Test(address, looks_names_up)
{
	struct address a;
	char error[256], out[ADDRESS_TEXT_MAX];
	cr_assert_not(address_parse(&a, "127.1:99", error, sizeof error));
	/* Not an address for inet_pton, but one for the resolver, whatever the machine's hosts file has. */
	cr_assert(address_is_name("127.1:99"));
	struct address_list *list = address_list_resolve("127.1:99", error, sizeof error);
	cr_assert_not_null(list, "%s", error);
	cr_assert_eq(list->count, 1);
	address_format(&list->at[0], out);
	cr_assert_str_eq(out, "127.0.0.1:99");
	free(list);
	cr_assert_null(address_list_resolve("no-such-name.invalid:99", error, sizeof error));
	cr_assert(strstr(error, "no-such-name.invalid") != NULL, "%s", error);
}

/* With a hosts file or without: RFC 6761, section 6.3. */
Test(address, localhost_is_this_machine)
{
	char error[256], host[ADDRESS_TEXT_MAX];
	struct address_list *list = address_list_resolve("LocalHost:7", error, sizeof error), *copy;
	cr_assert_not_null(list, "%s", error);
	copy = address_list_copy(list);
	cr_assert_eq(copy->count, list->count);
	for (uint32_t i = 0; i < list->count; i++) {
		address_format_host(&copy->at[i], host);
		cr_assert(strncmp(host, "127.", 4) == 0 || strcmp(host, "::1") == 0, "%s", host);
		cr_assert_eq(address_port(&copy->at[i]), 7);
	}
	free(list), free(copy);
}

Test(address, what_is_a_name)
{
	static const char *const names[] = {"localhost:1", "a.b:80", "127.1:99", "[fe80::1%lo]:80"};
	static const char *const others[] = {"127.0.0.1:1", "*:1", "[::1]:1", "unix:/a", "unix:x:1", "x", ":1", "x:y"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		cr_assert(address_is_name(names[i]), "%s", names[i]);
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		cr_assert_not(address_is_name(others[i]), "%s", others[i]);
}

Test(address, says_what_is_wrong)
{
	static const char *const cases[] = {"", ":", ":80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536",
		"127.0.0.1:-1", "127.0.0.1:8 0", "127.0.0.1: 80", "127.0.0.1:80x", "::1:80", "[::1]", "[::1]80",
		"[::1:80", "[]:80", "unix:", "127.0.0.1:99999999999999999999999"};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct address a;
		char error[256] = "";
		cr_assert_not(address_parse(&a, cases[i], error, sizeof error), "'%s'", cases[i]);
		cr_assert_gt(strlen(error), 10u);
	}
}

Test(address, paths_have_a_limit)
{
	char text[160] = "unix:/", error[256], out[ADDRESS_TEXT_MAX];
	struct address a;
	for (size_t n = 1; n < 130; n++) {
		memset(text + 5, 'p', n);
		text[5 + n] = '\0';
		cr_assert_eq(address_parse(&a, text, error, sizeof error), n <= 107, "%zu", n);
		if (n <= 107) {
			cr_assert_eq(address_format(&a, out), n + 5);
			cr_assert_str_eq(out, text);
		}
	}
}

Test(address, an_unnamed_peer_has_a_text_too)
{
	struct address unnamed = {.length = 2, .as.local.sun_family = AF_UNIX}, none = {.length = 0};
	char out[ADDRESS_TEXT_MAX];
	cr_assert_eq(address_format(&unnamed, out), 5u);
	cr_assert_str_eq(out, "unix:");
	address_format(&none, out);
	cr_assert_str_eq(out, "unix:");
	cr_assert_eq(address_port(&none), 0);
}

Test(address, compares_and_maps)
{
	struct address a, b, c, u;
	char error[256];
	struct in6_addr in6;
	cr_assert(address_parse(&a, "10.1.2.3:80", error, sizeof error));
	cr_assert(address_parse(&b, "10.1.2.3:81", error, sizeof error));
	cr_assert(address_parse(&c, "[2001:db8::1]:80", error, sizeof error));
	cr_assert(address_parse(&u, "unix:/x", error, sizeof error));
	cr_assert(address_equal(&a, &a));
	cr_assert_not(address_equal(&a, &b));
	cr_assert_not(address_equal(&a, &c));
	address_set_port(&b, 80);
	cr_assert(address_equal(&a, &b));
	address_set_port(&c, 7);
	cr_assert_eq(address_port(&c), 7);
	cr_assert(address_to_in6(&a, &in6));
	static const unsigned char mapped[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 1, 2, 3};
	cr_assert_eq(memcmp(&in6, mapped, 16), 0);
	cr_assert(address_to_in6(&c, &in6));
	cr_assert_eq(in6.s6_addr[15], 1);
	cr_assert_not(address_to_in6(&u, &in6));
}

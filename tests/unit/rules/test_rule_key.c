#include "rules/rule_key.h"

#include "rules/rule.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>

static const struct siphash_key key_seed = {5, 6};

/* What a request of these has as its key; 0: nothing. */
struct key_request {
	const char *path, *query, *host, *src, *header, *cookie;
};

static uint64_t key_hash(const char *text, uint32_t v4_bits, uint32_t v6_bits, const struct key_request *r)
{
	struct http_field fields[] = {{.name = str_of("X-User"), .value = str_of(r->header ? r->header : "")},
		{.name = str_of("Cookie"), .value = str_of(r->cookie ? r->cookie : ""), .id = HTTP_FIELD_COOKIE}};
	const struct http_fields list = {.at = fields + (r->header ? 0 : 1), .count = (r->header ? 1u : 0u) + 1};
	struct rule_request request = {.http = true,
		.host = str_of(r->host ? r->host : "h"),
		.path = str_of(r->path ? r->path : "/"),
		.query = r->query ? str_of(r->query) : str_make(NULL, 0),
		.fields = &list};
	struct rule_key key = rule_key_make(text);
	uint32_t budget = PATTERN_BUDGET;
	uint64_t hash = 0;
	key.v4_bits = v4_bits;
	key.v6_bits = v6_bits;
	if (r->src) {
		request.has_src = true;
		cr_assert_eq(inet_pton(AF_INET6, r->src, &request.src), 1);
	}
	return rule_key_hash(&key, &request, &key_seed, &budget, &hash) ? hash : 0;
}

/* Longer than what is looked at in one piece. */
#define KEY_64   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define KEY_LONG KEY_64 KEY_64 KEY_64 KEY_64 KEY_64

enum key_expected { SAME, OTHER, NOTHING };

Test(rule_key, tells_requests_apart)
{
	static const struct {
		const char *key;
		struct key_request a, b;
		enum key_expected expected; /* of b; NOTHING: b has none */
	} cases[] = {
		{"", {.path = "/a"}, {.path = "/b", .src = "::1"}, SAME},
		{"path", {.path = "/a"}, {.path = "/a", .query = "q"}, SAME},
		{"path", {.path = "/a"}, {.path = "/b"}, OTHER},
		{"uri", {.path = "/a", .query = "q"}, {.path = "/a", .query = "q"}, SAME},
		{"uri", {.path = "/a", .query = "q"}, {.path = "/a", .query = "r"}, OTHER},
		{"uri", {.path = "/a", .query = "q"}, {.path = "/aq"}, OTHER},
		{"uri", {.path = "/a"}, {.path = "/a", .query = ""}, OTHER},
		{"host", {.host = "a.example:80"}, {.host = "a.example"}, SAME},
		{"host", {.host = "a.example"}, {.host = "b.example"}, OTHER},
		{"host", {.host = "a.example"}, {.host = "A.Example.:8080"}, SAME},
		{"host", {.host = "a.example"}, {.host = "a.example.x"}, OTHER},
		{"host", {.host = KEY_LONG "B"}, {.host = KEY_LONG "b."}, SAME},
		{"host", {.host = KEY_LONG "b"}, {.host = KEY_LONG "c"}, OTHER},
		{"host", {.host = KEY_LONG "b"}, {.host = "b"}, OTHER},
		{"header:x-user", {.header = "1"}, {.header = "1"}, SAME},
		{"header:x-user", {.header = "1"}, {.header = "2"}, OTHER},
		{"header:x-user", {.header = "1"}, {.header = NULL}, NOTHING},
		{"header:host", {.host = "a"}, {.host = "b"}, OTHER},
		{"cookie:u", {.cookie = "a=b; u=1"}, {.cookie = "u=1;a=c"}, SAME},
		{"cookie:u", {.cookie = "a=b; u=1"}, {.cookie = "u=2"}, OTHER},
		{"cookie:u", {.cookie = "u=1"}, {.cookie = "U=1; xu=1"}, NOTHING},
		{"query:u", {.query = "a=b&u=1"}, {.query = "u=1&u=2"}, SAME},
		{"query:u", {.query = "u=1"}, {.query = "u=2"}, OTHER},
		{"query:u", {.query = "u=1"}, {.query = "xu=1&u"}, NOTHING},
		{"query:u", {.query = "u="}, {.query = NULL}, NOTHING},
		{"src", {.src = "::ffff:192.0.2.1"}, {.src = "::ffff:192.0.2.1"}, SAME},
		{"src", {.src = "::ffff:192.0.2.1"}, {.src = "::ffff:192.0.2.2"}, OTHER},
		{"src", {.src = "2001:db8::1"}, {.src = "2001:db8::ffff:0:0:1"}, SAME},
		{"src", {.src = "2001:db8::1"}, {.src = "2001:db8:0:1::1"}, OTHER},
		{"src", {.src = "::1"}, {.src = NULL}, NOTHING},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint64_t a = key_hash(cases[i].key, 32, 64, &cases[i].a),
			 b = key_hash(cases[i].key, 32, 64, &cases[i].b);
		enum key_expected found = !b ? NOTHING : a == b ? SAME : OTHER;
		cr_expect(a != 0, "case %zu", i);
		cr_expect_eq(found, cases[i].expected, "case %zu: %s", i, cases[i].key);
	}
}

Test(rule_key, prefixes_of_addresses)
{
	static const struct {
		const char *a, *b;
		uint32_t v4_bits, v6_bits;
		bool same;
	} cases[] = {
		{"::ffff:10.1.2.3", "::ffff:10.1.2.250", 24, 64, true},
		{"::ffff:10.1.2.3", "::ffff:10.1.3.3", 24, 64, false},
		{"::ffff:10.1.2.0", "::ffff:10.1.2.127", 25, 64, true},
		{"::ffff:10.1.2.0", "::ffff:10.1.2.128", 25, 64, false},
		{"2001:db8::1", "2001:db8::2", 32, 128, false},
		{"2001:db8:ab00::", "2001:db8:abff::", 32, 40, true},
		{"2001:db8:ab00::", "2001:db8:ac00::", 32, 40, false},
		{"2001:db8::", "a001:db8::", 32, 1, false},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct key_request a = {.src = cases[i].a}, b = {.src = cases[i].b};
		cr_expect_eq(key_hash("src", cases[i].v4_bits, cases[i].v6_bits, &a) ==
				     key_hash("src", cases[i].v4_bits, cases[i].v6_bits, &b),
			cases[i].same, "case %zu", i);
	}
}

/* Nobody writes a header that counts as somebody's address. */
Test(rule_key, kinds_do_not_meet)
{
	struct key_request r = {.path = "x", .host = "x", .header = "x", .cookie = "x=x", .query = "x=x"};
	static const char *const keys[] = {"path", "host", "header:X-User", "cookie:x", "query:x"};
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		for (size_t k = 0; k < i; k++)
			cr_expect_neq(key_hash(keys[i], 32, 64, &r), key_hash(keys[k], 32, 64, &r));
}

Test(rule_key, reading_costs_of_the_budget)
{
	enum { ONE_AND_A_HALF = 40000 }; /* times what the reading takes */
	static char cookies[32768];
	struct http_field field = {.name = str_of("Cookie"), .id = HTTP_FIELD_COOKIE};
	struct http_fields list = {.at = &field, .count = 1};
	struct rule_request request = {.http = true, .fields = &list};
	struct rule_key key = rule_key_make("cookie:u");
	uint64_t hash;
	for (size_t i = 0; i < sizeof cookies; i++)
		cookies[i] = ";a"[i % 2];
	field.value = str_make(cookies, sizeof cookies);
	uint32_t budget = ONE_AND_A_HALF;
	cr_expect_not(rule_key_hash(&key, &request, &key_seed, &budget, &hash));
	cr_expect_gt(budget, 0u);
	cr_expect_lt(budget, ONE_AND_A_HALF / 2u);
	cr_expect_not(rule_key_hash(&key, &request, &key_seed, &budget, &hash));
	cr_expect_eq(budget, 0u);
}

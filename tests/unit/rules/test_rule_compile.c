#include "rules_fixture.h"

#include <criterion/criterion.h>

Test(rule_compile, what_is_wrong_is_said)
{
	static const struct {
		struct config_rule rule;
		const char *message; /* NULL: it is right */
	} cases[] = {
		{{.path = "^/a(b"}, "t.conf:1: error: path of a rule of frontend \"web\": pattern '^/a(b' is wrong at "
				    "position 6: missing closing parenthesis\n"},
		{{.not_query = "*"}, "not_query of a rule"},
		{{.header_name = "X", .header_match = "[z-a]"}, "header.match of a rule"},
		{{.host = "(*UTF)x"}, "host of a rule"},
		{{.rewrite_path = "/$1"}, "rewrite_path of a rule of frontend \"web\": $1 names no group; the path "
					  "pattern of this rule has 0"},
		{{.path = "(a)", .redirect_to = "$2"}, "$2 names no group; the path pattern of this rule has 1"},
		{{.path = "(a)", .rewrite_path = "/$1$0$$2"}, NULL},
		{{.path = "()()()()()()()()()()()()()()()()", .rewrite_path = "/$16"}, "and 15 can be named"},
		{{.path = "()()()()()()()()()()()()()()()()", .rewrite_path = "/$15"}, NULL},
		{{.set_header_name = "A", .set_header_value = "5 $"}, NULL},
		{{.rewrite_path = "/a b"}, "a byte that no request target may"},
		{{.rewrite_path = "/a#b"}, "a byte that no request target may"},
		{{.rewrite_path = "/a/../b"}, "it has a segment \".\" or \"..\""},
		{{.rewrite_path = "/a?p=/../b"}, NULL},
		{{.host_header = "a/b"}, "it is no host name"},
		{{.set_header_name = "transfer-ENCODING", .set_header_value = "x"}, "is written by the proxy itself"},
		{{.add_header_name = "Host", .add_header_value = "x"}, "use host_header"},
		{{.del_header = "X-Forwarded-For"}, "is written by the proxy itself"},
		{{.del_header = "X-Forwarded-Proto"}, NULL},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct rules_fixture f;
		struct config_rule rule = cases[i].rule;
		rules_begin(&f, CONFIG_MODE_HTTP, &rule, 1);
		cr_expect_eq(f.set == NULL, cases[i].message != NULL, "case %zu", i);
		cr_expect(!cases[i].message || rules_said(&f, cases[i].message), "case %zu: %.*s", i, (int)f.messages.n,
			f.messages.data);
		rules_end(&f);
	}
}

Test(rule_compile, all_errors_in_one_run)
{
	struct rules_fixture f;
	struct config_rule rules[] = {{.path = "("}, {.path = "a"}, {.host = ")", .rewrite_path = "/$3"}};
	rules_begin(&f, CONFIG_MODE_HTTP, rules, 3);
	cr_expect(f.set == NULL);
	cr_expect(rules_said(&f, "t.conf:1: error: path"));
	cr_expect(rules_said(&f, "t.conf:3: error: host"));
	cr_expect(rules_said(&f, "t.conf:3: error: rewrite_path"));
	rules_end(&f);
}

Test(rule_compile, a_rule_may_have_every_condition)
{
	static const char *verbs[] = {"GET", "PUT"};
	struct config_network all = {.prefix = 0}, none = {.prefix = 128};
	struct config_rule rule = {.path = "a",
		.raw_path = "a",
		.host = "w",
		.query = "q",
		.method = {verbs, 1},
		.src = {&all, 1},
		.peer = {&all, 1},
		.header_name = "X",
		.header_match = "h",
		.cookie_name = "c",
		.cookie_match = "c",
		.not_path = "z",
		.not_raw_path = "z",
		.not_host = "z",
		.not_query = "z",
		.not_method = {verbs + 1, 1},
		.not_src = {&none, 1},
		.not_peer = {&none, 1},
		.not_header_name = "X",
		.not_header_match = "z",
		.not_cookie_name = "c",
		.not_cookie_match = "z",
		.deny = 403};
	struct rules_fixture f;
	rules_begin(&f, CONFIG_MODE_HTTP, &rule, 1);
	rules_decide(&f, "GET", "/a?q", "h", "c=c");
	cr_expect(f.verdict.action == RULE_PASS); /* a connection without a peer */
	rule.peer.count = 0;
	rule.peer.at = NULL;
	rules_end(&f);
	rules_begin(&f, CONFIG_MODE_HTTP, &rule, 1);
	rules_decide(&f, "GET", "/a?q", "h", "c=c");
	cr_expect(f.verdict.action == RULE_DENY);
	rules_end(&f);
}

#include "rules_fixture.h"

#include <criterion/criterion.h>

static struct config_split parts[] = {{.backend = "b", .weight = 1}};
static const char *verbs[] = {"GET", "HEAD", "POST"};

Test(rule_reach, a_shadow_is_seen_and_nothing_else)
{
	static const struct {
		struct config_rule early, late;
		bool shadowed;
	} cases[] = {
		{{.deny = 403}, {.path = "a"}, true},
		{{.del_header = "A"}, {.path = "a"}, false},
		{{.split = parts, .split_count = 1}, {.path = "a"}, true},
		{{.rate_limit = {.rate = 1, .key = ""}}, {.path = "a"}, false},
		{{.rate_limit = {.rate = 1, .key = ""}, .backend = "b"}, {.path = "a"}, true},
		{{.path = "a", .backend = "b"}, {.path = "a"}, true},
		{{.path = "a", .backend = "b"}, {.host = "a"}, false},
		{{.path = "^/api", .deny = 403}, {.path = "^/api/x$", .host = "h"}, true},
		{{.path = "^/api", .deny = 403}, {.path = "^/api?x"}, false},
		{{.path = "^/api", .deny = 403}, {.path = "^/api/x|y"}, false},
		{{.path = "^/api", .deny = 403}, {.path = "/api/x"}, false},
		{{.path = "/api", .deny = 403}, {.path = "/api/x"}, false},
		{{.path = "^/api$", .deny = 403}, {.path = "^/api/x"}, false},
		{{.path = "a", .host = "h", .deny = 403}, {.path = "a"}, false},
		{{.method = {verbs, 2}, .deny = 403}, {.method = {verbs, 1}, .path = "a"}, true},
		{{.method = {verbs, 2}, .deny = 403}, {.method = {verbs + 1, 2}}, false},
		{{.not_method = {verbs, 1}, .deny = 403}, {.not_method = {verbs, 2}}, true},
		{{.not_method = {verbs, 2}, .deny = 403}, {.not_method = {verbs, 1}}, false},
		{{.not_path = "^/a", .deny = 403}, {.not_path = "^/ab"}, false},
		{{.not_path = "^/ab", .deny = 403}, {.not_path = "^/a"}, true},
		{{.path = "a", .deny = 403}, {.not_path = "a"}, false},
		{{.path = ".*", .deny = 403}, {.host = "a"}, true},
		{{.path = "^.*$", .deny = 403}, {.path = "a"}, true},
		{{.path = "^", .host = "h", .deny = 403}, {.host = "h"}, true},
		{{.path = "^", .host = "h", .deny = 403}, {.path = "a"}, false},
		{{.not_path = ".*", .deny = 403}, {.path = "a"}, false},
		{{.host = ".*", .deny = 403}, {.path = "a"}, false}, /* HTTP/1.0 has none, perhaps */
		{{.header_name = "A", .header_match = "x", .deny = 403}, {.header_name = "a", .header_match = "x"},
			true},
		{{.header_name = "A", .header_match = "x", .deny = 403}, {.header_name = "b", .header_match = "x"},
			false},
		{{.cookie_name = "A", .cookie_match = "x", .deny = 403}, {.cookie_name = "a", .cookie_match = "x"},
			false},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct rules_fixture f;
		struct config_rule rules[] = {cases[i].early, cases[i].late};
		rules[1].deny = 404;
		rules_begin(&f, CONFIG_MODE_HTTP, rules, 2);
		cr_assert(f.set != NULL);
		cr_expect_eq(rules_said(&f, "t.conf:2: warning: this rule can never be reached: the rule at t.conf:1"),
			cases[i].shadowed, "case %zu: %.*s", i, (int)f.messages.n, f.messages.data);
		rules_end(&f);
	}
}

Test(rule_reach, a_path_that_no_normal_form_is)
{
	static const struct {
		struct config_rule rule;
		const char *said; /* NULL: nothing */
	} cases[] = {
		{{.path = "^/a//b"}, "asks for several slashes"},
		{{.not_path = "%2f"}, "lower-case digits"},
		{{.path = "%c3"}, "lower-case digits"},
		{{.path = "^/%61"}, "is decoded there"},
		{{.path = "\\\\"}, "asks for a backslash"},
		{{.path = "\\.git"}, NULL},
		{{.path = "(?i)%2f"}, NULL},
		{{.path = "(?i)%7e"}, "is decoded there"},
		{{.path = "%2F|%20|100%"}, NULL},
		{{.raw_path = "%2f|//"}, NULL},
		{{.query = "%2f|//"}, NULL},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct rules_fixture f;
		struct config_rule rule = cases[i].rule;
		rule.deny = 403;
		rules_begin(&f, CONFIG_MODE_HTTP, &rule, 1);
		cr_expect(cases[i].said ? rules_said(&f, cases[i].said) : f.messages.n == 0, "case %zu: %.*s", i,
			(int)f.messages.n, f.messages.data);
		rules_end(&f);
	}
}

Test(rule_reach, networks)
{
	struct config_network wide = {.prefix = 104}, narrow = {.prefix = 120}, other = {.prefix = 120};
	narrow.address.s6_addr[13] = 1;
	other.address.s6_addr[12] = 1;
	const struct {
		struct config_network *early, *late;
		bool shadowed;
	} cases[] = {{&wide, &narrow, true}, {&narrow, &wide, false}, {&wide, &other, false}};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct rules_fixture f;
		struct config_rule rules[] = {
			{.src = {cases[i].early, 1}, .deny = 403}, {.src = {cases[i].late, 1}, .deny = 403}};
		rules_begin(&f, CONFIG_MODE_HTTP, rules, 2);
		cr_expect_eq(rules_said(&f, "can never be reached"), cases[i].shadowed, "case %zu", i);
		rules_end(&f);
	}
}

Test(rule_reach, a_rule_may_exclude_what_it_demands)
{
	static const struct {
		struct config_rule rule;
		bool impossible;
	} cases[] = {
		{{.path = "a", .not_path = "a"}, true},
		{{.path = "^/api/x", .not_path = "^/api"}, true},
		{{.path = "^/api", .not_path = "^/api/x"}, false},
		{{.path = "a", .not_host = "a"}, false},
		{{.method = {verbs, 1}, .not_method = {verbs, 2}}, true},
		{{.method = {verbs, 2}, .not_method = {verbs, 1}}, false},
		{{.header_name = "A", .header_match = "x", .not_header_name = "a", .not_header_match = "x"}, true},
		{{.header_name = "A", .header_match = "x", .not_header_name = "b", .not_header_match = "x"}, false},
		{{.method = {verbs, 0}}, true},
		{{.not_method = {verbs, 0}}, false},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct rules_fixture f;
		struct config_rule rule = cases[i].rule;
		rule.deny = 404;
		rules_begin(&f, CONFIG_MODE_HTTP, &rule, 1);
		cr_assert(f.set != NULL);
		cr_expect_eq(rules_said(&f, "t.conf:1: warning: this rule can never be reached: no request"),
			cases[i].impossible, "case %zu: %.*s", i, (int)f.messages.n, f.messages.data);
		rules_end(&f);
	}
}

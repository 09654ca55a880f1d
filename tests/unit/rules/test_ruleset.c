#include "rules_fixture.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>

static const char *methods[] = {"GET", "HEAD"};

static struct config_network ruleset_network(const char *text, unsigned prefix)
{
	struct config_network n = {.prefix = prefix};
	cr_assert(inet_pton(AF_INET6, text, &n.address) == 1);
	return n;
}

Test(ruleset, every_condition_and_its_negation)
{
	struct config_network near = ruleset_network("::ffff:192.0.2.64", 96 + 26);
	struct config_network far = ruleset_network("::ffff:192.0.2.128", 96 + 25);
	const struct {
		struct config_rule rule;
		bool holds;
	} cases[] = {
		{{.path = "^/a/b$"}, true},
		{{.path = "^/A"}, false},
		{{.not_path = "^/A"}, true},
		{{.not_path = "b$"}, false},
		{{.host = "^www\\.example$"}, true},
		{{.host = ":8080"}, false},
		{{.not_host = "^WWW"}, false},
		{{.query = "^x=1&y$"}, true},
		{{.not_query = "z"}, true},
		{{.not_query = "y"}, false},
		{{.method = {methods, 2}}, true},
		{{.method = {methods + 1, 1}}, false},
		{{.not_method = {methods, 2}}, false},
		{{.not_method = {methods + 1, 1}}, true},
		{{.src = {&near, 1}}, true},
		{{.src = {&far, 1}}, false},
		{{.not_src = {&far, 1}}, true},
		{{.not_src = {&near, 1}}, false},
		{{.header_name = "X", .header_match = "^v$"}, true},
		{{.header_name = "Y", .header_match = ""}, false},
		{{.header_name = "host", .header_match = ":8080$"}, true},
		{{.not_header_name = "x", .not_header_match = "v"}, false},
		{{.not_header_name = "Y", .not_header_match = ""}, true},
		{{.cookie_name = "b", .cookie_match = "^2=2$"}, true},
		{{.cookie_name = "B", .cookie_match = ""}, false},
		{{.cookie_name = "c", .cookie_match = "^$"}, true},
		{{.not_cookie_name = "b", .not_cookie_match = "^1$"}, true},
		{{.not_cookie_name = "a", .not_cookie_match = "1"}, false},
		{{.path = "^/a", .host = "www", .query = "x", .method = {methods, 2}}, true},
		{{.path = "^/a", .host = "www", .query = "q", .method = {methods, 2}}, false},
		{{.deny = 0}, true},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct rules_fixture f;
		struct config_rule rule = cases[i].rule;
		rule.deny = 403;
		rules_begin(&f, CONFIG_MODE_HTTP, &rule, 1);
		rules_decide(&f, "GET", "/a/b?x=1&y", "v", "a=1;b=2=2 ; c");
		cr_expect(eq(int, (int)f.verdict.action, (int)(cases[i].holds ? RULE_DENY : RULE_PASS)), "case %zu", i);
		cr_expect(cases[i].holds ? f.verdict.hits != NULL : f.verdict.hits == NULL, "case %zu", i);
		rules_end(&f);
	}
}

Test(ruleset, a_connect_keeps_target_and_host)
{
	struct config_rule rule = {.host_header = "inside", .rewrite_path = "/x", .del_header = "B"};
	struct rules_fixture f;
	rules_begin(&f, CONFIG_MODE_HTTP, &rule, 1);
	rules_decide(&f, "CONNECT", "a.example:443", NULL, NULL);
	cr_expect(eq(sz, f.verdict.changes.host.n, 0));
	cr_expect(eq(sz, f.verdict.changes.path.n, 0));
	cr_expect(f.verdict.changes.edits != NULL);
	rules_end(&f);
}

Test(ruleset, the_first_terminal_action_wins_and_edits_add_up)
{
	struct config_rule rules[] = {
		{.path = "^/(\\w+)/(.*)", .set_header_name = "A", .set_header_value = "$2-$$1-$"},
		{.path = "^/none", .deny = 403},
		{.del_header = "B", .add_header_name = "C", .add_header_value = "c", .host_header = "first"},
		{.path = "^/(\\w+)", .host_header = "$1.example", .rewrite_path = "$1", .backend = "b"},
		{.deny = 404, .set_header_name = "D", .set_header_value = ""},
	};
	static const uint32_t hits[] = {0, 2, 3};
	static const struct {
		enum rule_edit_kind kind;
		const char *name, *value;
	} edits[] = {{RULE_EDIT_SET, "A", "x/y-$1-$"}, {RULE_EDIT_DEL, "B", ""}, {RULE_EDIT_ADD, "C", "c"}};
	struct rules_fixture f;
	rules_begin(&f, CONFIG_MODE_HTTP, rules, 5);
	rules_decide(&f, "GET", "/one/x/y", NULL, NULL);
	const struct rule_verdict *v = &f.verdict;
	cr_expect(eq(int, (int)v->action, (int)RULE_BACKEND));
	cr_expect(eq(u32, v->rule, 3u));
	cr_expect(str_equal(v->changes.host, str_of("one.example")));
	cr_expect(str_equal(v->changes.path, str_of("/one")));
	const struct rule_hit *hit = v->hits;
	for (size_t i = 0; i < sizeof hits / sizeof hits[0]; i++, hit = hit->next)
		cr_assert(hit && hit->rule == hits[i], "hit %zu", i);
	cr_expect(hit == NULL);
	const struct rule_edit *edit = v->changes.edits;
	for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++, edit = edit->next) {
		cr_assert(edit && edit->kind == edits[i].kind, "edit %zu", i);
		cr_expect(str_equal(edit->name, str_of(edits[i].name)), "edit %zu", i);
		cr_expect(str_equal(edit->value, str_of(edits[i].value)), "edit %zu", i);
	}
	cr_expect(edit == NULL);
	rules_end(&f);
}

Test(ruleset, redirects_stay_where_they_point)
{
	static const struct {
		const char *pattern, *to, *target, *location;
	} cases[] = {
		{"^/old/(.*)$", "/new/$1", "/old/a", "/new/a"},
		{"^/old/(.*)$", "/new/$1", "/old/a?q=1", "/new/a?q=1"},
		{"^/old/(.*)$", "/new?p=$1", "/old/a?q=1", "/new?p=a"},
		{"^/old/(.*)$", "/new#$1", "/old/a?q=1", "/new?q=1#a"},
		{"^/old/(.*)$", "/new#?$1", "/old/a?q=1", "/new?q=1#?a"},
		{"^/old/(.*)$", "/new?p#$1", "/old/a?q=1", "/new?p#a"},
		{"^/old/(.*)$", "/new#$1", "/old/a", "/new#a"},
		{"^/old/(.*)$", "/$1", "/old//evil.example", "/evil.example"},
		{"^/old/(.*)$", "/$1", "/old/\\evil.example", "/evil.example"},
		{"^/old/(.*)$", "/$1", "/old////", "/"},
		{"^/old(.*)$", "$1", "/old//evil.example", "/evil.example"},
		{"^/old(.*)$", "$1?a", "/old/\\evil.example", "/evil.example?a"},
		{"^/old(.*)$", "$1", "/old\\/evil.example?q", "/evil.example?q"},
		{"^/old(.*)$", "$1", "/old\\evil.example", "/evil.example"},
		{"^/old/(\\w*)/(.*)$", "/$1/$2", "/old//evil.example", "/evil.example"},
		{"^/old/(\\w*)/(.*)$", "$1/$2", "/old///evil.example", "/evil.example"},
		{"^/old(.*)$", "$1", "/old", "/"},
		{"^/old(.*)$", "$1", "/old?q=1", "/?q=1"},
		{"^/old(.*)$", "$1", "/old.evil.example", ".evil.example"},
		{"^/old(.*)$", "/$1", "/old%2Fevil.example", "/%2Fevil.example"},
		/* Who writes the rule may name another host. */
		{"^/old/(.*)$", "//www.example/$1", "/old//a", "//www.example//a"},
		{"^/old/(.*)$", "//$1", "/old/www.example", "//www.example"},
		{"^/old/(.*)$", "https://$1", "/old/www.example", "https://www.example"},
		{"^(.*)$", "https://www.example$1", "/x", "https://www.example/x"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct rules_fixture f;
		struct config_rule rule = {
			.path = cases[i].pattern, .redirect_to = cases[i].to, .redirect_status = 307};
		rules_begin(&f, CONFIG_MODE_HTTP, &rule, 1);
		rules_decide(&f, "GET", cases[i].target, NULL, NULL);
		cr_expect(f.verdict.action == RULE_REDIRECT && f.verdict.status == 307, "case %zu", i);
		cr_expect(str_equal(f.verdict.location, str_of(cases[i].location)), "case %zu: %.*s", i,
			(int)f.verdict.location.n, f.verdict.location.p);
		rules_end(&f);
	}
}

Test(ruleset, rewritten_paths_stay_where_they_point)
{
	static const struct {
		const char *pattern, *to, *target, *path; /* path NULL: refused */
	} cases[] = {
		{"^/old/(.*)$", "/new/$1", "/old/a", "/new/a"},
		{"^/old(.*)$", "/$1", "/old//evil.example", "/evil.example"},
		{"^/old(.*)$", "/$1", "/old/\\evil.example", "/evil.example"},
		{"^/old(.*)$", "$1", "/old//evil.example", "/evil.example"},
		{"^/old(.*)$", "$1", "/old\\evil.example", "/evil.example"},
		{"^/old(.*)$", "$1", "/old", "/"},
		{"^/old(.*)$", "$1", "/oldx", "/x"},
		{"^/old(.*)$", "$1", "/old////", "/"},
		{"^/old/(\\w*)/(.*)$", "/$1/$2", "/old//evil.example", "/evil.example"},
		{"^/old/(.*)$", "/proxy/https://$1", "/old/www.example", "/proxy/https://www.example"},
		{"^/old/(.*)$", "//a/$1", "/old/b", "//a/b"},
		{"^/old(.*)$", "/new/$1", "/old../x", NULL},
		{"^/old(.*)$", "/new/$1", "/old.", NULL},
		{"^/old(.*)$", "/new/$1", "/old..%2Fx", NULL},
		{"^/old(.*)$", "/new/.$1", "/old./x", NULL},
		{"^/old(.*)$", "/new?p=/$1", "/old../x", "/new?p=/../x"},
		{"^/old(.*)$", "/new/$1", "/old...", "/new/..."},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct rules_fixture f;
		struct config_rule rule = {.path = cases[i].pattern, .rewrite_path = cases[i].to, .backend = "b"};
		rules_begin(&f, CONFIG_MODE_HTTP, &rule, 1);
		rules_decide(&f, "GET", cases[i].target, NULL, NULL);
		struct str path = f.verdict.changes.path;
		if (cases[i].path)
			cr_expect(f.verdict.action == RULE_BACKEND && str_equal(path, str_of(cases[i].path)),
				"case %zu: %.*s", i, (int)path.n, path.p);
		else
			cr_expect(f.verdict.action == RULE_DENY && f.verdict.status == 400, "case %zu", i);
		rules_end(&f);
	}
}

Test(ruleset, the_path_as_received_and_in_its_normal_form)
{
	const struct {
		struct config_rule rule;
		bool holds, reads;
	} cases[] = {
		{{.path = "^/a$"}, true, true},
		{{.raw_path = "^/%61$"}, true, false},
		{{.raw_path = "^/a$"}, false, false},
		{{.not_raw_path = "^/a$"}, true, false},
		{{.not_raw_path = "%"}, false, false},
		{{.not_path = "%"}, true, true},
		{{.path = "^/a$", .raw_path = "%", .not_raw_path = "//"}, true, true},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct rules_fixture f;
		struct config_rule rule = cases[i].rule;
		rule.deny = 403;
		rules_begin(&f, CONFIG_MODE_HTTP, &rule, 1);
		cr_assert(f.set != NULL);
		cr_expect(ruleset_reads_path(f.set) == cases[i].reads, "case %zu", i);
		struct rule_request request = {.http = true, .path = str_of("/a"), .raw_path = str_of("/%61")};
		cr_assert(ruleset_decide(f.set, &request, &f.tools, &f.verdict));
		cr_expect_eq(f.verdict.action, cases[i].holds ? RULE_DENY : RULE_PASS, "case %zu", i);
		rules_end(&f);
	}
}

Test(ruleset, a_host_from_the_path_is_checked)
{
	struct rules_fixture f;
	struct config_rule rule = {.path = "^/(.*)", .host_header = "$1", .backend = "b"};
	rules_begin(&f, CONFIG_MODE_HTTP, &rule, 1);
	rules_decide(&f, "GET", "/a@b", NULL, NULL);
	cr_expect(f.verdict.changes.host.p == NULL);
	rules_decide(&f, "GET", "/", NULL, NULL);
	cr_expect(f.verdict.changes.host.p == NULL);
	rules_decide(&f, "GET", "/[::1]:80", NULL, NULL);
	cr_expect(str_equal(f.verdict.changes.host, str_of("[::1]:80")));
	rules_end(&f);
}

/* A rule of each kind that a request with this path, or this header, cannot be decided by; the request is refused
 * before the rules behind it are asked. */
Test(ruleset, what_is_too_costly_is_refused_as_a_whole)
{
	static char target[4096];
	const struct {
		struct config_rule rule;
		unsigned status;
	} cases[] = {
		{{.path = "(?:a|aa)+!$", .backend = "b"}, 400},
		{{.path = "(?:a|aa)+!$", .deny = 451}, 400},
		{{.not_path = "(?:a|aa)+!$", .return_status = 403, .return_body = ""}, 400},
		{{.path = "(?:a|aa)+!$", .del_header = "A"}, 400},
		{{.path = "(?:a|aa)+!$", .redirect_to = "/", .redirect_status = 302}, 400},
		{{.header_name = "X", .header_match = "(?:a|aa)+!$", .rewrite_path = "/"}, 431},
		{{.not_header_name = "X", .not_header_match = "(?:a|aa)+!$", .host_header = "h"}, 431},
	};
	memset(target, 'a', sizeof target - 1);
	memcpy(target + sizeof target - 4, "!x!", 3);
	target[0] = '/';
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct config_rule rules[] = {cases[i].rule, {.return_status = 200, .return_body = ""}};
		struct rules_fixture f;
		rules_begin(&f, CONFIG_MODE_HTTP, rules, 2);
		rules_decide(&f, "GET", target, target, NULL);
		const struct rule_verdict *v = &f.verdict;
		cr_expect(v->action == RULE_COSTLY && v->costly && v->costly_rule == 0, "case %zu", i);
		cr_expect(eq(u32, v->status, cases[i].status), "case %zu", i);
		cr_expect(v->hits == NULL && v->changes.edits == NULL, "case %zu", i);
		rules_decide(&f, "GET", "/aa!", "aa!", NULL);
		cr_expect(f.verdict.action != RULE_COSTLY && !f.verdict.costly, "case %zu", i);
		rules_end(&f);
	}
}

/* A condition that does not hold, and costs nothing, decides a rule whatever its other ones are. */
Test(ruleset, what_is_decided_by_another_condition_is_not_costly)
{
	static char target[4096];
	struct config_rule rule = {.path = "(?:a|aa)+!$", .method = {methods + 1, 1}, .deny = 403};
	struct rules_fixture f;
	memset(target, 'a', sizeof target - 1);
	memcpy(target + sizeof target - 4, "!x!", 3);
	rules_begin(&f, CONFIG_MODE_HTTP, &rule, 1);
	rules_decide(&f, "GET", target, NULL, NULL);
	cr_expect(f.verdict.action == RULE_PASS && !f.verdict.costly);
	rules_decide(&f, "HEAD", target, NULL, NULL);
	cr_expect(f.verdict.action == RULE_COSTLY);
	rules_end(&f);
}

Test(ruleset, with_on_costly_pass_it_denies_and_does_nothing_else)
{
	static char target[4096];
	struct config_rule rules[] = {
		{.path = "(?:a|aa)+!$", .backend = "b"},
		{.path = "(?:a|aa)+!$", .method = {methods + 1, 1}, .deny = 403},
		{.not_path = "(?:a|aa)+!$", .return_status = 200, .return_body = ""},
		{.path = "(?:a|aa)+!$", .deny = 451},
	};
	struct rules_fixture f;
	rules_begin_costly(&f, rules, 4);
	memset(target, 'a', sizeof target - 1);
	memcpy(target + sizeof target - 4, "!x!", 3);
	target[0] = '/';
	rules_decide(&f, "GET", target, NULL, NULL);
	cr_expect(f.verdict.action == RULE_DENY && f.verdict.status == 451 && f.verdict.costly);
	rules_decide(&f, "GET", "/aa!", NULL, NULL);
	cr_expect(f.verdict.action == RULE_BACKEND && !f.verdict.costly);
	rules_decide(&f, "GET", "/aa", NULL, NULL);
	cr_expect(f.verdict.action == RULE_RETURN && !f.verdict.costly);
	rules_end(&f);
}

Test(ruleset, connections_have_a_source_only)
{
	struct rules_fixture f;
	struct config_network near = ruleset_network("::ffff:192.0.2.0", 96 + 24);
	struct config_rule good = {.src = {&near, 1}, .deny = 403};
	struct config_rule bad[] = {
		{.path = "a", .deny = 403}, {.deny = 403, .del_header = "X"}, {.return_status = 200}};
	rules_begin(&f, CONFIG_MODE_TCP, &good, 1);
	struct rule_request request = {.has_src = true, .src = near.address};
	cr_assert(ruleset_decide(f.set, &request, &f.tools, &f.verdict));
	cr_expect(f.verdict.action == RULE_DENY);
	request.has_src = false;
	cr_assert(ruleset_decide(f.set, &request, &f.tools, &f.verdict));
	cr_expect(f.verdict.action == RULE_PASS);
	rules_end(&f);
	rules_begin(&f, CONFIG_MODE_TCP, bad, 3);
	cr_expect(f.set == NULL);
	for (int i = 1; i <= 3; i++) {
		char line[128];
		snprintf(line, sizeof line, "t.conf:%d: error: a part of a rule of frontend \"web\": in mode tcp", i);
		cr_expect(rules_said(&f, line), "%s", line);
	}
	rules_end(&f);
}

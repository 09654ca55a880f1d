/* What one decision may cost, whatever the request: the worst requests and rules that we know of, 100 rules each. */
#include "rules_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <time.h>

enum { RULES = 100, VALUE = 32768, FIELDS = 10000, TRIES = 15 };

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define COST_SLOW 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(coverage_sanitizer)
#define COST_SLOW 1
#endif
#endif
#if !defined(COST_SLOW) && defined(__OPTIMIZE__)
static const double cost_bound_ms = 2.5;
#else
static const double cost_bound_ms = 40;
#endif

/* The first byte of the path, and what the rest of it, the query, the header X and the cookies consist of. */
struct cost_case {
	const char *name;
	struct config_rule rule;
	const char *unit; /* repeated up to VALUE bytes */
	const char *tail; /* at the end */
	uint32_t fields;  /* with other names, of the same length */
};

static double cost_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void cost_fill(char *value, const struct cost_case *c)
{
	size_t unit = strlen(c->unit), tail = strlen(c->tail);
	for (size_t i = 0; i < VALUE; i++)
		value[i] = c->unit[i % unit];
	memcpy(value + VALUE - tail, c->tail, tail);
}

/* The best of some tries, because others use this machine too. */
static double cost_measure(struct rules_fixture *f, const struct rule_request *request, uint32_t *steps)
{
	double best = 1e9;
	*steps = 0;
	for (int i = 0; i < TRIES; i++) {
		arena_reset(&f->arena);
		double from = cost_ms();
		cr_assert(ruleset_decide(f->set, request, &f->tools, &f->verdict));
		double took = cost_ms() - from;
		best = took < best ? took : best;
		*steps = f->verdict.steps > *steps ? f->verdict.steps : *steps;
	}
	return best;
}

static void cost_limit_all(struct rules_fixture *f, struct rate_table **tables)
{
	static const struct siphash_key seed = {1, 2};
	const struct rate_table_limit limit = {.rate = 1000000, .burst = 1000000, .per_us = 1000000, .keys = 64};
	f->tools.limits.by_rule = tables;
	for (uint32_t i = 0; i < RULES; i++)
		if (f->frontend.rules[i].rate_limit.rate)
			tables[i] = rate_table_create(&limit, &seed, 0);
}

static void cost_run(const struct cost_case *c)
{
	static char path[VALUE], value[VALUE];
	static struct http_field fields[FIELDS + 2];
	struct config_rule rules[RULES];
	struct rate_table *tables[RULES] = {NULL};
	struct rules_fixture f;
	uint32_t steps;
	for (uint32_t i = 0; i < RULES; i++)
		rules[i] = c->rule;
	/* Otherwise it would end with the first rule that is given up. */
	rules_begin_costly(&f, rules, RULES);
	cr_assert(f.set != NULL, "%s: %.*s", c->name, (int)f.messages.n, f.messages.data);
	cost_limit_all(&f, tables);
	cost_fill(value, c);
	cost_fill(path, c);
	path[0] = '/';
	for (uint32_t i = 0; i < c->fields; i++)
		fields[i] = (struct http_field){.name = str_of("Yyyyyyyyyyyyyyyz"), .value = str_of("v")};
	fields[c->fields] = (struct http_field){.name = str_of("X"), .value = str_make(value, VALUE)};
	fields[c->fields + 1] =
		(struct http_field){.name = str_of("Cookie"), .value = str_make(value, VALUE), .id = HTTP_FIELD_COOKIE};
	const struct http_fields list = {.at = fields, .count = c->fields + 2};
	/* A request line has at most 8 KiB unless the limit is raised; this one is raised. */
	const struct rule_request request = {.http = true,
		.method = str_of("GET"),
		.host = str_make(value, VALUE),
		.path = str_make(path, VALUE),
		.query = str_make(value, VALUE),
		.fields = &list};
	double ms = cost_measure(&f, &request, &steps);
	cr_expect_leq(steps, (uint32_t)PATTERN_BUDGET, "%s: %u steps", c->name, steps);
	cr_expect_lt(ms, cost_bound_ms, "%s: %g ms, %u steps", c->name, ms, steps);
	printf("%-40s %8.3f ms %6u steps%s\n", c->name, ms, steps, f.verdict.costly ? ", given up" : "");
	for (uint32_t i = 0; i < RULES; i++)
		rate_table_destroy(tables[i]);
	rules_end(&f);
}

#define COST_LIMIT(by)                                                                                                 \
	{                                                                                                              \
		.rate = 10, .per = 1000000, .key = by, .status = 429, .v4_prefix = 32, .v6_prefix = 64                 \
	}

/* What honest people send, and write: 7.5 kB of cookies, and usual patterns that look at all of them. */
Test(rule_cost, honest_requests_cost_a_part_of_the_budget)
{
	static const char *const patterns[] = {"(?i)bot|crawl|spider", "(sqlmap|nikto|nmap)", "(^|;\\s*)auth=[a-f0-9]+",
		"\\bauth\\b", "[<>]|%3[ce]", "(?i)union.+select", "^(.*; )?beta=1(;|$)", "(^|; )canary=(1|true)(;|$)"};
	enum { PATTERNS = sizeof patterns / sizeof patterns[0], COOKIES = 7500 };
	static char cookies[COOKIES + 64];
	struct config_rule rules[PATTERNS];
	struct rules_fixture f;
	for (uint32_t i = 0, n = 0; n < COOKIES; i++)
		n += (uint32_t)snprintf(cookies + n, sizeof cookies - n, "; session_%u=a1B2-c3.D4_e5%u", i, i * 7919U);
	for (uint32_t i = 0; i < PATTERNS; i++)
		rules[i] = (struct config_rule){.header_name = "X", .header_match = patterns[i], .deny = 403};
	rules_begin(&f, CONFIG_MODE_HTTP, rules, PATTERNS);
	rules_decide(&f, "GET", "/", cookies + 2, NULL);
	printf("%u steps of %d\n", f.verdict.steps, PATTERN_BUDGET);
	cr_expect(f.verdict.action == RULE_PASS && !f.verdict.costly);
	cr_expect_lt(f.verdict.steps, PATTERN_BUDGET / 2U);
	rules_end(&f);
}

Test(rule_cost, no_request_costs_more_than_the_budget)
{
	static const struct cost_case cases[] = {
		{"nested repeats, header", {.header_name = "X", .header_match = "^(\\w+\\s?)*$", .del_header = "A"},
			"a", "!", 0},
		{"branches that overlap, header",
			{.header_name = "X", .header_match = "(?:a|aa)+!$", .del_header = "A"}, "a", "!x!", 0},
		{"many repeats, path", {.path = "(.*)(.*)(.*)(.*)[x]y", .del_header = "A"}, "a", "yx", 0},
		{"a repeat at every position, query", {.query = "[a-z]+\\d", .del_header = "A"}, "a", "?", 0},
		{"back references, path", {.path = "(a*)\\1[0-9]", .del_header = "A"}, "a", "0", 0},
		{"looking ahead, host", {.host = "(?=a*b)x", .del_header = "A"}, "a", "bx", 0},
		{"looking behind, cookie", {.cookie_name = "a", .cookie_match = "(?<=a)a+[0-9]", .del_header = "A"},
			"a=aaaaa", "", 0},
		{"lazy repeats, header", {.header_name = "X", .header_match = "^.*?.*?.*?z$", .del_header = "A"}, "a",
			"zb", 0},
		{"possessive and atomic, header",
			{.header_name = "X", .header_match = "(?>a+)b|a++c", .del_header = "A"}, "a", "b", 0},
		{"recursion, header", {.header_name = "X", .header_match = "^(a(?1)?a|b)+$", .del_header = "A"}, "a",
			"!", 0},
		{"an anchored walk, header", {.header_name = "X", .header_match = "^.*x", .del_header = "A"}, "a", "",
			0},
		{"an anchored walk in any case, host", {.host = "^.*x", .del_header = "A"}, "ab", "", 0},
		{"a word somewhere, header", {.header_name = "X", .header_match = "ab", .del_header = "A"}, "aa", "",
			0},
		{"a class somewhere, header", {.header_name = "X", .header_match = "[xyz][0-9]", .del_header = "A"},
			"x", "", 0},
		{"a long word somewhere, header",
			{.header_name = "X", .header_match = "aaaaaaaaaaaaaaab", .del_header = "A"}, "a", "b", 0},
		{"a longer word somewhere, header",
			{.header_name = "X",
				.header_match = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab",
				.del_header = "A"},
			"a", "b", 0},
		{"a long word behind a walk, header",
			{.header_name = "X", .header_match = "^.*aaaaaaaaaaaac", .del_header = "A"}, "a", "c", 0},
		{"a byte that is not there, header", {.header_name = "X", .header_match = "(a|b)+x", .del_header = "A"},
			"a", "", 0},
		{"words somewhere, in any case, host", {.host = "aab|aac|aad", .del_header = "A"}, "aa", "", 0},
		{"not that word, header", {.not_header_name = "X", .not_header_match = "ab", .del_header = "A"}, "aa",
			"", 0},
		{"many small cookies", {.cookie_name = "u", .cookie_match = "x", .del_header = "A"}, "a;", "", 0},
		{"many cookies of that name", {.cookie_name = "u", .cookie_match = "x", .del_header = "A"}, "u;", "",
			0},
		{"many cookies, a costly pattern", {.cookie_name = "u", .cookie_match = "(a|aa)+b", .del_header = "A"},
			"u=aaaaaaaaaaaaaaab;", "", 0},
		{"many headers", {.header_name = "Yyyyyyyyyyyyyyyy", .header_match = "x", .del_header = "A"}, "a", "",
			FIELDS},
		{"many headers of that name",
			{.header_name = "Yyyyyyyyyyyyyyyz", .header_match = "x+y", .del_header = "A"}, "a", "", FIELDS},
		{"limits by a cookie", {.rate_limit = COST_LIMIT("cookie:u")}, "a;", "", 0},
		{"limits by a long header", {.rate_limit = COST_LIMIT("header:X")}, "a", "", 0},
		{"limits by the URI", {.rate_limit = COST_LIMIT("uri")}, "a", "", 0},
		{"limits by a parameter", {.rate_limit = COST_LIMIT("query:u")}, "a&", "", 0},
		{"limits by one of many headers", {.rate_limit = COST_LIMIT("header:Yyyyyyyyyyyyyyyy")}, "a", "",
			FIELDS},
		{"limits by the address", {.rate_limit = COST_LIMIT("src")}, "a", "", 0},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		cost_run(&cases[i]);
}

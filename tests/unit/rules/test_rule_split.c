/* Splits and rate limits as rules. */
#include "rules_fixture.h"

#include "base/random.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct config_split canary[] = {{.backend = "canary", .weight = 5}, {.backend = "app", .weight = 95}};
static struct config_split three[] = {
	{.backend = "a", .weight = 0}, {.backend = "b", .weight = 1}, {.backend = "c", .weight = 3}};
static struct config_split more[] = {{.backend = "canary", .weight = 20}, {.backend = "app", .weight = 80}};

static void split_add(struct rules_fixture *f, uint64_t random, const char *header, unsigned *counts)
{
	f->tools.random = random;
	rules_decide(f, "GET", "/", header, NULL);
	cr_assert_eq(f->verdict.action, RULE_BACKEND);
	counts[f->verdict.part]++;
	arena_reset(&f->arena);
}

/* Random numbers that are evenly spread give shares that are exact. */
Test(rule_split, shares_are_exact_over_all_random_numbers)
{
	enum { STEPS = 20000 };
	struct config_rule rules[] = {{.split = canary, .split_count = 2}, {.split = three, .split_count = 3}};
	struct rules_fixture f;
	unsigned counts[3] = {0}, others[3] = {0};
	rules_begin(&f, CONFIG_MODE_HTTP, &rules[0], 1);
	for (uint64_t i = 0; i < STEPS; i++)
		split_add(&f, UINT64_MAX / STEPS * i + UINT64_MAX / STEPS / 2, NULL, counts);
	rules_end(&f);
	cr_expect_eq(counts[0], STEPS / 20);
	cr_expect_eq(counts[1], STEPS / 20 * 19);
	rules_begin(&f, CONFIG_MODE_HTTP, &rules[1], 1);
	for (uint64_t i = 0; i < STEPS; i++)
		split_add(&f, UINT64_MAX / STEPS * i + UINT64_MAX / STEPS / 2, NULL, others);
	split_add(&f, 0, NULL, others);
	split_add(&f, UINT64_MAX, NULL, others);
	rules_end(&f);
	cr_expect_eq(others[0], 0);
	cr_expect_eq(others[1], STEPS / 4 + 1);
	cr_expect_eq(others[2], STEPS / 4 * 3 + 1);
}

/* Chi-square with one degree of freedom: above 15.1 once in 10,000 seeds; the seeds are fixed. */
Test(rule_split, random_numbers_of_workers_and_hashes_of_keys_fit_the_weights)
{
	enum { REQUESTS = 40000 };
	static const char *const keys[] = {"", "header:X"};
	for (int k = 0; k < 2; k++) {
		struct config_rule rule = {.split = canary, .split_count = 2, .split_key = keys[k]};
		struct rules_fixture f;
		struct random random = {42};
		unsigned counts[2] = {0};
		rules_begin(&f, CONFIG_MODE_HTTP, &rule, 1);
		for (int i = 0; i < REQUESTS; i++) {
			char user[32];
			snprintf(user, sizeof user, "user-%d", i);
			split_add(&f, random_next(&random), user, counts);
		}
		double expected[] = {REQUESTS * 0.05, REQUESTS * 0.95}, chi = 0;
		for (int i = 0; i < 2; i++)
			chi += (counts[i] - expected[i]) * (counts[i] - expected[i]) / expected[i];
		cr_expect_lt(chi, 15.1, "key '%s': %u of %d", keys[k], counts[0], REQUESTS);
		rules_end(&f);
	}
}

/* Whatever the random numbers are; and who had the canary keeps it when its share grows. */
Test(rule_split, a_client_stays_on_its_side)
{
	struct config_rule rules[] = {{.split = canary, .split_count = 2, .split_key = "header:X"},
		{.split = more, .split_count = 2, .split_key = "header:X"}};
	struct rules_fixture small, large;
	unsigned moved = 0, had = 0;
	rules_begin(&small, CONFIG_MODE_HTTP, &rules[0], 1);
	rules_begin(&large, CONFIG_MODE_HTTP, &rules[1], 1);
	for (int i = 0; i < 2000; i++) {
		unsigned counts[2] = {0}, later[2] = {0};
		char user[32];
		snprintf(user, sizeof user, "%d", i);
		for (uint64_t r = 0; r < 4; r++)
			split_add(&small, r << 62, user, counts);
		split_add(&large, 0, user, later);
		cr_assert(counts[0] == 4 || counts[1] == 4, "%s", user);
		had += counts[0] == 4;
		moved += counts[0] == 4 && !later[0];
	}
	cr_expect(had > 50 && had < 150, "%u", had);
	cr_expect_eq(moved, 0);
	/* A request without the key is on its own. */
	unsigned counts[2] = {0};
	split_add(&small, 0, NULL, counts);
	split_add(&small, UINT64_MAX, NULL, counts);
	cr_expect(counts[0] == 1 && counts[1] == 1);
	rules_end(&small);
	rules_end(&large);
}

/* ---- rate limits ---- */

static const struct siphash_key split_seed = {7, 8};

static struct rate_table *limit_table(const struct config_rate_limit *conf)
{
	const struct rate_table_limit limit = {
		.rate = conf->rate, .burst = conf->burst ? conf->burst : conf->rate, .per_us = conf->per, .keys = 64};
	struct rate_table *t = rate_table_create(&limit, &split_seed, 0);
	cr_assert(t != NULL);
	return t;
}

static const struct config_rate_limit two = {
	.rate = 2, .per = 10000000, .key = "src", .v4_prefix = 32, .v6_prefix = 64, .status = 429, .keys = 64};

Test(rule_limit, in_the_middle_of_a_list)
{
	struct config_rule rules[] = {{.set_header_name = "A", .set_header_value = "a"},
		{.path = "^/api", .rate_limit = two, .set_header_name = "B", .set_header_value = "b"},
		{.path = "^/api", .backend = "b"}};
	struct rate_table *tables[3] = {NULL, limit_table(&two), NULL};
	struct rules_fixture f;
	rules_begin(&f, CONFIG_MODE_HTTP, rules, 3);
	f.tools.limits = (struct rule_limits){.by_rule = tables, .now_us = 5};
	for (int i = 0; i < 2; i++) {
		rules_decide(&f, "GET", "/api", NULL, NULL);
		cr_expect(f.verdict.action == RULE_BACKEND && f.verdict.rule == 2 && f.verdict.changes.edits->next);
		cr_expect(!f.verdict.hits->next->limited);
	}
	for (int i = 0; i < 3; i++) {
		f.tools.limits.peek = i < 2;
		rules_decide(&f, "GET", "/api", NULL, NULL);
		cr_expect(f.verdict.action == RULE_LIMIT && f.verdict.rule == 1 && f.verdict.status == 429);
		cr_expect_eq(f.verdict.wait_us, 5000000u);
		cr_expect(f.verdict.hits->next->limited && !f.verdict.hits->next->next);
	}
	rules_decide(&f, "GET", "/other", NULL, NULL);
	cr_expect_eq(f.verdict.action, RULE_PASS);
	f.tools.limits.now_us += 5000000;
	for (int i = 0; i < 3; i++) {
		f.tools.limits.peek = i < 2;
		rules_decide(&f, "GET", "/api", NULL, NULL);
		cr_expect_eq(f.verdict.action, RULE_BACKEND);
	}
	rules_decide(&f, "GET", "/api", NULL, NULL);
	cr_expect_eq(f.verdict.action, RULE_LIMIT);
	/* Without tables nothing is limited. */
	f.tools.limits.by_rule = NULL;
	rules_decide(&f, "GET", "/api", NULL, NULL);
	cr_expect_eq(f.verdict.action, RULE_BACKEND);
	rules_end(&f);
	rate_table_destroy(tables[1]);
}

Test(rule_limit, keys_and_what_has_none)
{
	static const struct {
		const char *key;
		const char *headers[4]; /* of requests one after another; burst is 1 */
		bool passes[4];
	} cases[] = {
		{"header:X", {"a", "b", "a", "b"}, {true, true, false, false}},
		{"header:X", {"a", NULL, NULL, "b"}, {true, true, false, true}},
		{"src", {"a", "b", NULL, "c"}, {true, false, false, false}},
		{"", {"a", "b", NULL, "c"}, {true, false, false, false}},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct config_rule rule = {.rate_limit = two, .backend = "b"};
		rule.rate_limit.key = cases[i].key;
		rule.rate_limit.burst = 1;
		struct rate_table *table = limit_table(&rule.rate_limit);
		struct rules_fixture f;
		rules_begin(&f, CONFIG_MODE_HTTP, &rule, 1);
		f.tools.limits = (struct rule_limits){.by_rule = &table, .now_us = 5};
		for (int k = 0; k < 4; k++) {
			rules_decide(&f, "GET", "/", cases[i].headers[k], NULL);
			cr_expect_eq(f.verdict.action, cases[i].passes[k] ? RULE_BACKEND : RULE_LIMIT,
				"case %zu, request %d", i, k);
		}
		rules_end(&f);
		rate_table_destroy(table);
	}
}

Test(rule_limit, a_dry_run_tells_and_lets_pass)
{
	struct config_rule rule = {.rate_limit = two, .backend = "b"};
	rule.rate_limit.dry_run = true;
	struct rate_table *table = limit_table(&rule.rate_limit);
	struct rules_fixture f;
	rules_begin(&f, CONFIG_MODE_HTTP, &rule, 1);
	f.tools.limits.by_rule = &table;
	for (int i = 0; i < 6; i++) {
		rules_decide(&f, "GET", "/", NULL, NULL);
		cr_expect(f.verdict.action == RULE_BACKEND && f.verdict.hits->limited == (i >= 2));
	}
	rules_end(&f);
	rate_table_destroy(table);
}

/* Who makes a pattern too costly does not get round the limit behind it, and is not sent where it would send others. */
Test(rule_limit, what_is_too_costly_counts)
{
	static char target[4096];
	struct config_rule rules[] = {{.path = "(?:a|aa)+!$", .rate_limit = two, .backend = "b"}, {.backend = "c"}};
	struct rate_table *tables[2] = {limit_table(&two), NULL};
	struct rules_fixture f;
	memset(target, 'a', sizeof target - 1);
	memcpy(target + sizeof target - 4, "!x!", 3);
	target[0] = '/';
	rules_begin_costly(&f, rules, 2);
	f.tools.limits.by_rule = tables;
	for (int i = 0; i < 4; i++) {
		rules_decide(&f, "GET", target, NULL, NULL);
		cr_expect(f.verdict.costly);
		cr_expect_eq(f.verdict.action, i < 2 ? RULE_BACKEND : RULE_LIMIT);
		cr_expect_eq(f.verdict.rule, i < 2 ? 1 : 0);
	}
	rules_end(&f);
	rate_table_destroy(tables[0]);
}

/* A key that stands where the budget does not reach is no missing key: it would be limited, or sent, as somebody else.
 */
Test(rule_limit, a_key_that_is_too_costly_to_find_is_refused)
{
	static char cookies[2 * PATTERN_BUDGET];
	struct config_rate_limit limit = two;
	limit.key = "cookie:u";
	struct config_rule rules[] = {
		{.rate_limit = limit}, {.split = canary, .split_count = 2, .split_key = "cookie:u"}};
	struct rate_table *tables[2] = {limit_table(&limit), NULL};
	memset(cookies, ';', sizeof cookies - 1);
	memcpy(cookies + sizeof cookies - 4, "u=1", 3);
	for (uint32_t i = 0; i < 2; i++) {
		struct rules_fixture f;
		rules_begin(&f, CONFIG_MODE_HTTP, rules + i, 1);
		f.tools.limits.by_rule = tables + i;
		rules_decide(&f, "GET", "/", NULL, cookies);
		cr_expect(f.verdict.action == RULE_COSTLY && f.verdict.status == 400);
		rules_decide(&f, "GET", "/", NULL, "u=1");
		cr_expect(f.verdict.action != RULE_COSTLY && !f.verdict.costly);
		rules_end(&f);
	}
	rate_table_destroy(tables[0]);
}

Test(rule_limit, connections_have_an_address_only)
{
	struct config_rule rules[] = {{.rate_limit = two}, {.split = canary, .split_count = 2, .split_key = "src"}};
	struct config_rule bad[] = {
		{.rate_limit = two}, {.split = canary, .split_count = 2, .split_key = "path"}, {.rate_limit = two}};
	struct rules_fixture f;
	rules_begin(&f, CONFIG_MODE_TCP, rules, 2);
	cr_expect(f.set != NULL, "%.*s", (int)f.messages.n, f.messages.data);
	rules_end(&f);
	bad[0].rate_limit.key = "header:X";
	bad[2].rate_limit.key = "";
	rules_begin(&f, CONFIG_MODE_TCP, bad, 3);
	cr_expect(f.set == NULL && rules_said(&f, "t.conf:1: error") && rules_said(&f, "t.conf:2: error"));
	cr_expect_not(rules_said(&f, "t.conf:3: error"));
	rules_end(&f);
}

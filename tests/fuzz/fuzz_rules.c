/* Fuzz target: any target and header value against rules of every kind. The first byte says where the target ends. What
 * goes on to a server or into an answer must be what such a place may hold, and no input may cost more than the budget.
 */
#include "rules/ruleset.h"

#include "http/bytes.h"
#include "http/path.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define FUZZ_LIMIT(by, burst_, dry)                                                                                    \
	{                                                                                                              \
		.rate = 1, .per = 1000000, .burst = burst_, .key = by, .v4_prefix = 24, .v6_prefix = 56,               \
		.status = 429, .keys = 8, .dry_run = dry                                                               \
	}

static struct config_split fuzz_parts[] = {
	{.backend = "none", .weight = 0}, {.backend = "b", .weight = 3}, {.backend = "c", .weight = 1000000}};

static struct config_rule fuzz_rules[] = {
	{.path = "^/[a-z]*l", .rate_limit = FUZZ_LIMIT("cookie:u", 1, false), .del_header = "L"},
	{.rate_limit = FUZZ_LIMIT("header:X", 2, true)},
	{.query = "(a|aa)+$", .rate_limit = FUZZ_LIMIT("query:u", 1, false)},
	{.path = "^/s", .split = fuzz_parts, .split_count = 3, .split_key = "cookie:c"},
	{.path = "^/t", .rate_limit = FUZZ_LIMIT("uri", 1, true), .split = fuzz_parts, .split_count = 3},
	{.path = "^/u",
		.rate_limit = FUZZ_LIMIT("host", 1, false),
		.split = fuzz_parts,
		.split_count = 3,
		.split_key = "query:c"},
	{.path = "(?:a|aa)+!$", .deny = 403},
	{.path = "^/((?:[a-z]+/?)+)x(.*)\\1$", .set_header_name = "A", .set_header_value = "$1-$2"},
	{.header_name = "X", .header_match = "(\\w+\\s*)+:", .del_header = "B"},
	{.cookie_name = "c", .cookie_match = "^.*a.*b.*c$", .add_header_name = "C", .add_header_value = "1"},
	{.path = "^/r(.*)$", .redirect_to = "/$1", .redirect_status = 302},
	{.path = "^/h/(.*)$", .host_header = "$1", .rewrite_path = "$1"},
	{.not_path = "^/k", .query = "(.*)=(.*)=\\1", .return_status = 200, .return_body = ""},
	{.path = "^/v(.*)$", .rewrite_path = "/$1", .raw_path = "%|/"},
	{.path = "^(.*)$", .rewrite_path = "/w$1", .not_raw_path = "^/v", .backend = "b"},
};

static void fuzz_fail(const char *what)
{
	fprintf(stderr, "%s\n", what);
	abort();
}

/* What a decision says must fit the rule that it names. */
static void fuzz_check_action(const struct rule_verdict *v)
{
	const struct config_rule *rule = &fuzz_rules[v->costly ? v->costly_rule : v->rule];
	if (v->steps > PATTERN_BUDGET)
		fuzz_fail("a decision above its budget");
	if (v->action == RULE_LIMIT && (v->wait_us == 0 || v->wait_us > 2000000 || v->status != 429))
		fuzz_fail("a limit that says no time");
	if (v->action == RULE_LIMIT && (!rule->rate_limit.rate || rule->rate_limit.dry_run))
		fuzz_fail("a limit of a rule that refuses nothing");
	if (v->action == RULE_BACKEND && rule->split_count && (v->part == 0 || v->part >= rule->split_count))
		fuzz_fail("a part that gets nothing");
	if (v->costly != (v->action == RULE_COSTLY) || (v->costly && v->status != 400 && v->status != 431))
		fuzz_fail("a costly request that is not refused");
	uint32_t last = 0;
	for (const struct rule_hit *hit = v->hits; hit; last = hit->rule, hit = hit->next)
		if (hit->rule >= sizeof fuzz_rules / sizeof fuzz_rules[0] || (hit != v->hits && hit->rule <= last))
			fuzz_fail("hits out of order");
}

static void fuzz_check(const struct rule_verdict *v)
{
	struct str path = v->changes.path, host = v->changes.host, location = v->location;
	if (path.p &&
		(path.n == 0 || path.p[0] != '/' || http_find_target_end(path.p, path.p + path.n) != path.p + path.n))
		fuzz_fail("a path that is no target");
	const char *query = path.n ? memchr(path.p, '?', path.n) : NULL;
	if (path.n > 1 && strchr("/\\", path.p[1]))
		fuzz_fail("a path elsewhere");
	if (v->action != RULE_DENY && http_path_has_dots(str_make(path.p, query ? (size_t)(query - path.p) : path.n)))
		fuzz_fail("a path with dots");
	for (size_t i = 0; i < host.n; i++)
		if (!http_byte_is_host(host.p[i]) && !strchr(":[]", host.p[i]))
			fuzz_fail("a host that is none");
	if (v->action == RULE_REDIRECT) {
		if (!location.n || location.p[0] != '/' || (location.n > 1 && strchr("/\\", location.p[1])))
			fuzz_fail("a location elsewhere");
		if (http_find_value_end(location.p, location.p + location.n) != location.p + location.n)
			fuzz_fail("a location that is no value");
	}
	for (const struct rule_edit *e = v->changes.edits; e; e = e->next)
		if (e->value.n && http_find_value_end(e->value.p, e->value.p + e->value.n) != e->value.p + e->value.n)
			fuzz_fail("a header that is no value");
}

static bool fuzz_same(const struct rule_verdict *a, const struct rule_verdict *b)
{
	return a->action == b->action && a->rule == b->rule && a->part == b->part && a->status == b->status &&
	       a->wait_us == b->wait_us && a->steps == b->steps && a->costly == b->costly &&
	       str_equal(a->location, b->location) && str_equal(a->changes.path, b->changes.path) &&
	       str_equal(a->changes.host, b->changes.host);
}

/* Looks twice, which must be the same and change nothing; and then takes until a limit says no, or a few times. */
static void fuzz_ask(const struct ruleset *set, const struct rule_request *request, struct rule_tools *tools)
{
	struct rule_verdict first, verdict;
	tools->limits.peek = true;
	if (!ruleset_decide(set, request, tools, &first) || !ruleset_decide(set, request, tools, &verdict))
		fuzz_fail("out of memory");
	if (!fuzz_same(&first, &verdict))
		fuzz_fail("a look that is not like the one before");
	tools->limits.peek = false;
	for (int i = 0; i < 4; i++) {
		if (!ruleset_decide(set, request, tools, &verdict))
			fuzz_fail("out of memory");
		if (i == 0 && !fuzz_same(&first, &verdict))
			fuzz_fail("a look that did not tell what comes");
		fuzz_check_action(&verdict);
		fuzz_check(&verdict);
	}
}

static void fuzz_decide(const struct ruleset *set, const char *bytes, size_t target, size_t n)
{
	/* What the parser lets through. */
	if (!target || bytes[0] != '/' || http_find_target_end(bytes, bytes + target) != bytes + target)
		return;
	if (http_find_value_end(bytes + target, bytes + n) != bytes + n)
		return;
	const char *mark = memchr(bytes, '?', target);
	struct str value = str_make(bytes + target, n - target);
	struct http_field fields[] = {{.name = str_of("x"), .value = value},
		{.name = str_of("Cookie"), .value = value, .id = HTTP_FIELD_COOKIE}};
	const struct http_fields list = {.at = fields, .count = 2};
	struct rule_request request = {.http = true, .method = str_of("GET"), .host = value, .fields = &list};
	request.has_src = n % 3 != 0;
	for (size_t i = 0; i < n && i < sizeof request.src.s6_addr; i++)
		request.src.s6_addr[i] = (uint8_t)bytes[i];
	request.path = request.raw_path = str_make(bytes, mark ? (size_t)(mark - bytes) : target);
	char normal[UINT8_MAX];
	if (http_path_normalize(request.raw_path, normal, &request.path))
		return;
	if (mark)
		request.query = str_make(mark + 1, (size_t)(bytes + target - mark - 1));
	struct pattern_scratch *scratch = pattern_scratch_create();
	struct arena arena;
	struct rate_table *tables[sizeof fuzz_rules / sizeof fuzz_rules[0]] = {NULL};
	static const struct siphash_key seed = {1, 2};
	arena_init(&arena, NULL, 0);
	for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
		const struct config_rate_limit *limit = &fuzz_rules[i].rate_limit;
		const struct rate_table_limit make = {limit->rate, limit->burst, limit->per, limit->keys};
		if (limit->rate && !(tables[i] = rate_table_create(&make, &seed, 0)))
			fuzz_fail("out of memory");
	}
	struct rule_tools tools = {.scratch = scratch, .arena = &arena, .random = (uint64_t)n * 0x9e3779b97f4a7c15u};
	tools.limits = (struct rule_limits){.by_rule = tables, .now_us = 1000000};
	if (!scratch)
		fuzz_fail("out of memory");
	fuzz_ask(set, &request, &tools);
	for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
		rate_table_destroy(tables[i]);
	arena_reset(&arena);
	pattern_scratch_free(scratch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const struct config_frontend frontend = {
		.name = "f", .file = "f", .rules = fuzz_rules, .rule_count = sizeof fuzz_rules / sizeof fuzz_rules[0]};
	struct text messages = {0};
	if (n < 2)
		return 0;
	struct ruleset *set = ruleset_compile(&frontend, &messages);
	if (!set)
		fuzz_fail("the rules are wrong");
	size_t target = data[0] < n ? data[0] : n - 1;
	fuzz_decide(set, (const char *)data + 1, target, n - 1);
	ruleset_free(set);
	text_free(&messages);
	return 0;
}

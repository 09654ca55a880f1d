/* Fuzz target: any target and header value against rules of every kind. The first byte says where the target ends. What
 * goes on to a server or into an answer must be what such a place may hold, and no input may cost more than the budget.
 */
#include "rules/ruleset.h"

#include "http/bytes.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static struct config_rule fuzz_rules[] = {
	{.path = "(?:a|aa)+!$", .deny = 403},
	{.path = "^/((?:[a-z]+/?)+)x(.*)\\1$", .set_header_name = "A", .set_header_value = "$1-$2"},
	{.header_name = "X", .header_match = "(\\w+\\s*)+:", .del_header = "B"},
	{.cookie_name = "c", .cookie_match = "^.*a.*b.*c$", .add_header_name = "C", .add_header_value = "1"},
	{.path = "^/r(.*)$", .redirect_to = "/$1", .redirect_status = 302},
	{.path = "^/h/(.*)$", .host_header = "$1", .rewrite_path = "$1"},
	{.not_path = "^/k", .query = "(.*)=(.*)=\\1", .return_status = 200, .return_body = ""},
	{.path = "^(.*)$", .rewrite_path = "/w$1", .backend = "b"},
};

static void fuzz_fail(const char *what)
{
	fprintf(stderr, "%s\n", what);
	abort();
}

static void fuzz_check(const struct rule_verdict *v)
{
	struct str path = v->changes.path, host = v->changes.host, location = v->location;
	if (path.p &&
		(path.n == 0 || path.p[0] != '/' || http_find_target_end(path.p, path.p + path.n) != path.p + path.n))
		fuzz_fail("a path that is no target");
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
	request.path = str_make(bytes, mark ? (size_t)(mark - bytes) : target);
	if (mark)
		request.query = str_make(mark + 1, (size_t)(bytes + target - mark - 1));
	struct pattern_scratch *scratch = pattern_scratch_create();
	struct arena arena;
	struct rule_verdict verdict;
	arena_init(&arena, NULL, 0);
	if (!scratch || !ruleset_decide(set, &request, scratch, &arena, &verdict))
		fuzz_fail("out of memory");
	fuzz_check(&verdict);
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

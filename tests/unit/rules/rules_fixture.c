#include "rules_fixture.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>

static void rules_compile(struct rules_fixture *f, struct config_rule *rules, uint32_t count)
{
	f->frontend.name = "web";
	f->frontend.file = "t.conf";
	f->frontend.line = 1;
	for (uint32_t i = 0; i < count; i++) {
		rules[i].file = "t.conf";
		rules[i].line = i + 1;
	}
	f->frontend.rules = rules;
	f->frontend.rule_count = count;
	f->set = ruleset_compile(&f->frontend, &f->messages);
	if (f->set)
		ruleset_warn(f->set, &f->messages);
	f->scratch = pattern_scratch_create();
	arena_init(&f->arena, NULL, 0);
	f->tools = (struct rule_tools){.scratch = f->scratch, .arena = &f->arena};
}

void rules_begin(struct rules_fixture *f, enum config_mode mode, struct config_rule *rules, uint32_t count)
{
	*f = (struct rules_fixture){.frontend = {.mode = mode}};
	rules_compile(f, rules, count);
}

void rules_begin_costly(struct rules_fixture *f, struct config_rule *rules, uint32_t count)
{
	*f = (struct rules_fixture){.frontend = {.on_costly = CONFIG_COSTLY_PASS}};
	rules_compile(f, rules, count);
}

void rules_decide(
	struct rules_fixture *f, const char *method, const char *target, const char *header, const char *cookie)
{
	const char *mark = strchr(target, '?');
	struct http_field fields[] = {{.name = str_of("x"), .value = str_of(header ? header : "")},
		{.name = str_of("Cookie"), .value = str_of(cookie ? cookie : ""), .id = HTTP_FIELD_COOKIE}};
	struct http_fields list = {.at = fields + (header ? 0 : 1), .count = (header != NULL) + (cookie != NULL)};
	struct rule_request request = {.http = true,
		.method = str_of(method),
		.host = str_of("Www.Example:8080"),
		.path = str_make(target, mark ? (size_t)(mark - target) : strlen(target)),
		.raw_path = str_make(target, mark ? (size_t)(mark - target) : strlen(target)),
		.query = mark ? str_of(mark + 1) : str_make(NULL, 0),
		.fields = &list,
		.has_src = true};
	inet_pton(AF_INET6, "::ffff:192.0.2.77", &request.src);
	cr_assert(f->set != NULL, "%.*s", (int)f->messages.n, f->messages.data);
	cr_assert(ruleset_decide(f->set, &request, &f->tools, &f->verdict));
}

bool rules_said(const struct rules_fixture *f, const char *needle)
{
	return f->messages.n && memmem(f->messages.data, f->messages.n, needle, strlen(needle)) != NULL;
}

void rules_end(struct rules_fixture *f)
{
	ruleset_free(f->set);
	text_free(&f->messages);
	pattern_scratch_free(f->scratch);
	arena_reset(&f->arena);
}

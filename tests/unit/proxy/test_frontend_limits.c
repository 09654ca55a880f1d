#include "proxy/frontend_limits.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static const struct config_rate_limit ten = {
	.rate = 10, .per = 1000000, .key = "src", .v4_prefix = 32, .v6_prefix = 64, .status = 429, .keys = 64};

static struct rate_table **limits_find(struct frontend_limit **limits, struct config_rule *rules, uint32_t count)
{
	const struct config_frontend conf = {.name = "web", .rules = rules, .rule_count = count};
	struct rate_table **tables;
	cr_assert(frontend_limits_find(limits, &conf, 0, &tables));
	return tables;
}

/* What clients have used up stays when a configuration comes with the same limits, wherever they stand in it now. */
Test(frontend_limits, the_same_rule_keeps_its_table)
{
	struct frontend_limit *limits = NULL;
	struct config_rule before[] = {{.path = "^/a", .rate_limit = ten}, {.deny = 403},
		{.path = "^/b", .rate_limit = ten}, {.path = "^/b", .rate_limit = ten}};
	struct config_rule after[] = {{.path = "^/b", .rate_limit = ten}, {.path = "^/b", .rate_limit = ten},
		{.path = "^/new", .rate_limit = ten}, {.path = "^/a", .rate_limit = ten, .backend = "b"}};
	struct rate_table **old = limits_find(&limits, before, 4), **new = limits_find(&limits, after, 4);
	cr_expect(old[0] && !old[1] && old[2] && old[3] && old[2] != old[3] && old[0] != old[2]);
	cr_expect_eq(new[3], old[0]);
	cr_expect((new[0] == old[2] && new[1] == old[3]) || (new[0] == old[3] && new[1] == old[2]));
	cr_expect(new[2] != old[0] && new[2] != old[2] && new[2] != old[3]);
	free(old);
	free(new);
	frontend_limits_destroy(limits);
}

Test(frontend_limits, another_limit_begins_anew)
{
	struct config_rule changes[] = {{.path = "^/b"}, {.host = "^/a"}, {.not_path = "^/a"},
		{.path = "^/a", .host = "h"}, {.path = "^/a"}, {.path = "^/a"}, {.path = "^/a"}, {.path = "^/a"}};
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		struct frontend_limit *limits = NULL;
		struct config_rule rule = {.path = "^/a", .rate_limit = ten};
		struct rate_table **old = limits_find(&limits, &rule, 1);
		changes[i].rate_limit = ten;
		changes[i].rate_limit.rate += i == 4;
		changes[i].rate_limit.burst += i == 5;
		changes[i].rate_limit.key = i == 6 ? "path" : "src";
		changes[i].rate_limit.v6_prefix -= i == 7;
		struct rate_table **new = limits_find(&limits, &changes[i], 1);
		cr_expect_neq(old[0], new[0], "case %zu", i);
		free(old);
		free(new);
		frontend_limits_destroy(limits);
	}
}

/* burst = 0 is rate; an empty key needs one place. */
Test(frontend_limits, what_was_not_written_is_filled_in)
{
	struct frontend_limit *limits = NULL;
	struct config_rule rule = {.rate_limit = ten};
	rule.rate_limit.key = "";
	struct rate_table **tables = limits_find(&limits, &rule, 1);
	for (int i = 0; i < 11; i++)
		cr_expect_eq(rate_table_take(tables[0], 1, 5) == 0, i < 10, "%d", i);
	free(tables);
	frontend_limits_destroy(limits);
}

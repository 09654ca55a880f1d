#include "config.h"

#include <criterion/criterion.h>

#include "config_fixture.h"

Test(nearest, finds_slips_and_nothing_else)
{
	static const struct {
		const char *written, *candidates[3], *found;
	} cases[] = {
		{"thread", {"threads", "watch", "user"}, "threads"},
		{"tiemouts", {"timeouts", "time", "outs"}, "timeouts"}, /* two neighbours swapped */
		{"serversx", {"server", "servers", "serve"}, "servers"},
		{"completely", {"other", "words", "here"}, NULL},
		{"a", {"b", "c", "d"}, NULL},
		{"", {"a", "b", "c"}, NULL},
		{"ap", {"app", "api", "x"}, "app"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct config_nearest best = {0};
		for (size_t k = 0; k < 3; k++)
			config_nearest_try(&best, cases[i].written, cases[i].candidates[k]);
		if (cases[i].found)
			cr_expect_str_eq(best.name ? best.name : "", cases[i].found, "%s", cases[i].written);
		else
			cr_expect_null(best.name, "%s", cases[i].written);
	}
}

Test(nearest, ignores_what_is_too_long)
{
	char name[4096];
	struct config_nearest best = {0};
	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	config_nearest_try(&best, name, name);
	cr_expect_null(best.name);
}

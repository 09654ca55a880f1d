#include "wire/cmd.h"

#include <criterion/criterion.h>
#include <string.h>

Test(cmd, names_that_could_carry_a_command_are_refused)
{
	static const char *const good[] = {"a", "web-01", "node.3_x:y"};
	static const char *const bad[] = {
		"", "a b", "a;disable server b/c", "a\nb", "a/b", "\303\251", "a\\;b", "a\"b", "#1"};
	char longest[CMD_NAME_MAX + 1];

	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		cr_expect(cmd_name_ok(good[i]), "%s", good[i]);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		cr_expect_not(cmd_name_ok(bad[i]), "%s", bad[i]);
	memset(longest, 'x', sizeof longest - 1);
	longest[CMD_NAME_MAX] = '\0';
	cr_expect_not(cmd_name_ok(longest));
}

Test(cmd, weights)
{
	static const char *const good[] = {"0", "50", "256", "0%", "100%", "1000%"};
	static const char *const bad[] = {"", "257", "-1", "abc", "5x", "5%%", "1001%", "99999", " 5", "5 ", "+5"};

	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		cr_expect(cmd_weight_ok(good[i]), "%s", good[i]);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		cr_expect_not(cmd_weight_ok(bad[i]), "%s", bad[i]);
}

Test(cmd, format)
{
	char out[CMD_MAX];

	cr_assert(cmd_format_state(out, "app", "a", "drain"));
	cr_expect_str_eq(out, "set server app/a state drain");
	cr_assert(cmd_format_weight(out, "app", "a", "50%"));
	cr_expect_str_eq(out, "set server app/a weight 50%");
	cr_expect_not(cmd_format_weight(out, "app", "a", "50; quit"));
	cr_expect_not(cmd_format_state(out, "app\n", "a", "drain"));
}

Test(cmd, classify)
{
	cr_expect_eq(cmd_classify(""), CMD_OK);
	cr_expect_eq(cmd_classify("\n"), CMD_OK);
	cr_expect_eq(cmd_classify("Permission denied\n"), CMD_DENIED);
	cr_expect_eq(cmd_classify("No such server.\n"), CMD_REFUSED);
}

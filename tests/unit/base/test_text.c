#include "base/text.h"

#include <criterion/criterion.h>
#include <stdint.h>
#include <stdio.h>

static bool text_is(const struct text *t, const char *expected)
{
	return str_equal(text_str(t), str_of(expected));
}

Test(text, grows_by_all_means)
{
	struct text t = {0};
	text_add(&t, str_make("abc", 2));
	text_add_c(&t, "-");
	text_add_char(&t, 'x');
	text_add_u64(&t, 0);
	text_add_char(&t, ' ');
	text_add_u64(&t, UINT64_MAX);
	text_format(&t, "[%s:%d]", "y", -5);
	text_add(&t, str_make(NULL, 0));
	cr_assert(text_is(&t, "ab-x0 18446744073709551615[y:-5]"));
	text_clear(&t);
	cr_assert_eq(t.n, 0u);
	cr_assert_gt(t.capacity, 0u);
	text_free(&t);
	cr_assert_null(t.data);
}

Test(text, holds_much)
{
	struct text t = {0};
	char expected[16];
	for (int i = 0; i < 100000; i++)
		text_format(&t, "%06d;", i);
	cr_assert_eq(t.n, 700000u);
	for (int i = 0; i < 100000; i += 997) {
		snprintf(expected, sizeof expected, "%06d;", i);
		cr_assert_eq(memcmp(t.data + i * 7, expected, 7), 0);
	}
	text_free(&t);
}

Test(text, remembers_that_memory_was_out, .timeout = 5)
{
	struct text t = {0};
	text_add_c(&t, "kept");
	cr_assert_null(text_reserve(&t, SIZE_MAX - 2));
	cr_assert(t.failed);
	text_add_c(&t, "lost");
	cr_assert(text_is(&t, "kept"));
	text_clear(&t);
	cr_assert_not(t.failed);
	text_add_c(&t, "again");
	cr_assert(text_is(&t, "again"));
	text_free(&t);
}

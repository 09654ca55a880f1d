#include "config.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#include "config/report.h"

static char *report_text(struct config_report *r, struct text *out)
{
	config_report_write(r, out);
	text_add_char(out, '\0');
	return out->data;
}

Test(report, sorts_by_file_and_line_and_keeps_the_order_of_equals)
{
	struct config_report r;
	struct text out = {0};
	config_report_init(&r);
	uint32_t a = config_report_add_file(&r, "a.conf"), b = config_report_add_file(&r, "b.conf");
	config_report_error(&r, (struct config_place){b, 1}, "six");
	config_report_warning(&r, (struct config_place){a, 7}, "three");
	config_report_error(&r, (struct config_place){a, 7}, "four");
	config_report_error(&r, (struct config_place){a, 2}, "two");
	config_report_error(&r, (struct config_place){a, 0}, "one");
	config_report_error(&r, (struct config_place){a, 10}, "five");
	cr_expect_str_eq(report_text(&r, &out),
		"a.conf: error: one\na.conf:2: error: two\na.conf:7: warning: three\n"
		"a.conf:7: error: four\na.conf:10: error: five\nb.conf:1: error: six\n");
	cr_expect_eq(r.errors, 5);
	text_free(&out);
	config_report_free(&r);
}

Test(report, one_message_is_one_printable_line)
{
	struct config_report r;
	struct text out = {0};
	config_report_init(&r);
	config_report_add_file(&r, "a");
	config_report_error(&r, (struct config_place){0, 1}, "%s", "x\ny\x1b[2J\x7f");
	cr_expect_str_eq(report_text(&r, &out), "a:1: error: x?y?[2J?\n");
	text_free(&out);
	config_report_free(&r);
}

Test(report, a_flood_is_counted)
{
	struct config_report r;
	struct text out = {0};
	config_report_init(&r);
	config_report_add_file(&r, "a");
	for (unsigned i = 1; i <= 1500; i++)
		config_report_error(&r, (struct config_place){0, i}, "x");
	cr_expect(config_report_full(&r));
	cr_expect_eq(r.errors, 1500);
	cr_expect(strstr(report_text(&r, &out), "a:1000: error: x\na: error: 500 more messages are not shown\n"));
	text_free(&out);
	config_report_free(&r);
}

Test(report, a_place_is_found_among_very_many, .timeout = 20)
{
	enum { MARKS = 200000 };
	struct config_report r;
	const struct config_place nowhere = {7, 7};
	config_report_init(&r);
	char *fields = malloc(2 * MARKS);
	cr_assert_not_null(fields);
	cr_expect_eq(config_report_place(&r, fields, nowhere).line, 7);
	for (unsigned i = MARKS; i-- > 0;)
		config_report_mark(&r, fields + 2 * i, (struct config_place){0, i});
	config_report_sort_marks(&r);
	for (unsigned i = 0; i < MARKS; i++) {
		cr_assert_eq(config_report_place(&r, fields + 2 * i, nowhere).line, i);
		cr_assert_eq(config_report_place(&r, fields + 2 * i + 1, nowhere).line, 7);
	}
	free(fields);
	config_report_free(&r);
}

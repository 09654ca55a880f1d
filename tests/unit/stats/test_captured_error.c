#include "stats/captured_error.h"

#include <criterion/criterion.h>

static struct captured_error captured_at(uint64_t start, uint64_t position)
{
	return (struct captured_error){.start = start, .position = position, .word = "bad"};
}

Test(captured_error, nothing_was_captured)
{
	struct error_slot slot;
	struct captured_error got;
	error_slot_init(&slot);
	cr_assert_not(error_slot_get(&slot, &got));
	cr_assert_eq(error_slot_count(&slot), 0u);
	error_slot_end(&slot);
}

Test(captured_error, the_last_one_stays_and_all_are_counted)
{
	struct error_slot slot;
	struct captured_error got, a = captured_at(0, 1), b = captured_at(7, 9);
	error_slot_init(&slot);
	error_slot_put(&slot, &a, str_of("first"));
	error_slot_put(&slot, &b, str_of("second one"));
	cr_assert(error_slot_get(&slot, &got));
	cr_assert_eq(error_slot_count(&slot), 2u);
	cr_assert_eq(got.number, 1u);
	cr_assert_eq(got.start, 7u);
	cr_assert_eq(got.position, 9u);
	cr_assert(str_equal(str_make(got.bytes, got.length), str_of("second one")));
	error_slot_end(&slot);
}

/* Whatever the position is, it is in the window, and the window is full. */
Test(captured_error, the_window_holds_the_position)
{
	static char input[5 * CAPTURED_ERROR_BYTES];
	struct error_slot slot;
	error_slot_init(&slot);
	for (size_t i = 0; i < sizeof input; i++)
		input[i] = (char)(i * 7);
	for (size_t at = 0; at < sizeof input; at += 61) {
		struct captured_error got, facts = captured_at(1000, 1000 + at);
		error_slot_put(&slot, &facts, str_make(input, sizeof input));
		cr_assert(error_slot_get(&slot, &got));
		cr_assert_eq(got.length, (uint32_t)CAPTURED_ERROR_BYTES);
		cr_assert_eq(got.received, sizeof input);
		cr_assert(got.start <= got.position && got.position < got.start + got.length);
		cr_assert_arr_eq(got.bytes, input + (got.start - 1000), got.length);
	}
	error_slot_end(&slot);
}

static void captured_error_expect(struct str input, uint64_t start, const char *expected)
{
	struct error_slot slot;
	struct captured_error got, facts = captured_at(start, start);
	struct text out = {0};
	error_slot_init(&slot);
	error_slot_put(&slot, &facts, input);
	cr_assert(error_slot_get(&slot, &got));
	captured_error_dump(&got, &out);
	text_add_char(&out, '\0');
	cr_assert_str_eq(out.data, expected);
	text_free(&out);
	error_slot_end(&slot);
}

Test(captured_error, dumps_as_haproxy_does)
{
	captured_error_expect(str_of("GET /\x01 HTTP/1.1\r\nHost: a\r\nX: \xff\r\n\r\n"), 0,
		"  00000  GET /\\x01 HTTP/1.1\\r\\n\n  00017  Host: a\\r\\n\n  00026  X: \\xFF\\r\\n\n"
		"  00032  \\r\\n\n");
	captured_error_expect(str_of("a\tb\033c\\d"), 123456, "  123456  a\\tb\\ec\\\\d\n");
	captured_error_expect(str_of(""), 0, "");
	captured_error_expect(str_of("0123456789012345678901234567890123456789012345678901234567890123456789more\nx"),
		0,
		"  00000  0123456789012345678901234567890123456789012345678901234567890123456789\n"
		"  00070+ more\\n\n  00075  x\n");
}

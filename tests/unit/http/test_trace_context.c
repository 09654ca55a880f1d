#include "http/trace_context.h"

#include <criterion/criterion.h>

#define TRACE "4bf92f3577b34da6a3ce929d0e0e4736"
#define SPAN  "00f067aa0ba902b7"

Test(trace_context, traceparent)
{
	static const struct {
		const char *value;
		bool valid;
	} cases[] = {
		{"00-" TRACE "-" SPAN "-01", true},
		{"00-" TRACE "-" SPAN "-00", true},
		{"00-" TRACE "-" SPAN "-ff", true},
		{"01-" TRACE "-" SPAN "-01", true},
		{"cc-" TRACE "-" SPAN "-01-what-the-future-brings", true},
		{"cc-" TRACE "-" SPAN "-01.no", false},
		{"cc-" TRACE "-" SPAN "-01-a b", false},
		{"cc-" TRACE "-" SPAN "-01-\xc3\xa9", false},
		{"00-" TRACE "-" SPAN "-01-more", false},
		{"00-" TRACE "-" SPAN "-01-", false},
		{"ff-" TRACE "-" SPAN "-01", false},
		{"0-" TRACE "-" SPAN "-01", false},
		{"00-" TRACE "-" SPAN "-1", false},
		{"00-" TRACE "-" SPAN, false},
		{"00-" TRACE "-" SPAN "-0g", false},
		{"00-" TRACE "-" SPAN "_01", false},
		{"00_" TRACE "-" SPAN "-01", false},
		{"00-4BF92F3577B34DA6A3CE929D0E0E4736-" SPAN "-01", false},
		{"00-00000000000000000000000000000000-" SPAN "-01", false},
		{"00-" TRACE "-0000000000000000-01", false},
		{"", false},
		{" 00-" TRACE "-" SPAN "-01", false},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		cr_expect_eq(trace_parent_is_valid(str_of(cases[i].value)), cases[i].valid, "%s", cases[i].value);
	char value[TRACE_PARENT_MAX + 2];
	memset(value, 'a', sizeof value);
	memcpy(value, "cc-" TRACE "-" SPAN "-01-", 56);
	cr_expect(trace_parent_is_valid(str_make(value, TRACE_PARENT_MAX)));
	cr_expect_not(trace_parent_is_valid(str_make(value, TRACE_PARENT_MAX + 1)));
}

Test(trace_context, a_traceparent_that_is_made_is_valid)
{
	static const uint64_t numbers[][3] = {{0, 0, 0}, {UINT64_MAX, UINT64_MAX, UINT64_MAX}, {1, 2, 4}};
	char out[TRACE_PARENT_LENGTH + 1] = "";
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		trace_parent_write(out, numbers[i]);
		cr_expect(trace_parent_is_valid(str_make(out, TRACE_PARENT_LENGTH)), "%s", out);
	}
	cr_expect_str_eq(out, "00-00000000000000010000000000000003-0000000000000005-01");
}

Test(trace_context, request_id)
{
	static const struct {
		const char *value;
		bool valid;
	} cases[] = {
		{"7b1f9c50-3c38-4b0e-9b7e-3f1a2d4c5e6f", true},
		{"a", true},
		{"Root=1-67891233-abcdef012345678912345678", true},
		{"AZaz09-._~:/+=@", true},
		{"", false},
		{"a b", false},
		{"a,b", false},
		{"a\"b", false},
		{"a\\b", false},
		{"a\tb", false},
		{"<a>", false},
		{"a;b", false},
		{"\xc3\xa9", false},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		cr_expect_eq(request_id_is_valid(str_of(cases[i].value)), cases[i].valid, "%s", cases[i].value);
	cr_expect_not(request_id_is_valid(str_make("a\0b", 3)));
	char value[REQUEST_ID_MAX + 1];
	memset(value, 'x', sizeof value);
	cr_expect(request_id_is_valid(str_make(value, REQUEST_ID_MAX)));
	cr_expect_not(request_id_is_valid(str_make(value, REQUEST_ID_MAX + 1)));
}

Test(trace_context, a_request_id_that_is_made_is_a_uuid)
{
	char out[REQUEST_ID_LENGTH + 1] = "";
	request_id_write(out, (const uint64_t[2]){0, 0});
	cr_expect_str_eq(out, "00000000-0000-4000-8000-000000000000");
	request_id_write(out, (const uint64_t[2]){UINT64_MAX, UINT64_MAX});
	cr_expect_str_eq(out, "ffffffff-ffff-4fff-bfff-ffffffffffff");
	request_id_write(out, (const uint64_t[2]){UINT64_C(0x0123456789abcdef), UINT64_C(0x0123456789abcdef)});
	cr_expect_str_eq(out, "01234567-89ab-4def-8123-456789abcdef");
	cr_expect(request_id_is_valid(str_make(out, REQUEST_ID_LENGTH)));
}

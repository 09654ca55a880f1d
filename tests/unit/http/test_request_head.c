/* Requests: the table of requirements, whole, in all cuts, and after a round trip. */
#include "http/head.h"
#include "unit/http/head_cases.h"

#include <criterion/criterion.h>
#include <stdio.h>

static const struct head_case request_cases[] = {
#define CASE(row, input, verdict, want) {row, HTTP_METHOD_GET, {input, sizeof(input) - 1}, verdict, want},
#include "unit/http/request_cases.def"
#undef CASE
};

enum { REQUEST_CASES = sizeof request_cases / sizeof *request_cases };

Test(request_head, verdicts)
{
	head_cases_check_verdicts(true, request_cases, REQUEST_CASES);
}

Test(request_head, cuts_do_not_matter)
{
	head_cases_check_cuts(true, request_cases, REQUEST_CASES);
}

Test(request_head, round_trips)
{
	head_cases_check_round_trips(true, request_cases, REQUEST_CASES);
}

Test(request_head, more_fields_than_room)
{
	static const char head[] = "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\nZ: z\r\n\r\n";
	struct http_field room[2];
	struct http_request request = {.fields = {.at = room, .capacity = 2}};
	size_t at;
	cr_assert_eq(http_parse_request(&request, head, sizeof head - 1, &at), HTTP_ERROR_TOO_MANY_FIELDS);
	cr_assert_eq(at, 31, "%zu", at);
}

Test(request_head, bytes_that_no_scan_approved_are_refused_within_bounds)
{
	static const char *const pieces[] = {"", "G", "GET ", "GET / HTTP/1.1", "GET / HTTP/1.1\r",
		"GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: a\r\n", "GET / HTTP/1.1\r\n\n",
		"GET / HTTP/1.1\r\n\r\nX: y\r\n\r\n"};
	for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
		struct http_field room[4];
		struct http_request request = {.fields = {.at = room, .capacity = 4}};
		struct text exact = {0};
		size_t at;
		text_add_c(&exact, pieces[i]);
		cr_assert_neq(http_parse_request(&request, exact.data, exact.n, &at), HTTP_ERROR_NONE, "%zu", i);
		cr_assert_leq(at, exact.n);
		text_free(&exact);
	}
}

static enum http_error connect_error(const char *rest)
{
	struct http_field room[4];
	struct http_request request = {.connect_allowed = true, .fields = {.at = room, .capacity = 4}};
	struct text head = {0};
	size_t at;
	text_format(&head, "CONNECT %s\r\n\r\n", rest);
	enum http_error error = http_parse_request(&request, head.data, head.n, &at);
	text_free(&head);
	return error;
}

Test(request_head, connect_where_it_is_served_names_one_host_and_port)
{
	cr_expect_eq(connect_error("a:443 HTTP/1.1\r\nHost: a:443"), HTTP_ERROR_NONE);
	cr_expect_eq(connect_error("[::1]:443 HTTP/1.1\r\nHost: [::1]:443"), HTTP_ERROR_NONE);
	cr_expect_eq(connect_error("a:443 HTTP/1.0"), HTTP_ERROR_NONE);
	static const char *const targets[] = {
		"a", "a:", "/", "*", ":443", "u@a:443", "http://a:443/", "a:443/", "a:65536"};
	for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
		char rest[64];
		snprintf(rest, sizeof rest, "%s HTTP/1.1\r\nHost: a:443", targets[i]);
		cr_expect_eq(connect_error(rest), HTTP_ERROR_TARGET, "%s", targets[i]);
	}
	cr_expect_eq(connect_error("a:443 HTTP/1.1"), HTTP_ERROR_HOST);
	cr_expect_eq(connect_error("a:443 HTTP/1.1\r\nHost: a"), HTTP_ERROR_HOST);
	cr_expect_eq(connect_error("a:443 HTTP/1.1\r\nHost: b:443"), HTTP_ERROR_HOST);
	cr_expect_eq(connect_error("a:443 HTTP/1.1\r\nHost: a:443\r\nContent-Length: 1"), HTTP_ERROR_BODY);
	cr_expect_eq(connect_error("a:443 HTTP/1.1\r\nHost: a:443\r\nTransfer-Encoding: chunked"), HTTP_ERROR_BODY);
}

/* Every byte in every place of a message: never anything but a refusal or a message that survives the round trip. */
Test(request_head, each_byte_in_each_place)
{
	static const char head[] = "PUT /p?q HTTP/1.1\r\nHost: a.b:1\r\nX-Y:\tv w\r\nContent-Length: 12\r\n\r\n";
	char changed[sizeof head - 1];
	struct http_input input = {
		.is_request = true, .data = {changed, sizeof changed}, .limits = http_reading_limits};
	unsigned accepted = 0;
	for (size_t place = 0; place < sizeof changed; place++)
		for (unsigned byte = 0; byte < 256; byte++) {
			struct http_reading reading;
			memcpy(changed, head, sizeof changed);
			changed[place] = (char)byte;
			http_reading_run(&reading, &input);
			if (reading.scan == HTTP_SCAN_COMPLETE && !reading.error) {
				const char *fault = http_reading_round_trip(&reading, &input);
				cr_expect_null(fault, "place %zu byte 0x%02x: %s", place, byte, fault);
				accepted++;
			}
			http_reading_free(&reading);
		}
	cr_assert_gt(accepted, sizeof changed);
}

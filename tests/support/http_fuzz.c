/* The assertions of the head fuzz targets; see the header. */
#include "support/http_fuzz.h"

#include <stdio.h>
#include <stdlib.h>

static void fuzz_fail(const char *what)
{
	fprintf(stderr, "%s\n", what);
	abort();
}

/* The short way takes exactly what the long one accepts without empty lines in front, with the same result. */
static void fuzz_short_way(const struct http_reading *one, const struct http_input *whole, struct str described)
{
	struct http_reading quick;
	struct text described_quick = {0};
	bool good = one->scan == HTTP_SCAN_COMPLETE && !one->error && !one->head_start;
	http_reading_run_short(&quick, whole);
	if (good != (quick.scan == HTTP_SCAN_COMPLETE))
		fuzz_fail("the short way judged differently");
	http_reading_describe(&quick, whole, &described_quick);
	if (good && !str_equal(described, text_str(&described_quick)))
		fuzz_fail("the short way read something else");
	http_reading_free(&quick);
	text_free(&described_quick);
}

void http_fuzz_head(bool is_request, enum http_method method, const uint8_t *data, size_t n)
{
	size_t count = n ? data[0] & 15 : 0;
	if (!n || n < 1 + count)
		return;
	const char *bytes = (const char *)data + 1 + count;
	struct http_input whole = {.is_request = is_request,
		.method = method,
		.data = {bytes, n - 1 - count},
		.limits = {.line = 200, .head = 1000, .fields = 30}};
	struct http_input cut = whole;
	struct http_reading one, other;
	struct text described = {0}, described_cut = {0};
	cut.pieces = data + 1;
	cut.piece_count = count;
	http_reading_run(&one, &whole);
	http_reading_run(&other, &cut);
	http_reading_describe(&one, &whole, &described);
	http_reading_describe(&other, &cut, &described_cut);
	if (!str_equal(text_str(&described), text_str(&described_cut)))
		fuzz_fail("the cuts changed the result");
	fuzz_short_way(&one, &whole, text_str(&described));
	if (one.scan == HTTP_SCAN_COMPLETE && !one.error) {
		const char *fault = http_reading_round_trip(&one, &whole);
		if (fault)
			fuzz_fail(fault);
	}
	http_reading_free(&one);
	http_reading_free(&other);
	text_free(&described);
	text_free(&described_cut);
}

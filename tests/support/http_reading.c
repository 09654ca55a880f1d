/* The observer of the head parsers; see the header. */
#include "support/http_reading.h"
#include "http/write.h"

#include <stdlib.h>

const struct http_limits http_reading_limits = {.line = 8192, .head = 32768, .fields = HTTP_READING_FIELDS_MAX};

static char *reading_copy(const char *p, size_t n)
{
	char *copy = malloc(n ? n : 1);
	if (!copy)
		abort();
	if (n)
		memcpy(copy, p, n);
	return copy;
}

static void reading_scan(struct http_reading *reading, const struct http_input *input)
{
	struct http_scan scan = {0};
	size_t n = 0;
	reading->scan = HTTP_SCAN_MORE;
	for (size_t i = 0; reading->scan == HTTP_SCAN_MORE && n < input->data.n; i++) {
		size_t piece = input->data.n - n;
		if (input->piece_count) {
			size_t size = input->pieces[i % input->piece_count];
			size = size ? size : 256;
			piece = size < piece ? size : piece;
		}
		n += piece;
		char *copy = reading_copy(input->data.p, n);
		reading->scan = http_scan_head(
			&scan, input->is_request, copy, n, &input->limits, &reading->head_end, &reading->error);
		free(copy);
		if (scan.at > n)
			abort();
	}
	reading->head_start = scan.skipped;
	reading->lines = scan.lines;
	reading->error_at = reading->head_end;
}

static void reading_parse(struct http_reading *reading, const struct http_input *input)
{
	size_t n = reading->head_end - reading->head_start;
	struct http_fields fields = {.at = reading->fields, .capacity = HTTP_READING_FIELDS_MAX};
	reading->head = reading_copy(input->data.p + reading->head_start, n);
	if (input->is_request) {
		reading->request.fields = fields;
		reading->error = http_parse_request(&reading->request, reading->head, n, &reading->error_at);
	} else {
		reading->response.fields = fields;
		reading->error =
			http_parse_response(&reading->response, input->method, reading->head, n, &reading->error_at);
	}
	if (reading->error_at > n)
		abort();
	reading->error_at += reading->head_start;
}

void http_reading_run(struct http_reading *reading, const struct http_input *input)
{
	memset(reading, 0, sizeof *reading);
	reading_scan(reading, input);
	if (reading->scan == HTTP_SCAN_COMPLETE)
		reading_parse(reading, input);
}

void http_reading_run_short(struct http_reading *reading, const struct http_input *input)
{
	size_t n;
	struct http_fields fields = {.at = reading->fields, .capacity = HTTP_READING_FIELDS_MAX};
	memset(reading, 0, sizeof *reading);
	reading->head = reading_copy(input->data.p, input->data.n);
	reading->request.fields = reading->response.fields = fields;
	if (input->is_request)
		n = http_read_request(&reading->request, reading->head, input->data.n, &input->limits);
	else
		n = http_read_response(&reading->response, input->method, reading->head, input->data.n, &input->limits);
	if (n > input->data.n)
		abort();
	reading->scan = n ? HTTP_SCAN_COMPLETE : HTTP_SCAN_MORE;
	reading->head_end = reading->error_at = n;
	reading->lines = 1 + (input->is_request ? reading->request.fields.count : reading->response.fields.count);
}

void http_reading_free(struct http_reading *reading)
{
	free(reading->head);
	reading->head = NULL;
}

static void describe_str(struct text *out, const char *name, struct str value)
{
	text_add_c(out, name);
	text_add_c(out, value.p ? " " : " -");
	text_add(out, value);
	text_add_char(out, '\n');
}

static void describe_bool(struct text *out, const char *name, bool value)
{
	text_format(out, "%s %s\n", name, value ? "yes" : "no");
}

static void describe_fields(struct text *out, const struct http_fields *fields, bool with_dropped)
{
	for (uint32_t i = 0; i < fields->count; i++) {
		const struct http_field *field = &fields->at[i];
		if (field->drop && !with_dropped)
			continue;
		text_add_c(out, field->drop ? "drop " : "field ");
		text_add(out, field->name);
		text_add_c(out, ": ");
		text_add(out, field->value);
		text_add_char(out, '\n');
	}
}

static void describe_framing(struct text *out, const struct http_framing *framing)
{
	static const char *const kinds[] = {"none", "length", "chunked", "until_close"};
	text_format(out, "body %s", kinds[framing->kind]);
	if (framing->kind == HTTP_BODY_LENGTH || framing->announced)
		text_format(out, " %llu", (unsigned long long)framing->length);
	text_add_c(out, framing->announced ? " announced\n" : "\n");
}

/* What a server must see unchanged. */
static void describe_request_core(struct text *out, const struct http_request *request, struct str host)
{
	describe_str(out, "method", request->method_text);
	text_format(out, "known as %s\n", http_method_token(request->method));
	describe_str(out, "path", request->path);
	describe_str(out, "query", request->query);
	describe_str(out, "host", host);
	describe_framing(out, &request->framing);
	describe_str(out, "upgrade", request->upgrade_to);
	describe_bool(out, "expect", request->expect_continue);
}

static void describe_request(struct text *out, const struct http_request *request)
{
	describe_request_core(out, request, request->host);
	describe_str(out, "target", request->target);
	describe_fields(out, &request->fields, true);
	text_format(out, "minor %d\n", request->minor);
	describe_bool(out, "keep_alive", request->keep_alive);
	describe_bool(out, "upgrade asked", request->upgrade);
	describe_bool(out, "trailers", request->te_trailers);
	describe_bool(out, "binds", request->binds);
	text_format(out, "forwards left %lld\n", (long long)request->forwards_left);
}

/* What a client must see unchanged. */
static void describe_response_core(struct text *out, const struct http_response *response)
{
	text_format(out, "status %d\n", response->status);
	describe_str(out, "reason", response->reason);
	describe_framing(out, &response->framing);
	describe_str(out, "upgrade", response->upgrade_to);
}

static void describe_response(struct text *out, const struct http_response *response)
{
	describe_response_core(out, response);
	describe_fields(out, &response->fields, true);
	text_format(out, "minor %d\n", response->minor);
	describe_bool(out, "keep_alive", response->keep_alive);
	describe_bool(out, "binds", response->binds);
	text_format(out, "keeps %u\n", response->keeps_s);
}

void http_reading_describe(const struct http_reading *reading, const struct http_input *input, struct text *out)
{
	if (reading->scan == HTTP_SCAN_MORE) {
		text_add_c(out, "more\n");
		return;
	}
	if (reading->error) {
		text_format(out, "%s at %zu\n", http_error_word(reading->error), reading->error_at);
		return;
	}
	text_format(out, "head %zu to %zu, %u lines\n", reading->head_start, reading->head_end, reading->lines);
	if (input->is_request)
		describe_request(out, &reading->request);
	else
		describe_response(out, &reading->response);
}

static const struct http_field reading_added[] = {
	{.name = {"X-Forwarded-For", 15}, .value = {"192.0.2.1", 9}},
	{.name = {"Via", 3}, .value = {"1.1 lbd", 7}},
};

static struct text reading_write(const struct http_reading *reading, bool is_request, struct str host)
{
	struct text written = {0};
	struct http_out out = {.host = host, .add = reading_added, .add_count = 2};
	out.framing = is_request ? reading->request.framing : reading->response.framing;
	out.upgrade_to = is_request ? reading->request.upgrade_to : reading->response.upgrade_to;
	size_t bound = is_request ? http_request_head_bound(&reading->request, &out)
				  : http_response_head_bound(&reading->response, &out);
	/* An own block of exactly this size, so that a sanitizer sees a byte beyond the bound. */
	char *head = malloc(bound), *end;
	if (!head)
		abort();
	end = is_request ? http_write_request_head(head, &reading->request, &out)
			 : http_write_response_head(head, &reading->response, &out);
	if ((size_t)(end - head) > bound)
		abort();
	text_add(&written, str_make(head, (size_t)(end - head)));
	free(head);
	return written;
}

static void describe_core(struct text *out, const struct http_reading *reading, bool is_request, struct str host)
{
	if (is_request)
		describe_request_core(out, &reading->request, host);
	else
		describe_response_core(out, &reading->response);
	describe_fields(out, is_request ? &reading->request.fields : &reading->response.fields, false);
}

/* Two added fields may exceed the number of fields, which is no fault of what was written. */
static const char *reading_compare(const struct http_reading *reading, const struct http_reading *back,
	const struct http_input *input, struct str host)
{
	struct text sent = {0}, received = {0};
	if (back->error)
		return back->error == HTTP_ERROR_TOO_MANY_FIELDS ? NULL : http_error_word(back->error);
	describe_core(&sent, reading, input->is_request, host);
	for (size_t i = 0; i < sizeof reading_added / sizeof *reading_added; i++)
		text_format(&sent, "field %s: %s\n", reading_added[i].name.p, reading_added[i].value.p);
	describe_core(&received, back, input->is_request, back->request.host);
	bool same = str_equal(text_str(&sent), text_str(&received));
	text_free(&sent);
	text_free(&received);
	return same ? NULL : "what was written means something else";
}

const char *http_reading_round_trip(const struct http_reading *reading, const struct http_input *input)
{
	struct str host = reading->request.host.n ? reading->request.host : str_of("origin.test:8080");
	struct text written = reading_write(reading, input->is_request, host);
	struct http_input again = {.is_request = input->is_request,
		.method = input->method,
		.data = text_str(&written),
		.limits = {UINT32_MAX / 2, UINT32_MAX / 2, 2 * HTTP_READING_FIELDS_MAX}};
	struct http_reading back;
	const char *fault = "what was written is not one whole head";
	http_reading_run(&back, &again);
	if (back.scan == HTTP_SCAN_COMPLETE && back.head_start == 0 && back.head_end == written.n)
		fault = reading_compare(reading, &back, input, host);
	http_reading_free(&back);
	text_free(&written);
	return fault;
}

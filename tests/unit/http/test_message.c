/* The tables and the lookups. */
#include "http/head_parts.h"
#include "http/message.h"

#include <criterion/criterion.h>

struct known_name {
	enum http_field_id id;
	const char *name;
};

static const struct known_name known_names[] = {
#define FIELD(id, name, hop) {HTTP_FIELD_##id, name},
#include "http/fields.def"
#undef FIELD
};

enum { KNOWN_NAMES = sizeof known_names / sizeof *known_names };

Test(message, each_field_name_is_found_in_any_case_and_only_whole)
{
	for (size_t i = 0; i < KNOWN_NAMES; i++) {
		char name[64];
		size_t n = strlen(known_names[i].name);
		for (size_t k = 0; k < n; k++)
			name[k] = (char)str_lower((unsigned char)known_names[i].name[k]);
		cr_expect_eq(head_field_id(known_names[i].name, n), known_names[i].id, "%s", known_names[i].name);
		cr_expect_eq(head_field_id(name, n), known_names[i].id, "%s", known_names[i].name);
		for (size_t k = 0; k < n; k++) {
			char was = name[k];
			name[k] = was == 'q' ? 'z' : 'q';
			cr_expect_eq(head_field_id(name, n), HTTP_FIELD_OTHER, "%.*s", (int)n, name);
			name[k] = was == '-' ? '_' : '-';
			cr_expect(was == '-' || head_field_id(name, n) == HTTP_FIELD_OTHER, "%.*s", (int)n, name);
			name[k] = was;
		}
	}
	cr_expect_eq(head_field_id("x", 1), HTTP_FIELD_OTHER);
	cr_expect_eq(head_field_id("an-unknown-name-of-thirty-six-bytes!", 36), HTTP_FIELD_OTHER);
}

Test(message, rows_of_fields_stand_in_order_of_length)
{
	for (size_t i = 1; i < KNOWN_NAMES; i++)
		cr_expect_leq(strlen(known_names[i - 1].name), strlen(known_names[i].name), "%s", known_names[i].name);
}

Test(message, refusals_have_a_status_a_word_and_a_text)
{
	for (unsigned e = 1; e < HTTP_ERROR_COUNT; e++) {
		unsigned status = http_error_status((enum http_error)e);
		cr_expect(status >= 400 && status < 600, "%s", http_error_word((enum http_error)e));
		cr_expect(*http_error_word((enum http_error)e) && *http_error_text((enum http_error)e));
		cr_expect_str_neq(http_status_phrase(status), "Unknown");
	}
}

Test(message, phrases)
{
	cr_expect_str_eq(http_status_phrase(404), "Not Found");
	cr_expect_str_eq(http_status_phrase(503), "Service Unavailable");
	cr_expect_str_eq(http_status_phrase(299), "Unknown");
}

Test(message, methods_that_may_be_repeated)
{
	cr_expect(http_method_idempotent(HTTP_METHOD_GET) && http_method_idempotent(HTTP_METHOD_PUT) &&
		  http_method_idempotent(HTTP_METHOD_DELETE));
	cr_expect(!http_method_idempotent(HTTP_METHOD_POST) && !http_method_idempotent(HTTP_METHOD_PATCH) &&
		  !http_method_idempotent(HTTP_METHOD_OTHER));
}

Test(message, fields_are_found_by_id_and_by_name)
{
	struct http_field room[] = {{.name = {"X-Y", 3}, .value = {"1", 1}},
		{.name = {"DATE", 4}, .value = {"2", 1}, .id = HTTP_FIELD_DATE},
		{.name = {"x-y", 3}, .value = {"3", 1}}};
	struct http_fields fields = {room, 3, 3};
	cr_expect_eq(http_fields_find(&fields, HTTP_FIELD_DATE), &room[1]);
	cr_expect_null(http_fields_find(&fields, HTTP_FIELD_VIA));
	cr_expect_eq(http_fields_find_name(&fields, str_of("x-Y")), &room[0]);
	cr_expect_null(http_fields_find_name(&fields, str_of("x")));
}

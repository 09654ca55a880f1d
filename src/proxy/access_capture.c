#include "proxy/access_capture.h"

struct str access_capture_find(const struct http_fields *fields, const char *name, uint32_t length)
{
	struct str wanted = str_of(name);
	for (uint32_t i = fields->count; i-- > 0;)
		if (str_equal_nocase(fields->at[i].name, wanted)) {
			struct str value = fields->at[i].value;
			return str_make(value.p, value.n < length ? value.n : length);
		}
	return str_make(NULL, 0);
}

struct str *access_capture(
	struct arena *arena, const struct config_strings *names, uint32_t length, const struct http_fields *fields)
{
	struct str *values = names->count ? arena_alloc(arena, names->count * sizeof *values) : NULL;
	if (!values)
		return NULL;
	for (uint32_t i = 0; i < names->count; i++) {
		struct str value = access_capture_find(fields, names->at[i], length);
		char *copy = value.n ? arena_alloc(arena, value.n) : NULL;
		if (copy)
			memcpy(copy, value.p, value.n);
		values[i] = copy || (value.p && !value.n) ? str_make(copy ? copy : "", value.n) : str_make(NULL, 0);
	}
	return values;
}

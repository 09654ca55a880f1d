/* The tables of HTTP that the proxy knows by name, each made from its .def file: methods, reasons of refusal, status
 * phrases; and the lookups in a parsed message. */
#include "http/message.h"

struct message_method {
	const char *token;
	bool idempotent;
};

static const struct message_method message_methods[] = {
#define METHOD(id, token, idempotent) [HTTP_METHOD_##id] = {token, idempotent},
#include "http/methods.def"
#undef METHOD
	/* An unknown method may do anything. */
	[HTTP_METHOD_OTHER] = {"OTHER", false},
};

struct message_error {
	uint16_t status;
	const char *word, *text;
};

static const struct message_error message_errors[] = {
#define HTTP_ERROR(id, status, word, text) [HTTP_ERROR_##id] = {status, word, text},
#include "http/http_error.def"
#undef HTTP_ERROR
};

bool http_method_idempotent(enum http_method method)
{
	return message_methods[method].idempotent;
}

const char *http_method_token(enum http_method method)
{
	return message_methods[method].token;
}

uint16_t http_error_status(enum http_error error)
{
	return message_errors[error].status;
}

const char *http_error_word(enum http_error error)
{
	return message_errors[error].word;
}

const char *http_error_text(enum http_error error)
{
	return message_errors[error].text;
}

const char *http_status_phrase(unsigned status)
{
	switch (status) {
#define STATUS(code, phrase)                                                                                           \
	case code:                                                                                                     \
		return phrase;
#include "http/status.def"
#undef STATUS
	default:
		return "Unknown";
	}
}

const struct http_field *http_fields_find(const struct http_fields *fields, enum http_field_id id)
{
	for (uint32_t i = 0; i < fields->count; i++)
		if (fields->at[i].id == id)
			return &fields->at[i];
	return NULL;
}

const struct http_field *http_fields_find_name(const struct http_fields *fields, struct str name)
{
	for (uint32_t i = 0; i < fields->count; i++)
		if (str_equal_nocase(fields->at[i].name, name))
			return &fields->at[i];
	return NULL;
}

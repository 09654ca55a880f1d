/* What an HTTP/1.1 message is once it was read: views into the received bytes, and the one decision on its framing.
 * Pure data; RFC 9110 and 9112. */
#ifndef LBD_HTTP_MESSAGE_H
#define LBD_HTTP_MESSAGE_H

#include "base/str.h"

enum http_error {
#define HTTP_ERROR(id, status, word, text) HTTP_ERROR_##id,
#include "http/http_error.def"
#undef HTTP_ERROR
	HTTP_ERROR_COUNT
};

enum http_method {
#define METHOD(id, token, idempotent) HTTP_METHOD_##id,
#include "http/methods.def"
#undef METHOD
	HTTP_METHOD_OTHER
};

enum http_field_id {
	HTTP_FIELD_OTHER,
#define FIELD(id, name, hop) HTTP_FIELD_##id,
#include "http/fields.def"
#undef FIELD
	HTTP_FIELD_COUNT
};

/* What becomes of a field, apart from being read. */
enum http_fate {
	HTTP_FIELD_KEPT = 0,
	HTTP_FIELD_DROPPED = 1, /* not forwarded: hop-by-hop, or written anew by the proxy */
	HTTP_FIELD_GONE = 2     /* as if it had not been sent, for rules too: Connection names it, or it may not be said */
};

struct http_field {
	struct str name, value; /* value without the blanks around it */
	enum http_field_id id;
	uint8_t drop; /* enum http_fate; 0: it is forwarded */
};

/* How the end of a body is found (RFC 9112 6.3): one function decides, everybody else reads it here. */
enum http_framing_kind { HTTP_BODY_NONE, HTTP_BODY_LENGTH, HTTP_BODY_CHUNKED, HTTP_BODY_UNTIL_CLOSE };

struct http_framing {
	enum http_framing_kind kind;
	uint64_t length; /* bytes, for HTTP_BODY_LENGTH (may be 0 there: announced, but empty) and announced */
	/* The message says that the body of a GET would have this length, but has none: a response to HEAD, or a 304.
	 * kind is HTTP_BODY_NONE then. */
	bool announced;
};

/* No byte of a body follows the head. */
static inline bool http_framing_is_empty(const struct http_framing *f)
{
	return f->kind == HTTP_BODY_NONE || (f->kind == HTTP_BODY_LENGTH && f->length == 0);
}

struct http_fields {
	struct http_field *at; /* the caller's array */
	uint32_t count, capacity;
};

struct http_request {
	bool connect_allowed; /* given, not read from the message: CONNECT is served */
	enum http_method method;
	uint8_t minor; /* 0, or 1 for every 1.x above */
	struct str method_text;
	struct str target; /* as received */
	/* Origin-form: up to the first '?', not decoded. "*" for the asterisk-form (RFC 9112 3.2.4), "/" for an
	 * absolute-form with an empty path, the whole target for the authority-form of CONNECT. */
	struct str path;
	struct str query; /* behind the '?'; p is NULL when there is no '?' */
	struct str host; /* to send on: of an absolute-form target, else of Host; empty only in HTTP/1.0 without Host */
	struct http_fields fields;
	struct http_framing framing;
	bool keep_alive; /* the client would keep the connection (version, Connection) */
	/* Expect: 100-continue, in HTTP/1.1 and with a body to come; else that field is dropped (RFC 9110 10.1.1). */
	bool expect_continue;
	/* Upgrade and Connection: upgrade in HTTP/1.1, without a body; one field, h2c not among its protocols.
	 * upgrade_to is its value then, and else empty. */
	bool upgrade;
	struct str upgrade_to;
	bool te_trailers; /* TE: trailers was asked for */
	/* Its credentials are for the connection that they arrive on, and for all that follows there: NTLM, Negotiate
	 * and their kin (RFC 4559). */
	bool binds;
	bool underscores; /* some field name holds one */
	/* Max-Forwards of OPTIONS and TRACE, where its field is dropped: it is to be sent on one less, and to be
	 * answered here when it is 0 (RFC 9110 7.6.2). -1: none, or another method. */
	int64_t forwards_left;
};

struct http_response {
	bool lenient; /* given, not read from the message: "chunked" twice is taken for once, and excused says so */
	bool excused;
	uint16_t status; /* 100..599 (three digits, first one 1 to 5) */
	uint8_t minor;
	struct str reason;
	struct http_fields fields;
	struct http_framing framing;
	bool keep_alive;       /* the server would keep the connection and the framing allows it */
	struct str upgrade_to; /* of a 101, never empty there; else empty */
	bool binds;            /* as in a request: it asks for such credentials, or goes on with them */
	uint32_t keeps_s;      /* Keep-Alive: timeout, for how long the server keeps it idle; 0: it does not say */
};

/* The name of a protocol of Upgrade, without its version. */
struct str http_upgrade_name(struct str protocol);
/* Whether a 101 switches to protocols that were all among those asked for (RFC 9110 7.8). */
bool http_upgrade_matches(struct str asked, struct str given);

/* Whether the method's requests may be repeated (RFC 9110 9.2.2). */
bool http_method_idempotent(enum http_method method);
const char *http_method_token(enum http_method method);
uint16_t http_error_status(enum http_error error);
/* The word of logs and counters, e.g. "bad_host". */
const char *http_error_word(enum http_error error);
/* The sentence of the reply's body. */
const char *http_error_text(enum http_error error);
/* Reason phrase of a status, e.g. "Not Found"; "Unknown" for those without a registered one. */
const char *http_status_phrase(unsigned status);
/* The first field with this id, or NULL. */
const struct http_field *http_fields_find(const struct http_fields *fields, enum http_field_id id);
/* The first field of this name (any case), or NULL. */
const struct http_field *http_fields_find_name(const struct http_fields *fields, struct str name);

#endif

/* Keeps what a malformed message looked like, for show errors. Own worker only; off the path of good messages. */
#ifndef LBD_PROXY_MALFORMED_H
#define LBD_PROXY_MALFORMED_H

#include "proxy/exchange.h"

/* Where in which bytes. */
struct malformed_place {
	struct str input; /* what is here of the message */
	uint64_t start;   /* of input, in the head or, in_body, in the body */
	uint64_t position;
	bool in_body;
};

/* A request's head, before or after it had an exchange. */
void malformed_request(const struct session *s, enum http_error error, struct malformed_place place);
/* The body of a request; call it before the bytes are taken. */
void malformed_request_body(const struct exchange *x);
/* A response's head: word and text as of http_error, or of the exchange. */
void malformed_response(const struct exchange *x, const char *word, const char *text, struct malformed_place place);
void malformed_response_body(const struct exchange *x);

#endif

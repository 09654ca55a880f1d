/* The fields by which a request is known on its whole way: traceparent after "Trace Context", W3C Recommendation, 23
 * November 2021, 3.2, and X-Request-Id, which has no standard. Pure. */
#ifndef LBD_HTTP_TRACE_CONTEXT_H
#define LBD_HTTP_TRACE_CONTEXT_H

#include "base/str.h"

enum {
	TRACE_PARENT_LENGTH = 55, /* of version 00 */
	TRACE_PARENT_MAX = 256,   /* of a later version, which may say more */
	REQUEST_ID_LENGTH = 36,   /* of one that is made here */
	REQUEST_ID_MAX = 128      /* of one that is kept */
};

/* Whether a received traceparent can be passed on. */
bool trace_parent_is_valid(struct str value);
/* Writes one of version 00, sampled, with these random numbers: TRACE_PARENT_LENGTH bytes. */
void trace_parent_write(char *out, const uint64_t random[3]);

/* 1 to REQUEST_ID_MAX letters, digits and "-._~:/+=@": nothing that a log, a shell or a page could take for more. */
bool request_id_is_valid(struct str value);
/* Writes a version 4 UUID (RFC 9562 5.4): REQUEST_ID_LENGTH bytes. */
void request_id_write(char *out, const uint64_t random[2]);

#endif

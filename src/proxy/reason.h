/* End reasons: the rows of reasons.def. Pure. */
#ifndef LBD_PROXY_REASON_H
#define LBD_PROXY_REASON_H

enum reason {
#define REASON(id, word, cause, status, kind, help) REASON_##id,
#include "proxy/reasons.def"
#undef REASON
	REASON_COUNT
};

enum reason_kind {
	REASON_KIND_OTHER,
	REASON_KIND_REQUEST,
	REASON_KIND_REFUSED,
	REASON_KIND_ANSWERED,
	REASON_KIND_CONNECT,
	REASON_KIND_RESPONSE
};

const char *reason_word(enum reason reason);
char reason_cause(enum reason reason);
unsigned reason_status(enum reason reason);
enum reason_kind reason_kind(enum reason reason);
const char *reason_help(enum reason reason);

#endif

/* End reasons: the rows of reasons.def. Pure. */
#ifndef LBD_PROXY_REASON_H
#define LBD_PROXY_REASON_H

enum reason {
#define REASON(id, word, cause, status, help) REASON_##id,
#include "proxy/reasons.def"
#undef REASON
	REASON_COUNT
};

const char *reason_word(enum reason reason);
char reason_cause(enum reason reason);
unsigned reason_status(enum reason reason);
const char *reason_help(enum reason reason);

#endif

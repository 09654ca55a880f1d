/* What one probe found, and what it means for the server: HAProxy's health counter with rise and fall. Control only. */
#ifndef LBD_BACKEND_CHECK_RESULT_H
#define LBD_BACKEND_CHECK_RESULT_H

#include "backend/backend.h"

enum check_status {
#define CHECK_STATUS(id, word, description) CHECK_STATUS_##id,
#include "backend/check_status.def"
#undef CHECK_STATUS
	CHECK_STATUS_COUNT
};

/* NEUTRAL: our own fault, e.g. no local port was left; shown, but not counted against the server. */
enum check_verdict { CHECK_PASSED, CHECK_FAILED, CHECK_NEUTRAL };

struct check_result {
	enum check_verdict verdict;
	enum check_status status;
	unsigned code; /* HTTP status, 0: none */
	uint64_t duration_us;
	const char *text; /* may hold any byte; may be NULL */
};

/* Moves the counter, the history, and the server's health through its door. */
void check_result_apply(struct server *s, const struct check_result *result);
/* The state of a server that was never probed, with INI; or that of one which is not probed at all. */
void check_result_reset(struct server *s);

#endif

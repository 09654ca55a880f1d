#include "proxy/reason.h"

struct reason_row {
	const char *word, *help;
	char cause;
	unsigned short status;
	enum reason_kind kind;
};

static const struct reason_row reason_rows[] = {
#define REASON(id, word, cause, status, kind, help) {word, help, cause, status, REASON_KIND_##kind},
#include "proxy/reasons.def"
#undef REASON
};

const char *reason_word(enum reason reason)
{
	return reason_rows[reason].word;
}

char reason_cause(enum reason reason)
{
	return reason_rows[reason].cause;
}

unsigned reason_status(enum reason reason)
{
	return reason_rows[reason].status;
}

const char *reason_help(enum reason reason)
{
	return reason_rows[reason].help;
}

enum reason_kind reason_kind(enum reason reason)
{
	return reason_rows[reason].kind;
}

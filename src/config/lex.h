/* The words of the configuration language, from the bytes of one file. Pure. */
#ifndef LBD_CONFIG_LEX_H
#define LBD_CONFIG_LEX_H

#include "base/str.h"
#include "base/text.h"

enum lex_kind {
	LEX_END,
	LEX_NAME,
	LEX_BOOL,
	LEX_INT,
	LEX_FLOAT,
	LEX_TEXT,
	LEX_INCLUDE, /* text is the path */
	LEX_SIGN,    /* one of = : ; , { } ( ) [ ] in sign */
	LEX_ERROR    /* error says why */
};

struct lex_token {
	enum lex_kind kind;
	unsigned line; /* where it begins */
	char sign;
	struct str raw;   /* as written */
	int64_t integer;  /* LEX_INT; LEX_BOOL: 0 or 1 */
	struct text text; /* LEX_TEXT, LEX_INCLUDE: decoded; reused from token to token */
	char error[160];
};

struct lex {
	const char *at, *end;
	unsigned line;
};

/* Skips a byte order mark. */
void lex_init(struct lex *l, struct str bytes);
/* The next token; after LEX_END or LEX_ERROR it must not be called again. */
void lex_next(struct lex *l, struct lex_token *t);

#endif

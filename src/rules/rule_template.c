/* Texts with $1 in them. */
#include "rules/rule.h"

#include <stdio.h>

static bool template_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "$1" and "$12" name a group, "$$" is a dollar, any other dollar is itself. Returns what was taken. */
static size_t template_read_piece(const char *at, struct rule_piece *piece)
{
	*piece = (struct rule_piece){0};
	if (at[0] == '$' && at[1] == '$') {
		piece->text = str_make(at, 1);
		return 2;
	}
	if (at[0] == '$' && template_is_digit(at[1])) {
		size_t n = template_is_digit(at[2]) ? 3 : 2;
		piece->is_group = true;
		for (size_t i = 1; i < n; i++)
			piece->group = piece->group * 10 + (uint32_t)(at[i] - '0');
		return n;
	}
	size_t n = 1;
	while (at[n] && at[n] != '$')
		n++;
	piece->text = str_make(at, n);
	return n;
}

bool rule_template_compile(
	struct rule_template *t, struct arena *arena, const char *text, uint32_t groups, char *error, size_t error_size)
{
	uint32_t most = 1;
	for (const char *c = text; *c; c++)
		most += *c == '$' ? 2 : 0;
	t->pieces = arena_zero(arena, most, sizeof *t->pieces);
	if (!t->pieces) {
		snprintf(error, error_size, "memory is out");
		return false;
	}
	for (const char *c = text; *c; t->count++) {
		struct rule_piece *piece = &t->pieces[t->count];
		c += template_read_piece(c, piece);
		if (piece->is_group && (piece->group > groups || piece->group >= PATTERN_CAPTURES)) {
			snprintf(error, error_size,
				"$%u names no group; the path pattern of this rule has %u, and %d can be named; write "
				"$$ for a dollar",
				piece->group, groups, PATTERN_CAPTURES - 1);
			return false;
		}
	}
	return true;
}

static struct str template_piece(const struct rule_piece *piece, const struct pattern_scratch *scratch)
{
	return piece->is_group ? pattern_capture(scratch, piece->group) : piece->text;
}

bool rule_template_expand(
	const struct rule_template *t, const struct pattern_scratch *scratch, struct arena *arena, struct str *out)
{
	size_t n = 0;
	for (uint32_t i = 0; i < t->count; i++)
		n += template_piece(&t->pieces[i], scratch).n;
	char *at = arena_alloc(arena, n + 1);
	if (!at)
		return false;
	*out = str_make(at, n);
	for (uint32_t i = 0; i < t->count; i++) {
		struct str piece = template_piece(&t->pieces[i], scratch);
		if (piece.n)
			memcpy(at, piece.p, piece.n);
		at += piece.n;
	}
	*at = '\0';
	return true;
}

#include "term/keys.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct {
	const char *bytes;
	uint32_t keys[6];
} keys_cases[] = {
	{"jk", {'j', 'k'}},
	{"\r", {TK_ENTER}},
	{"\033[A\033[B\033OC\033OD", {TK_UP, TK_DOWN, TK_RIGHT, TK_LEFT}},
	{"\033[H\033[F\033OH\033OF", {TK_HOME, TK_END, TK_HOME, TK_END}},
	{"\033[1~\033[4~\033[7~\033[8~", {TK_HOME, TK_END, TK_HOME, TK_END}},
	{"\033[5~\033[6~", {TK_PGUP, TK_PGDN}},
	{"\033OP\033[11~\033[[A", {TK_F0 + 1, TK_F0 + 1, TK_F0 + 1}},
	{"\033[15~\033[[E\033[21~\033[24~", {TK_F0 + 5, TK_F0 + 5, TK_F0 + 10, TK_F0 + 12}},
	{"\033[18;2~", {TK_F0 + 19}},
	{"\0331\0330", {TK_F0 + 1, TK_F0 + 10}},
	{"\033[1;5A", {TK_UP}},
	{"\033[Z", {TK_BACKTAB}},
	{"\033[99q", {TK_UNKNOWN}},
	{"\033[?1;2;3;4;5;6;7;8;9;10;11cj", {TK_UNKNOWN, 'j'}},
	{"\033]0;dy\007j", {TK_UNKNOWN, 'j'}},
	{"\033Pdy\033\\j", {TK_UNKNOWN, 'j'}},
	{"\033[<0;1;2Mj", {TK_UNKNOWN, 'j'}},
	{"\033xj", {TK_UNKNOWN, 'j'}},
	{"\303\251", {0xE9}},
	{"\303j", {'j'}},
	{"\377j", {TK_UNKNOWN, 'j'}},
	{"\033[200~dy\033[201~q", {'d' | TK_PASTED, 'y' | TK_PASTED, TK_PASTE_END, 'q'}},
	{"\b\177", {TK_BACKSPACE, TK_BACKSPACE}},
};

Test(keys, cases)
{
	for (size_t i = 0; i < sizeof keys_cases / sizeof *keys_cases; i++) {
		struct keys keys;
		size_t n = 0;
		keys_init(&keys);
		for (const char *byte = keys_cases[i].bytes; *byte; byte++) {
			uint32_t key = keys_push(&keys, (unsigned char)*byte);
			if (key == TK_NONE)
				continue;
			cr_assert_lt(n, 6);
			cr_expect_eq(key, keys_cases[i].keys[n], "case %zu key %zu: %x", i, n, key);
			n++;
		}
		cr_expect(n == 6 || keys_cases[i].keys[n] == 0, "case %zu: only %zu keys", i, n);
		cr_expect_not(keys_pending(&keys), "case %zu", i);
	}
}

Test(keys, time_decides_what_is_half_way)
{
	struct keys keys;

	keys_init(&keys);
	keys_push(&keys, 27);
	cr_expect(keys_pending(&keys));
	cr_expect_eq(keys_timeout(&keys), (uint32_t)TK_ESC);
	keys_push(&keys, 27);
	keys_push(&keys, '[');
	keys_push(&keys, '2');
	cr_expect_eq(keys_timeout(&keys), (uint32_t)TK_NONE, "half a sequence is no key");
	cr_expect_eq(keys_push(&keys, 'j'), (uint32_t)'j');
	keys_push(&keys, 27);
	cr_expect_eq(keys_push(&keys, 27), (uint32_t)TK_ESC);
	cr_expect_eq(keys_push(&keys, '['), (uint32_t)TK_NONE);
	cr_expect_eq(keys_push(&keys, 'A'), (uint32_t)TK_UP);
}

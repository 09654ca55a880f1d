/* What probes say and expect, byte by byte and at once. */
#include "backend/probe_talk.h"

#include <criterion/criterion.h>
#include <stdio.h>

struct exchange_row {
	const char *name;
	enum config_check_type type;
	const char *send, *expect;
	struct str answers[3]; /* of the server, one after each time that it was spoken to; the first before it was */
	enum probe_talk_result result;
	const char *said; /* in what was sent; "" for nothing */
};

#define BYTES(text) {text, sizeof text - 1}

static const struct exchange_row rows[] = {
	{"redis", CONFIG_CHECK_REDIS, "", "", {{NULL, 0}, BYTES("+PONG\r\n")}, PROBE_TALK_DONE, "$4\r\nPING\r\n"},
	{"redis loads", CONFIG_CHECK_REDIS, "", "", {{NULL, 0}, BYTES("-LOADING Redis\r\n")}, PROBE_TALK_BAD, "PING"},
	{"redis halts", CONFIG_CHECK_REDIS, "", "", {{NULL, 0}, BYTES("+PO")}, PROBE_TALK_MORE, "PING"},
	{"pgsql", CONFIG_CHECK_PGSQL, "", "", {{NULL, 0}, BYTES("R\0\0\0\010\0\0\0\003")}, PROBE_TALK_DONE, ""},
	{"pgsql starts", CONFIG_CHECK_PGSQL, "", "", {{NULL, 0}, BYTES("E\0\0\0\060SFATAL\0C57P03\0")}, PROBE_TALK_BAD, ""},
	{"mysql", CONFIG_CHECK_MYSQL, "", "", {BYTES("\112\0\0\0\0128.0.36\0")}, PROBE_TALK_DONE, NULL},
	{"mysql is full", CONFIG_CHECK_MYSQL, "", "", {BYTES("\027\0\0\0\377\020\004Too many")}, PROBE_TALK_BAD, ""},
	{"smtp", CONFIG_CHECK_SMTP, "", "", {BYTES("220-a\r\n220 b ESMTP\r\n"), BYTES("250 b\r\n")}, PROBE_TALK_DONE,
		"HELO localhost\r\nQUIT\r\n"},
	{"smtp is half here", CONFIG_CHECK_SMTP, "", "", {BYTES("220-a\r\n220 b")}, PROBE_TALK_MORE, ""},
	{"smtp refuses", CONFIG_CHECK_SMTP, "", "", {BYTES("554 no\r\n")}, PROBE_TALK_BAD, ""},
	{"smtp refuses later", CONFIG_CHECK_SMTP, "", "", {BYTES("220 b\r\n"), BYTES("421 b\r\n")}, PROBE_TALK_BAD, "HELO"},
	{"tcp sends", CONFIG_CHECK_TCP, "hello\n", "", {{NULL, 0}}, PROBE_TALK_DONE, "hello\n"},
	{"tcp listens", CONFIG_CHECK_TCP, "", "ready", {BYTES("not yet, but now ready")}, PROBE_TALK_DONE, ""},
	{"tcp both", CONFIG_CHECK_TCP, "ruok", "^imok$", {{NULL, 0}, BYTES("imok")}, PROBE_TALK_MORE, "ruok"},
	{"tcp both, wrong", CONFIG_CHECK_TCP, "ruok", "^imok", {{NULL, 0}, BYTES("not ok")}, PROBE_TALK_BAD, "ruok"},
};

static enum probe_talk_result run(const struct exchange_row *row, bool by_byte, bool ends, struct text *out)
{
	struct config_check conf = {.type = row->type, .send = row->send, .expect = row->expect};
	struct pattern_scratch *scratch = pattern_scratch_create();
	struct probe_script script;
	char error[256];
	cr_assert(probe_script_init(&script, &conf, error, sizeof error), "%s", error);
	struct probe_talk talk = {.script = &script};
	enum probe_talk_result result = probe_talk_go(&talk, scratch, false, out);
	for (size_t i = 0; i < 3; i++)
		for (size_t at = 0; at < row->answers[i].n && result == PROBE_TALK_MORE;) {
			size_t n = by_byte ? 1 : row->answers[i].n;
			memcpy(talk.data + talk.n, row->answers[i].p + at, n);
			talk.n += (uint32_t)n;
			at += n;
			result = probe_talk_go(&talk, scratch, false, out);
		}
	if (ends && result == PROBE_TALK_MORE)
		result = probe_talk_go(&talk, scratch, true, out);
	probe_script_end(&script);
	pattern_scratch_free(scratch);
	return result;
}

Test(probe_talk, decides_as_soon_as_it_can)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (int by_byte = 0; by_byte < 2; by_byte++) {
			struct text out = {0};
			enum probe_talk_result got = run(&rows[i], by_byte, false, &out);
			cr_expect_eq(got, rows[i].result, "%s: %d", rows[i].name, (int)got);
			if (rows[i].said && *rows[i].said)
				cr_expect(out.n && memmem(out.data, out.n, rows[i].said, strlen(rows[i].said)) != NULL, "%s",
					rows[i].name);
			else if (rows[i].said && rows[i].type != CONFIG_CHECK_PGSQL)
				cr_expect_eq(out.n, 0, "%s", rows[i].name);
			text_free(&out);
		}
}

/* The end of what a server says is what $ stands for. */
Test(probe_talk, an_end_decides)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct text out = {0};
		enum probe_talk_result result = run(&rows[i], false, true, &out);
		if (strcmp(rows[i].name, "tcp both") == 0)
			cr_expect_eq(result, PROBE_TALK_DONE);
		else
			cr_expect_eq(result, rows[i].result == PROBE_TALK_MORE ? PROBE_TALK_BAD : rows[i].result, "%s",
				rows[i].name);
		text_free(&out);
	}
}

/* Lengths that stand in the bytes themselves. */
Test(probe_talk, what_is_sent_is_well_formed)
{
	struct text out = {0};
	cr_assert_eq(run(&rows[3], false, false, &out), PROBE_TALK_DONE);
	cr_assert_eq(out.n, 18);
	cr_expect(memcmp(out.data, "\0\0\0\022\0\003\0\0user\0lbd\0\0", 18) == 0);
	out.n = 0;
	cr_assert_eq(run(&rows[5], false, false, &out), PROBE_TALK_DONE);
	cr_assert_eq(out.n, 4 + 37 + 5);
	cr_expect(out.data[0] == 37 && out.data[3] == 1 && memcmp(out.data + 4 + 32, "lbd\0\0", 5) == 0);
	cr_expect(memcmp(out.data + 4 + 37, "\001\0\0\0\001", 5) == 0);
	text_free(&out);
}

/* A server that drips costs a bounded number of looks, and is judged by the whole of it. */
Test(probe_talk, looks_are_bounded)
{
	static char text[300];
	memset(text, 'x', sizeof text - 1);
	memcpy(text + 290, "ready", 5);
	struct exchange_row row = {"drips", CONFIG_CHECK_TCP, "", "ready", {{text, sizeof text - 1}}, PROBE_TALK_MORE, ""};
	struct text out = {0};
	cr_expect_eq(run(&row, true, false, &out), PROBE_TALK_MORE);
	cr_expect_eq(run(&row, true, true, &out), PROBE_TALK_DONE);
	cr_expect_eq(run(&row, false, false, &out), PROBE_TALK_DONE);
	text_free(&out);
}

Test(probe_talk, a_wrong_pattern_is_refused)
{
	struct config_check conf = {.type = CONFIG_CHECK_TCP, .send = "x", .expect = "("};
	struct probe_script script;
	char error[256] = "";
	cr_expect_not(probe_script_init(&script, &conf, error, sizeof error));
	cr_expect(strstr(error, "pattern '('") != NULL, "%s", error);
}

#include "admin/cli.h"

#include "support/admin_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

struct cli_case {
	const char *name, *input, *output;
	bool end;  /* the client sends FIN behind it */
	bool open; /* the conversation goes on */
};

#define V "2.6.0-lbd0.1.0\n\n"
static const struct cli_case cli_cases[] = {
	{"one command", "show version\n", V, false, false},
	{"cr lf", "show version\r\n", V, false, false},
	{"half closed", "show version\n", V, true, false},
	{"nothing yet", "", "", false, true},
	{"end at once", "", "", true, false},
	{"end before the line does", "show version", "", true, false},
	{"unfinished line", "show ver", "", false, true},
	{"list", "show version;show cli level\n", V "admin\n\n", false, false},
	{"last separator", "show version;\n", V, false, false},
	{"lines in one write", "show version\nshow cli level\n", V "admin\n\n", false, false},
	{"line and a half", "show version\nshow cli", V, false, false},
	{"silent success", "disable agent app/a\n", "\n", false, false},
	{"extra words", "show version a b c\n", V, false, false},
	{"comment", "show version # x; show cli level\n", V, false, false},
	{"empty table", "show table\n", "\n", false, false},
	{"prompt", "prompt\n", "\n> ", false, true},
	{"prompt and more", "prompt;show version\n", "\n> " V "> ", false, true},
	{"prompt, then lines", "prompt\nshow version\nshow cli level\n", "\n> " V "> admin\n\n> ", false, true},
	{"prompt, list", "prompt\nshow version;show table\n", "\n> " V "> \n> ", false, true},
	{"prompt twice", "prompt\nprompt\nshow version\n", "\n> \n", false, false},
	{"prompt twice in a line", "prompt;prompt;show version\n", "\n> \n" V, false, false},
	{"prompt and end", "prompt\nshow version\n", "\n> " V "> ", true, false},
	{"quit", "quit\n", "", false, false},
	{"quit after a command", "show version;quit;show version\n", V, false, false},
	{"prompt, quit", "prompt\nquit\nshow version\n", "\n> ", false, false},
	{"lowered", "user;show cli level;set weight app/a 5;operator\n",
		"\nuser\n\nPermission denied\n\nPermission denied\n\n", false, false},
	{"denied before the arguments", "operator;set weight\n", "\nPermission denied\n\n", false, false},
	{"severity number", "set severity-output number;get weight app/z;show version\n",
		"\n[3]: No such server.\n\n" V, false, false},
	{"severity string", "set severity-output string;get weight app/z;disable agent app/a\n",
		"\n[err]: No such server.\n\n\n", false, false},
	{"ids", "get weight #3/#1;get weight app/#2;get weight #3/c\n",
		"100 (initial 100)\n\n50 (initial 50)\n\n1 (initial 1)\n\n", false, false},
};

static void cli_expect(const struct cli_case *c, size_t cut)
{
	struct fixture *f = fixture_create(false, 3);
	struct cli cli;
	size_t n = strlen(c->input);
	cli_init(&cli, &f->host, CONFIG_LEVEL_ADMIN, 1000000, (struct cli_peer){1, 2});
	cli_feed(&cli, c->input, cut);
	enum cli_state state = cli_run(&cli);
	if (cut < n && state != CLI_ENDED) {
		cli_feed(&cli, c->input + cut, n - cut);
		state = cli_run(&cli);
	}
	if (c->end) {
		cli_feed_end(&cli);
		state = cli_run(&cli);
	}
	/* Without the prompt, lines that come after the answer to the first are not read any more. */
	const char *line_end = strchr(c->input, '\n');
	bool ended_early = cut < n && line_end && cut > (size_t)(line_end - c->input) && strncmp(c->input, "prompt", 6);
	if (!ended_early) {
		cr_expect(str_equal(text_str(&cli.out), str_of(c->output)), "%s, cut at %zu: got '%.*s'", c->name, cut,
			(int)cli.out.n, cli.out.data);
		cr_expect_eq(state, c->open ? CLI_WANTS_INPUT : CLI_ENDED, "%s, cut at %zu: state %d", c->name, cut,
			(int)state);
	}
	cli_free(&cli);
	fixture_destroy(f);
}

Test(cli, framing_whole_and_cut_at_every_point)
{
	for (size_t i = 0; i < sizeof cli_cases / sizeof cli_cases[0]; i++)
		for (size_t cut = 0; cut <= strlen(cli_cases[i].input); cut++)
			cli_expect(&cli_cases[i], cut);
}

/* All of the answer to an input, in an own conversation of a level. */
static struct text cli_ask(struct fixture *f, enum config_level level, const char *input, enum cli_state *state)
{
	struct text all = {0};
	struct cli cli;
	enum cli_state s;
	cli_init(&cli, &f->host, level, 1000000, (struct cli_peer){1, 2});
	cli_feed(&cli, input, strlen(input));
	do {
		s = cli_run(&cli);
		cr_assert_leq(cli.out.n, COMMAND_OUTPUT_HIGH + COMMAND_ROW_MAX);
		text_add(&all, text_str(&cli.out));
		text_clear(&cli.out);
	} while (s == CLI_HAS_MORE);
	text_add_char(&all, '\0');
	cli_free(&cli);
	if (state)
		*state = s;
	return all;
}

Test(cli, unknown_commands)
{
	static const char *const inputs[] = {"\n", "bogus\n", "# only a comment\n", "Show stat\n", "sho stat\n"};
	struct fixture *f = fixture_create(false, 3);
	for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++) {
		struct text got = cli_ask(f, CONFIG_LEVEL_ADMIN, inputs[i], NULL);
		const char *tail = "closed and prompts";
		cr_expect_eq(strncmp(got.data, "Unknown command", 15), 0, "%s: %s", inputs[i], got.data);
		cr_expect_not_null(strstr(got.data, "  help [<command>]                        : "), "%s", tail);
		cr_expect_str_eq(strstr(got.data, "  quit "),
			"  quit                                    : ends the connection\n\n");
		text_free(&got);
	}
	struct text near = cli_ask(f, CONFIG_LEVEL_ADMIN, "show sta\n", NULL);
	cr_expect_not_null(strstr(near.data, "one of these may be meant"));
	cr_expect_not_null(strstr(near.data, "  show stat "));
	cr_expect_null(strstr(near.data, "  set server "), "%s", near.data);
	text_free(&near);
	fixture_destroy(f);
}

Test(cli, help_lists_all_or_some)
{
	struct fixture *f = fixture_create(false, 3);
	struct text all = cli_ask(f, CONFIG_LEVEL_USER, "help\n", NULL);
	cr_expect_not_null(strstr(all.data, "  set server "));
	cr_expect_null(strstr(all.data, "\n\n "), "an empty line inside");
	struct text some = cli_ask(f, CONFIG_LEVEL_USER, "help set\n", NULL);
	cr_expect_not_null(strstr(some.data, "  set server "));
	cr_expect_null(strstr(some.data, "  show stat "));
	text_free(&all);
	text_free(&some);
	fixture_destroy(f);
}

Test(cli, line_limit)
{
	struct fixture *f = fixture_create(false, 3);
	for (size_t n = CLI_LINE_MAX - 1; n <= CLI_LINE_MAX + 1; n++) {
		struct cli cli;
		char *line = malloc(n + 1);
		cr_assert_not_null(line);
		memset(line, 'x', n);
		line[n] = '\n';
		cli_init(&cli, &f->host, CONFIG_LEVEL_ADMIN, 1000000, (struct cli_peer){1, 2});
		cli_feed(&cli, line, n + 1);
		cr_expect_eq(cli_run(&cli), CLI_ENDED);
		cr_expect_eq(cli.out.n > 0, n <= CLI_LINE_MAX, "%zu bytes", n);
		cli_free(&cli);
		/* And without its end, in the pieces that a socket would read. */
		cli_init(&cli, &f->host, CONFIG_LEVEL_ADMIN, 1000000, (struct cli_peer){1, 2});
		for (size_t at = 0, piece; at < n; at += piece) {
			piece = cli_room(&cli) < n - at ? cli_room(&cli) : n - at;
			cr_assert_gt(piece, 0u);
			cli_feed(&cli, line + at, piece);
			cr_expect_eq(cli_run(&cli), at + piece > CLI_LINE_MAX ? CLI_ENDED : CLI_WANTS_INPUT);
		}
		cli_free(&cli);
		free(line);
	}
	fixture_destroy(f);
}

Test(cli, ten_thousand_servers_cost_one_buffer)
{
	struct fixture *f = fixture_create(false, 10000);
	static const char *const inputs[] = {
		"show stat\n", "show stat typed\n", "show stat json\n", "show servers state\n"};
	for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++) {
		enum cli_state state;
		struct text got = cli_ask(f, CONFIG_LEVEL_ADMIN, inputs[i], &state);
		cr_expect_eq(state, CLI_ENDED);
		cr_expect_not_null(strstr(got.data, "s9999"));
		cr_expect_eq(strcmp(got.data + got.n - 3, "\n\n"), 0);
		text_free(&got);
	}
	fixture_destroy(f);
}

Test(cli, many_commands_are_run_in_parts)
{
	struct fixture *f = fixture_create(false, 3);
	struct cli cli;
	int parts = 0;
	cli_init(&cli, &f->host, CONFIG_LEVEL_ADMIN, 1000000, (struct cli_peer){1, 2});
	for (int i = 0; i < 300; i++)
		cli_feed(&cli, "set weight app/a 7;", 19);
	cli_feed(&cli, "\n", 1);
	enum cli_state state;
	while ((state = cli_run(&cli)) == CLI_HAS_MORE)
		parts++;
	cr_expect_eq(state, CLI_ENDED);
	cr_expect_eq(cli.out.n, 300u);
	cr_expect_geq(parts, 300 / CLI_COMMANDS_A_RUN);
	cli_free(&cli);
	fixture_destroy(f);
}

Test(cli, unread_dump_survives_a_reload_that_removes_servers)
{
	struct fixture *f = fixture_create(false, 3000);
	struct cli cli;
	cli_init(&cli, &f->host, CONFIG_LEVEL_ADMIN, 1000000, (struct cli_peer){1, 2});
	cli_feed(&cli, "show stat\n", 10);
	cr_assert_eq(cli_run(&cli), CLI_HAS_MORE);
	uint32_t count = f->backends[0]->server_count;
	f->backends[0]->server_count = 2;
	f->proxies.backend_count = 1;
	text_clear(&cli.out);
	cr_expect_eq(cli_run(&cli), CLI_ENDED);
	f->backends[0]->server_count = count;
	f->proxies.backend_count = 2;
	cli_free(&cli);
	fixture_destroy(f);
}

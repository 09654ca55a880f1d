/* Parsing and the help, both from options.def (and keys.def: the help lists the keys, too). */
#include "app/args.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "view/ui.h"

enum args_option {
	ARGS_FIRST = 256,
#define OPTION(id, letter, name, argument, help) ARGS_##id,
#include "app/options.def"
#undef OPTION
	ARGS_END
};

struct args_row {
	char letter;
	const char *name, *argument, *help;
};

static const struct args_row args_rows[] = {
#define OPTION(id, c, long_name, value, text) {.letter = (c), .name = (long_name), .argument = (value), .help = (text)},
#include "app/options.def"
#undef OPTION
};

enum { ARGS_COUNT = ARGS_END - ARGS_FIRST - 1 };

static bool args_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

static bool args_fail(const char *format, ...)
{
	va_list list;

	fputs("lbtop: ", stderr);
	va_start(list, format);
	vfprintf(stderr, format, list);
	va_end(list);
	fputs("\nlbtop: see lbtop --help\n", stderr);
	return false;
}

void args_print_help(void)
{
	puts("Usage: lbtop [OPTION]...                   watch and operate a running lbd\n"
	     "       lbtop --once [--format=FORM]        print its state; exit 1 when something is wrong\n"
	     "       lbtop drain|maint|ready B/S...      change the state of servers\n"
	     "       lbtop weight B/S N                  set a weight: 50, 50%, +5, -5, =\n\nOptions:");
	for (int i = 0; i < ARGS_COUNT; i++) {
		char left[48];
		const struct args_row *row = &args_rows[i];
		snprintf(left, sizeof left, "%c%c%s --%s%s%s", row->letter ? '-' : ' ', row->letter ? row->letter : ' ',
			row->letter ? "," : " ", row->name, row->argument ? "=" : "",
			row->argument ? row->argument : "");
		printf("  %-23s %s\n", left, row->help);
	}
	puts("\nKeys:");
	for (int i = 0; i < UI_ACTION_COUNT; i++)
		printf("  %-14s %s\n", ui_keys[i].shown, ui_keys[i].help);
	puts("\nExit: 0 all good, 1 trouble found or refused, 2 no daemon, 3 usage, 4 terminal or output; 128+N after signal N.");
}

static bool args_parse_interval(struct args *args, const char *text)
{
	char *end;
	double seconds = strtod(text, &end);

	if (*text == '\0' || *end != '\0' || !(seconds >= 0.1 && seconds <= 3600))
		return args_fail("interval '%s': a number of seconds from 0.1 to 3600 is wanted, such as 0.5", text);
	args->interval_ms = (int64_t)(seconds * 1000 + 0.5);
	return true;
}

static bool args_parse_word(int *out, const char *option, const char *text, const char *const *words, int count)
{
	for (int i = 0; i < count; i++)
		if (strcmp(text, words[i]) == 0) {
			*out = i;
			return true;
		}
	return args_fail("%s '%s': %s, %s or %s is wanted", option, text, words[0], words[1], words[2]);
}

static bool args_parse_frame(struct args *args, const char *text)
{
	char rest;

	if (sscanf(text, "%dx%d%c", &args->frame_width, &args->frame_height, &rest) != 2 || args->frame_width < 1 ||
		args->frame_height < 1 || args->frame_width > GRID_SIDE_MAX || args->frame_height > GRID_SIDE_MAX)
		return args_fail(
			"frame '%s': WIDTHxHEIGHT is wanted, 1 to %d each, such as 80x24", text, GRID_SIDE_MAX);
	args->mode = MODE_FRAME;
	return true;
}

static bool args_take(struct args *args, int option, const char *value)
{
	static const char *const colours[] = {"auto", "always", "never"}, *const formats[] = {"table", "csv", "json"};
	int word = 0;

	switch (option) {
	case ARGS_SOCKET:
		args->socket = value;
		return true;
	case ARGS_INTERVAL:
		return args_parse_interval(args, value);
	case ARGS_READ_ONLY:
		return args->read_only = true;
	case ARGS_COLOR:
		if (!args_parse_word(&word, "color", value, colours, 3))
			return false;
		args->colour = (enum term_colour)word;
		return true;
	case ARGS_ASCII:
		return args->ascii = true;
	case ARGS_UTF8:
		return args->utf8 = true;
	case ARGS_ONCE:
		args->mode = MODE_ONCE;
		return true;
	case ARGS_FORMAT:
		if (!args_parse_word(&word, "format", value, formats, 3))
			return false;
		args->format = (enum args_format)word;
		return true;
	case ARGS_FRAME:
		return args_parse_frame(args, value);
	case ARGS_FROM:
		args->from = value;
		return true;
	case ARGS_YES:
		return args->yes = true;
	case ARGS_VERSION:
		args->mode = MODE_VERSION;
		return true;
	case ARGS_HELP:
		args->mode = MODE_HELP;
		return true;
	default:
		return false;
	}
}

/* The words after the options: a verb and its servers. */
static bool args_parse_verb(struct args *args, int count, char **words)
{
	if (count == 0)
		return true;
	args->verb = verb_find(words[0]);
	if (args->verb == VERB_COUNT)
		return args_fail("'%s': drain, maint, ready or weight is wanted", words[0]);
	args->mode = MODE_VERB;
	args->targets = words + 1;
	args->target_count = count - 1;
	if (args->verb == VERB_WEIGHT && count > 2) {
		args->weight = words[count - 1];
		args->target_count--;
	}
	if (args->target_count < 1 || (args->verb == VERB_WEIGHT && !args->weight))
		return args_fail(
			"%s: BACKEND/SERVER%s is wanted", words[0], args->verb == VERB_WEIGHT ? " and a weight" : "");
	for (int i = 0; i < args->target_count; i++)
		if (!strchr(args->targets[i], '/'))
			return args_fail("'%s': BACKEND/SERVER is wanted", args->targets[i]);
	return args->read_only ? args_fail("%s does not go with --read-only", words[0]) : true;
}

bool args_parse(struct args *args, int argc, char **argv)
{
	struct option options[ARGS_COUNT + 1] = {0};
	char letters[2 * ARGS_COUNT + 2] = ":", *end = letters + 1;
	const char *environment = getenv("LBD_SOCKET");
	int option;

	*args = (struct args){
		.socket = environment && *environment ? environment : "/run/lbd/lbd.sock", .interval_ms = 1000};
	for (int i = 0; i < ARGS_COUNT; i++) {
		const struct args_row *row = &args_rows[i];
		options[i] = (struct option){
			row->name, row->argument ? required_argument : no_argument, NULL, ARGS_FIRST + 1 + i};
		if (row->letter)
			*end++ = row->letter;
		if (row->letter && row->argument)
			*end++ = ':';
	}
	opterr = 0;
	while ((option = getopt_long(argc, argv, letters, options, NULL)) != -1) {
		if (option == '?')
			return args_fail("option '%s' is not known", argv[optind - 1]);
		if (option == ':')
			return args_fail("option '%s' needs a value", argv[optind - 1]);
		for (int i = 0; option < ARGS_FIRST && i < ARGS_COUNT; i++)
			if (args_rows[i].letter == option)
				option = ARGS_FIRST + 1 + i;
		if (!args_take(args, option, optarg))
			return false;
		if (args->mode == MODE_HELP || args->mode == MODE_VERSION)
			return true;
	}
	if (args->ascii && args->utf8)
		return args_fail("--ascii and --utf8 exclude each other");
	if ((args->mode == MODE_FRAME) != (args->from != NULL))
		return args_fail("--frame and --from go together");
	return args_parse_verb(args, argc - optind, argv + optind);
}

/* Parses the command line by hand: getopt keeps globals and prints by itself. Options and servers may be mixed; "--"
 * ends the options; -cq is -c -q; -fFILE, -f FILE, --file=FILE and --file FILE are the same. */
#include "config.h"

#include "app/arguments.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum argument_id {
#define ARGUMENT(short, long, value, id, help) ARGUMENT_##id,
#include "app/arguments.def"
	ARGUMENT_COUNT
};

struct argument {
	char letter;
	const char *word, *value, *help;
};

static const struct argument argument_rows[ARGUMENT_COUNT] = {
#define ARGUMENT(short, long, value, id, help) [ARGUMENT_##id] = {short, long, value, help},
#include "app/arguments.def"
};

static const char *const argument_lists[] = {"options", "algorithms", "counters", "commands", "reasons"};
static const uint32_t argument_list_count = sizeof(argument_lists) / sizeof(*argument_lists);

struct argument_parser {
	int argc, at; /* at: the next word */
	char **argv;
	struct arguments *out;
	struct text *message;
	enum arguments_result result; /* RUN while nothing else was asked for */
	bool ended;                   /* -h, -v, an error: nothing more is looked at */
};

/* ---- texts ---- */

void arguments_write_version(struct text *out)
{
	text_add_c(out, PACKAGE_NAME " " PACKAGE_VERSION "\n");
}

void arguments_write_build(struct text *out, const char *const *libraries, uint32_t count)
{
	arguments_write_version(out);
	text_add_c(out, "build: " LBD_BUILD_OPTIONS "\nplugins: " LBD_PLUGIN_DIR "\nlibraries:");
	for (uint32_t i = 0; i < count; i++)
		text_format(out, "%s %s", i ? "," : "", libraries[i]);
	text_add_char(out, '\n');
}

void arguments_write_help(struct text *out)
{
	text_add_c(out, "Usage: lbd -f FILE [-c] [-q] [-D] [-p PIDFILE] [-x SOCKET] [-L DIR]...\n"
			"       lbd -b ADDRESS [-a ALGORITHM] [-s SOCKET] SERVER...\n"
			"SERVER is HOST:PORT or http://HOST:PORT, with an optional *WEIGHT.\n\n");
	for (uint32_t i = 0; i < ARGUMENT_COUNT; i++) {
		const struct argument *row = &argument_rows[i];
		struct text words = {0};
		if (row->letter)
			text_format(&words, "-%c, ", row->letter);
		else
			text_add_c(&words, "    ");
		text_format(&words, "--%s%s%s", row->word, *row->value ? "=" : "", row->value);
		text_format(out, "  %-26.*s %s\n", (int)words.n, words.n ? words.data : "", row->help);
		text_free(&words);
	}
}

/* ---- one option ---- */

static void argument_end(struct argument_parser *p, enum arguments_result result)
{
	p->result = result;
	p->ended = true;
}

static void LBD_PRINTF(2, 3) argument_fail(struct argument_parser *p, const char *format, ...)
{
	char why[512];
	va_list values;
	if (p->ended)
		return;
	va_start(values, format);
	vsnprintf(why, sizeof(why), format, values);
	va_end(values);
	text_format(p->message, "lbd: %s (lbd --help explains all options)\n", why);
	argument_end(p, ARGUMENTS_ERROR);
}

static void argument_set_once(
	struct argument_parser *p, const char **field, const struct argument *row, const char *value)
{
	if (*field)
		argument_fail(p, "-%c is given twice; one is allowed", row->letter);
	*field = value;
}

static void argument_set_list(struct argument_parser *p, const char *value)
{
	for (uint32_t i = 0; i < argument_list_count; i++)
		if (strcmp(argument_lists[i], value) == 0) {
			p->out->list = value;
			p->result = ARGUMENTS_LIST;
			return;
		}
	argument_fail(
		p, "--list=%s: there is no such list; use options, algorithms, counters, commands or reasons", value);
}

static void argument_apply(struct argument_parser *p, enum argument_id id, const char *value)
{
	struct arguments *out = p->out;
	const struct argument *row = &argument_rows[id];
	switch (id) {
	case ARGUMENT_FILE:
		argument_set_once(p, &out->file, row, value);
		break;
	case ARGUMENT_CHECK:
		out->check = true;
		p->result = ARGUMENTS_CHECK;
		break;
	case ARGUMENT_QUIET:
		out->quiet = true;
		break;
	case ARGUMENT_DETACH:
		out->detach = true;
		break;
	case ARGUMENT_PIDFILE:
		argument_set_once(p, &out->pidfile, row, value);
		break;
	case ARGUMENT_TAKEOVER:
		argument_set_once(p, &out->takeover, row, value);
		break;
	case ARGUMENT_PLUGINS:
		if (value[0] != '/')
			argument_fail(p, "-L %s: a directory of plugins is named by an absolute path", value);
		out->plugin_dirs[out->plugin_dir_count++] = value;
		break;
	case ARGUMENT_BIND:
		argument_set_once(p, &out->bind, row, value);
		break;
	case ARGUMENT_ALGORITHM:
		argument_set_once(p, &out->algorithm, row, value);
		break;
	case ARGUMENT_SOCKET:
		argument_set_once(p, &out->socket, row, value);
		break;
	case ARGUMENT_DUMP:
		p->result = ARGUMENTS_DUMP;
		break;
	case ARGUMENT_LIST:
		argument_set_list(p, value);
		break;
	case ARGUMENT_VERSION:
		arguments_write_version(p->message);
		argument_end(p, ARGUMENTS_TEXT);
		break;
	case ARGUMENT_BUILD:
		argument_end(p, ARGUMENTS_BUILD);
		break;
	case ARGUMENT_HELP:
		arguments_write_help(p->message);
		argument_end(p, ARGUMENTS_TEXT);
		break;
	case ARGUMENT_COUNT:
		break;
	}
}

static const char *argument_next_word(struct argument_parser *p, const char *option)
{
	if (p->at < p->argc && p->argv[p->at][0] != '\0')
		return p->argv[p->at++];
	argument_fail(p, "%s needs a value", option);
	return NULL;
}

/* ---- one word ---- */

/* -cqfFILE: letters, the first of which that takes a value takes the rest. */
static void argument_read_letters(struct argument_parser *p, const char *letters)
{
	for (; *letters && !p->ended; letters++) {
		char shown[3] = {'-', *letters, '\0'};
		uint32_t id = 0;
		while (id < ARGUMENT_COUNT && argument_rows[id].letter != *letters)
			id++;
		if (id == ARGUMENT_COUNT) {
			argument_fail(p, "unknown option %s", shown);
		} else if (!*argument_rows[id].value) {
			argument_apply(p, id, NULL);
		} else {
			const char *value = letters[1] ? letters + 1 : argument_next_word(p, shown);
			if (value)
				argument_apply(p, id, value);
			return;
		}
	}
}

static void argument_read_word(struct argument_parser *p, const char *text)
{
	struct str word = str_make(text + 2, strcspn(text + 2, "="));
	const char *value = word.p[word.n] == '=' ? word.p + word.n + 1 : NULL;
	uint32_t id = 0;
	while (id < ARGUMENT_COUNT && !str_equal(word, str_of(argument_rows[id].word)))
		id++;
	if (id == ARGUMENT_COUNT) {
		argument_fail(p, "unknown option %s", text);
	} else if (!*argument_rows[id].value) {
		if (value)
			argument_fail(p, "--%s takes no value", argument_rows[id].word);
		else
			argument_apply(p, id, NULL);
	} else {
		if (value && !*value)
			argument_fail(p, "--%s needs a value", argument_rows[id].word);
		else if (value || (value = argument_next_word(p, text)))
			argument_apply(p, id, value);
	}
}

/* ---- all of it ---- */

/* Which options need which others. */
static void argument_check(struct argument_parser *p)
{
	const struct arguments *a = p->out;
	if (p->result != ARGUMENTS_RUN && a->takeover)
		argument_fail(p, "-x is for a daemon that is to run; leave it out here");
	if (p->result == ARGUMENTS_LIST)
		return;
	if (a->file && a->bind)
		argument_fail(p, "-f and -b exclude each other; give a file, or an address and servers");
	else if (!a->file && !a->bind && a->server_count > 0)
		argument_fail(p, "\"%s\" is a server without -b; give -b ADDRESS, or -f FILE", a->servers[0]);
	else if (!a->file && !a->bind)
		argument_fail(p, "no configuration; give -f FILE, or -b ADDRESS and servers");
	else if (a->file && a->server_count > 0)
		argument_fail(p, "unexpected \"%s\"; with -f, servers stand in the file", a->servers[0]);
	else if (a->file && (a->algorithm || a->socket))
		argument_fail(p, "%s is for -b only; with -f it stands in the file", a->algorithm ? "-a" : "-s");
	else if (a->bind && a->server_count == 0)
		argument_fail(p, "-b needs servers, such as 127.0.0.1:9001");
}

enum arguments_result arguments_parse(int argc, char **argv, struct arguments *out, struct text *message)
{
	struct argument_parser p = {argc, 1, argv, out, message, ARGUMENTS_RUN, false};
	size_t most = argc > 0 ? (size_t)argc : 1;
	bool options = true;
	*out = (struct arguments){0};
	out->plugin_dirs = calloc(most, sizeof(*out->plugin_dirs));
	out->servers = calloc(most, sizeof(*out->servers));
	if (!out->plugin_dirs || !out->servers) {
		text_add_c(message, "lbd: out of memory\n");
		return ARGUMENTS_ERROR;
	}
	while (p.at < argc && !p.ended) {
		const char *text = argv[p.at++];
		if (options && strcmp(text, "--") == 0)
			options = false;
		else if (options && strncmp(text, "--", 2) == 0)
			argument_read_word(&p, text);
		else if (options && text[0] == '-' && text[1])
			argument_read_letters(&p, text + 1);
		else
			out->servers[out->server_count++] = text;
	}
	if (!p.ended)
		argument_check(&p);
	return p.result;
}

void arguments_free(struct arguments *a)
{
	free(a->plugin_dirs);
	free(a->servers);
	*a = (struct arguments){0};
}

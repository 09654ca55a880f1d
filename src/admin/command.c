/* The table of commands: finding the one that a line means, the lists of help, and what all commands share. */
#include "admin/command.h"

#include <stdarg.h>
#include <stdio.h>

static const struct command command_rows[] = {
#define COMMAND(words, level, usage, function, help) {words, CONFIG_LEVEL_##level, usage, help, function},
#include "admin/commands.def"
#undef COMMAND
};

enum { COMMAND_ROWS = sizeof command_rows / sizeof command_rows[0], COMMAND_LAST_ROWS = 3, COMMAND_LOGGED_MAX = 256 };

const char *command_level_word(enum config_level level)
{
	static const char *const words[] = {"user", "operator", "admin"};
	return words[level];
}

/* Cuts the next word off a row's words. */
static bool command_next_word(struct str *rest, struct str *word)
{
	if (!rest->n)
		return false;
	const char *blank = memchr(rest->p, ' ', rest->n);
	size_t n = blank ? (size_t)(blank - rest->p) : rest->n;
	*word = str_make(rest->p, n);
	*rest = blank ? str_make(blank + 1, rest->n - n - 1) : str_make(rest->p, 0);
	return true;
}

/* How many words of the row the line begins with; all of them, or 0. */
static uint32_t command_match(const struct command *command, const struct command_words *words)
{
	struct str rest = str_of(command->words), word;
	uint32_t n = 0;
	while (command_next_word(&rest, &word)) {
		if (n == words->count || !str_equal(words->at[n], word))
			return 0;
		n++;
	}
	return n;
}

const struct command *command_find(const struct command_words *words)
{
	const struct command *best = NULL;
	uint32_t best_words = 0;
	for (const struct command *row = command_rows; row < command_rows + COMMAND_ROWS; row++) {
		uint32_t n = command_match(row, words);
		if (n > best_words) {
			best = row;
			best_words = n;
		}
	}
	return best;
}

/* Changes (insert, drop, replace) that make b of a, by rows of the usual table; a cap keeps it cheap. */
static unsigned command_distance(struct str a, struct str b)
{
	enum { LONGEST = 24 };
	unsigned row[LONGEST + 1];
	if (a.n > LONGEST || b.n > LONGEST)
		return LONGEST;
	for (size_t j = 0; j <= b.n; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; i <= a.n; i++) {
		unsigned corner = row[0];
		row[0] = (unsigned)i;
		for (size_t j = 1; j <= b.n; j++) {
			unsigned replace = corner + (a.p[i - 1] != b.p[j - 1]);
			corner = row[j];
			unsigned shorter = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
			row[j] = replace < shorter ? replace : shorter;
		}
	}
	return row[b.n];
}

/* Near: each word of the row is begun by the line's, or at most two changes from it. */
static bool command_is_near(const struct command *command, const struct command_words *words)
{
	struct str rest = str_of(command->words), word;
	for (uint32_t n = 0; command_next_word(&rest, &word); n++) {
		if (n == words->count)
			return n > 0;
		struct str given = words->at[n];
		bool begins = given.n && str_starts_with(word, given);
		if (!begins && (given.n < 3 || command_distance(given, word) > 2))
			return n > 0 && rest.n == 0 && words->count > n;
	}
	return true;
}

/* What the line asks for: each of its words begins the word of the row at its place. */
static bool command_begins(const struct command *command, const struct command_words *words)
{
	struct str rest = str_of(command->words), word;
	for (uint32_t n = 0; n < words->count; n++)
		if (!command_next_word(&rest, &word) || !str_starts_with(word, words->at[n]))
			return false;
	return true;
}

static void command_list_row(struct text *out, const struct command *row)
{
	text_format(out, "  %-40s: %s\n", row->usage, row->help);
}

/* Those that suit the words, or all; then the last ones. Returns how many did. */
static uint32_t command_list(struct text *out, const struct command_words *words,
	bool (*suits)(const struct command *command, const struct command_words *words))
{
	uint32_t listed = 0;
	for (const struct command *row = command_rows; row < command_rows + COMMAND_ROWS; row++) {
		bool last = row >= command_rows + COMMAND_ROWS - COMMAND_LAST_ROWS;
		bool wanted = !words || suits(row, words);
		listed += wanted && !last;
		if ((wanted || last) && out)
			command_list_row(out, row);
	}
	return listed;
}

static void command_add_severity(struct command_call *call, enum log_level level)
{
	static const char *const numbers[] = {"[3]: ", "[4]: ", "[5]: ", "[6]: ", "[7]: "};
	static const char *const names[] = {"[err]: ", "[warning]: ", "[notice]: ", "[info]: ", "[debug]: "};
	if (call->settings->severity == SEVERITY_NUMBER)
		text_add_c(call->out, numbers[level]);
	else if (call->settings->severity == SEVERITY_STRING)
		text_add_c(call->out, names[level]);
}

void command_answer_unknown(struct command_call *call)
{
	command_add_severity(call, LOG_LEVEL_INFO);
	if (call->words.count && command_list(NULL, &call->words, command_is_near)) {
		text_add_c(call->out, "Unknown command, but one of these may be meant:\n");
		command_list(call->out, &call->words, command_is_near);
	} else {
		text_add_c(call->out, "Unknown command. Please enter one of these:\n");
		command_list(call->out, NULL, NULL);
	}
}

enum command_result command_help(struct command_call *call)
{
	struct command_words asked = {.count = 0};
	for (uint32_t i = 1; i < call->words.count; i++)
		asked.at[asked.count++] = call->words.at[i];
	bool exact = command_list(NULL, &asked, command_begins),
	     some = exact || command_list(NULL, &asked, command_is_near);
	command_add_severity(call, LOG_LEVEL_INFO);
	text_add_c(call->out, "The following commands are valid at this level:\n");
	command_list(call->out, some ? &asked : NULL, exact ? command_begins : command_is_near);
	return COMMAND_DONE;
}

void admin_list_commands(struct text *out)
{
	for (const struct command *row = command_rows; row < command_rows + COMMAND_ROWS; row++)
		text_format(out, "%s\t%s\t%s\n", row->usage, command_level_word(row->level), row->help);
}

struct str command_word(const struct command_call *call, uint32_t index)
{
	return index < call->words.count ? call->words.at[index] : str_of("");
}

bool command_word_is(const struct command_call *call, uint32_t index, const char *word)
{
	return str_equal(command_word(call, index), str_of(word));
}

static LBD_PRINTF(3, 0) enum command_result
	command_say(struct command_call *call, enum log_level level, const char *format, va_list args)
{
	char line[512];
	vsnprintf(line, sizeof line, format, args);
	command_add_severity(call, level);
	text_add_c(call->out, line);
	text_add_char(call->out, '\n');
	return COMMAND_DONE;
}

enum command_result command_fail(struct command_call *call, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	command_say(call, LOG_LEVEL_ERROR, format, args);
	va_end(args);
	return COMMAND_DONE;
}

enum command_result command_notice(struct command_call *call, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	command_say(call, LOG_LEVEL_NOTICE, format, args);
	va_end(args);
	return COMMAND_DONE;
}

enum command_result command_changed(struct command_call *call)
{
	char line[COMMAND_LOGGED_MAX];
	size_t n = 0;
	for (uint32_t i = 0; i < call->words.count; i++) {
		struct str word = call->words.at[i];
		if (i && n < sizeof line)
			line[n++] = ' ';
		for (size_t j = 0; j < word.n && n < sizeof line; j++)
			line[n++] = word.p[j] >= ' ' && word.p[j] < 0x7f ? word.p[j] : '?';
	}
	if (call->host->log)
		log_write(call->host->log, LOG_LEVEL_NOTICE, "Socket command by pid %d uid %u: %.*s", call->peer.pid,
			call->peer.uid, (int)n, line);
	return COMMAND_DONE;
}

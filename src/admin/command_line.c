#include "admin/command_line.h"

static bool command_line_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool command_line_is_comment(const char *line, size_t size, size_t at)
{
	return line[at] == '#' && !(at + 1 < size && line[at + 1] >= '0' && line[at + 1] <= '9');
}

/* Copies one word over itself without its escapes; returns where it ended. */
static size_t command_line_word(char *line, size_t size, size_t at, struct str *word)
{
	char *to = line + at;
	*word = str_make(to, 0);
	while (at < size && !command_line_is_blank(line[at]) && line[at] != ';') {
		if (line[at] == '\\' && at + 1 < size)
			at++;
		*to++ = line[at++];
		word->n++;
	}
	return at;
}

bool command_line_next(char *line, size_t size, size_t *offset, struct command_words *out)
{
	size_t at = *offset;
	*out = (struct command_words){.count = 0};
	if (at >= size)
		return false;
	while (at < size && line[at] != ';') {
		struct str word;
		if (command_line_is_blank(line[at])) {
			at++;
			continue;
		}
		if (command_line_is_comment(line, size, at)) {
			at = size;
			break;
		}
		at = command_line_word(line, size, at, &word);
		if (out->count < COMMAND_WORDS_MAX)
			out->at[out->count++] = word;
	}
	*offset = at < size ? at + 1 : size;
	return true;
}

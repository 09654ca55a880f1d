/* The command line. */
#ifndef TUI_APP_ARGS_H
#define TUI_APP_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/action.h"
#include "term/term.h"

enum exit_code { EXIT_GOOD = 0, EXIT_TROUBLE = 1, EXIT_UNREACHABLE = 2, EXIT_USAGE = 3, EXIT_TERMINAL = 4 };

enum args_format { FORMAT_TABLE, FORMAT_CSV, FORMAT_JSON };

enum args_mode { MODE_WATCH, MODE_ONCE, MODE_FRAME, MODE_VERB, MODE_VERSION, MODE_HELP };

struct args {
	enum args_mode mode;
	const char *socket;
	int64_t interval_ms;
	bool read_only, ascii, utf8, yes;
	enum term_colour colour;
	enum args_format format;
	int frame_width, frame_height;
	const char *from;
	enum verb verb;
	const char *weight; /* of VERB_WEIGHT */
	char **targets;     /* "backend/server" */
	int target_count;
};

/* Reads argv into args. False after a message on stderr: the exit code is EXIT_USAGE. */
bool args_parse(struct args *args, int argc, char **argv);
void args_print_help(void);

#endif

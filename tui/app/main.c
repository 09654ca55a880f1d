/* lbtop: arguments, locale, and which of its three lives to lead: a console, one answer, or one action. */
#include "config.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/args.h"
#include "app/batch.h"
#include "app/watch.h"

/* Numbers keep their point (LC_NUMERIC is never set). --utf8 in a locale without it borrows C.UTF-8's characters. */
static bool main_set_locale(const struct args *args)
{
	setlocale(LC_CTYPE, "");
	bool utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	if (args->utf8 && !utf8)
		setlocale(LC_CTYPE, "C.UTF-8");
	return args->utf8 || (utf8 && !args->ascii);
}

/* A probe that reads half of what was to be written must not take it for the whole. */
static int main_flush(int code)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return code;
	fprintf(stderr, "lbtop: cannot write to standard output: %s\n", strerror(errno));
	return EXIT_TERMINAL;
}

static int main_run(const struct args *args, bool utf8)
{
	switch (args->mode) {
	case MODE_HELP:
		args_print_help();
		return main_flush(EXIT_GOOD);
	case MODE_VERSION:
		puts("lbtop " PACKAGE_VERSION);
		return main_flush(EXIT_GOOD);
	case MODE_ONCE:
		return main_flush(batch_once(args));
	case MODE_FRAME:
		return main_flush(batch_frame(args, utf8));
	case MODE_VERB:
		return main_flush(batch_verb(args));
	case MODE_WATCH:
		break;
	}
	return watch_run(args, utf8);
}

int main(int argc, char **argv)
{
	struct args args;

	if (!args_parse(&args, argc, argv))
		return EXIT_USAGE;
	bool utf8 = main_set_locale(&args);
	if (args.mode == MODE_WATCH && !isatty(STDOUT_FILENO))
		args.mode = MODE_ONCE;
	return main_run(&args, utf8);
}

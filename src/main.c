/* lbd: arguments, start, stop. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/app.h"
#include "app/arguments.h"
#include "app/build.h"
#include "app/confine.h"
#include "app/lists.h"
#include "config/config.h"
#include "net/loop.h"
#include "net/name_table.h"
#include "rules/pattern.h"

static struct config *main_load(const struct arguments *a, struct text *messages)
{
	if (a->file)
		return config_load(a->file, messages);
	return config_from_arguments(a->bind, a->algorithm, a->socket, a->servers, a->server_count, messages);
}

/* Returns the exit status: a script that reads half a list must be able to know. */
static int main_print(const struct text *text, FILE *stream)
{
	if (!text->n || (fwrite(text->data, 1, text->n, stream) == text->n && fflush(stream) == 0))
		return 0;
	fprintf(stderr, "lbd: cannot write to standard output: %s\n", strerror(errno));
	return 1;
}

/* Loads and checks all that can be checked without binding; what was found is on stderr. */
static struct config *main_check(const struct arguments *a, struct name_table *names)
{
	struct text messages = {0};
	struct config *config = main_load(a, &messages);
	struct algorithm_loader *loader = config ? build_loader(config, a->plugin_dirs, a->plugin_dir_count) : NULL;
	bool good = config && loader && build_check(config, loader, names, &messages);
	if (config && !(confine_check(config, &messages) && good)) {
		config_free(config);
		config = NULL;
	}
	if (loader)
		algorithm_loader_destroy(loader);
	(void)main_print(&messages, stderr);
	text_free(&messages);
	return config;
}

static int main_with_config(enum arguments_result what, const struct arguments *a)
{
	struct text out = {0};
	struct name_table *names = name_table_create();
	struct config *config = main_check(a, names);
	int status = config ? 0 : 1;
	if (!config)
		;
	else if (what == ARGUMENTS_RUN)
		status = app_run(config, a, names);
	else if (what == ARGUMENTS_DUMP)
		config_dump(config, &out);
	else if (!a->quiet)
		text_add_c(&out, "Configuration file is valid\n");
	status |= main_print(&out, stdout);
	text_free(&out);
	config_free(config);
	name_table_free(names);
	return status;
}

int main(int argc, char **argv)
{
	struct arguments arguments;
	struct text text = {0};
	enum arguments_result what = arguments_parse(argc, argv, &arguments, &text);
	int status = what == ARGUMENTS_ERROR ? 1 : 0;
	if (what == ARGUMENTS_LIST)
		lists_write(&arguments, &text);
	if (what == ARGUMENTS_BUILD) {
		char libev[32], pcre2[64];
		const char *libraries[] = {loop_library_version(libev, sizeof libev),
			pattern_library_version(pcre2, sizeof pcre2), config_library_version()};
		arguments_write_build(&text, libraries, sizeof libraries / sizeof *libraries);
		text_format(&text, "patterns: jit=%s\n", pattern_why_no_jit() ? "no" : "yes");
		confine_describe_kernel(&text);
	}
	if (what == ARGUMENTS_RUN || what == ARGUMENTS_CHECK || what == ARGUMENTS_DUMP)
		status = main_with_config(what, &arguments);
	status |= main_print(&text, status ? stderr : stdout);
	arguments_free(&arguments);
	text_free(&text);
	return status;
}

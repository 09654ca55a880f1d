/* lbd: arguments, start, stop. */
#include "config.h"

#include <stdio.h>
#include <unistd.h>

#include "app/arguments.h"
#include "config/config.h"

static struct config *main_load(const struct arguments *a, struct text *messages)
{
	if (a->file)
		return config_load(a->file, messages);
	return config_from_arguments(a->bind, a->algorithm, a->socket, a->servers, a->server_count, messages);
}

static void main_print(const struct text *text, FILE *stream)
{
	fwrite(text->data, 1, text->n, stream);
	fflush(stream);
}

static int main_with_config(enum arguments_result what, const struct arguments *a)
{
	struct text messages = {0}, out = {0};
	struct config *config = main_load(a, &messages);
	if (config && what == ARGUMENTS_CHECK && !a->quiet)
		text_add_c(&out, "Configuration file is valid\n");
	if (config && what == ARGUMENTS_DUMP)
		config_dump(config, &out);
	main_print(&messages, stderr);
	main_print(&out, stdout);
	int status = config && !out.failed ? 0 : 1;
	config_free(config);
	text_free(&messages);
	text_free(&out);
	return status;
}

int main(int argc, char **argv)
{
	struct arguments arguments;
	struct text text = {0};
	const char *libraries[] = {config_library_version()};
	enum arguments_result what = arguments_parse(argc, argv, &arguments, &text);
	int status = what == ARGUMENTS_ERROR ? 1 : 0;
	if (what == ARGUMENTS_LIST)
		config_list_options(&text);
	if (what == ARGUMENTS_BUILD)
		arguments_write_build(&text, libraries, sizeof(libraries) / sizeof(*libraries));
	if (what == ARGUMENTS_RUN || what == ARGUMENTS_CHECK || what == ARGUMENTS_DUMP)
		status = main_with_config(what, &arguments);
	main_print(&text, status ? stderr : stdout);
	arguments_free(&arguments);
	text_free(&text);
	return status;
}

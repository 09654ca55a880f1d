#include "app/lists.h"

#include "admin/admin.h"
#include "app/build.h"
#include "config/config.h"
#include "proxy/reason.h"

struct lists_counter {
	const char *name, *objects, *help;
};

static const struct lists_counter lists_counters[] = {
#define COUNTER(id, objects, name, help) {name, objects, help},
#include "stats/counters.def"
#undef COUNTER
};

static void lists_write_counters(struct text *out)
{
	for (size_t i = 0; i < COUNTER_COUNT; i++)
		text_format(out, "%s\tcounter\t0\t%s\t%s\n", lists_counters[i].name, lists_counters[i].objects,
			lists_counters[i].help);
}

static void lists_write_reasons(struct text *out)
{
	for (enum reason r = 0; r < REASON_COUNT; r++)
		text_format(out, "%s\t%c\t%u\t%s\n", reason_word(r), reason_cause(r), reason_status(r), reason_help(r));
}

static void lists_write_algorithms(const struct arguments *arguments, struct text *out)
{
	struct algorithm_loader *loader = build_loader(NULL, arguments->plugin_dirs, arguments->plugin_dir_count);
	if (!loader)
		return;
	algorithm_list(loader, out);
	algorithm_loader_destroy(loader);
}

void lists_write(const struct arguments *arguments, struct text *out)
{
	struct str what = str_of(arguments->list);
	if (str_equal(what, str_of("options")))
		config_list_options(out);
	else if (str_equal(what, str_of("algorithms")))
		lists_write_algorithms(arguments, out);
	else if (str_equal(what, str_of("counters")))
		lists_write_counters(out);
	else if (str_equal(what, str_of("commands")))
		admin_list_commands(out);
	else
		lists_write_reasons(out);
}

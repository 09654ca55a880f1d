#include "app/build_addresses.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* One address and who wrote it. */
struct place {
	char key[ADDRESS_KEY_MAX]; /* the same for all spellings of one address */
	const char *what, *name, *text, *file;
	unsigned line;
	uint32_t order;
};

struct places_written {
	struct place *at;
	uint32_t count, capacity;
	struct text *messages;
	bool good;
};

static void written_say(struct places_written *w, const char *file, unsigned line, const char *kind,
	const char *format, ...) LBD_PRINTF(5, 6);

static void written_say(
	struct places_written *w, const char *file, unsigned line, const char *kind, const char *format, ...)
{
	char what[1024];
	va_list values;
	va_start(values, format);
	vsnprintf(what, sizeof what, format, values);
	va_end(values);
	text_add_c(w->messages, file);
	if (line)
		text_format(w->messages, ":%u", line);
	text_format(w->messages, ": %s: %s\n", kind, what);
	if (strcmp(kind, "error") == 0)
		w->good = false;
}

static void written_add(struct places_written *w, const struct address *a, struct place place)
{
	if (w->count == w->capacity) {
		uint32_t capacity = w->capacity ? w->capacity * 2 : 16;
		struct place *more = realloc(w->at, capacity * sizeof *more);
		if (!more) {
			w->good = false;
			return;
		}
		w->at = more;
		w->capacity = capacity;
	}
	place.order = w->count;
	address_write_key(a, place.key);
	w->at[w->count++] = place;
}

static int written_compare(const void *left, const void *right)
{
	const struct place *a = left, *b = right;
	int order = strcmp(a->key, b->key);
	return order ? order : (a->order > b->order) - (a->order < b->order);
}

/* Doubles stand side by side then, each behind the one that was written before it. */
static void written_sort(struct places_written *w)
{
	if (w->count > 1)
		qsort(w->at, w->count, sizeof *w->at, written_compare);
}

/* " (127.0.0.1:80)", where that is not what was written. */
static const char *written_meaning(const struct place *place, char out[ADDRESS_KEY_MAX + 16])
{
	const char *text = strncmp(place->text, "unix:", 5) == 0 ? place->text + 5 : place->text;
	*out = '\0';
	if (strcmp(place->key, text) != 0 && *text != '*')
		snprintf(out, ADDRESS_KEY_MAX + 16, " (%s)", place->key);
	return out;
}

/* ---- what listens ---- */

static void check_bind(
	struct places_written *w, const struct config_frontend *f, const struct config_address *bind, struct name_table *names)
{
	char why[256];
	struct address_list *list = name_table_resolve(names, bind->text, why, sizeof why);
	if (!list)
		written_say(w, bind->file, bind->line, "error", "bind of frontend '%s': %s", f->name, why);
	for (uint32_t i = 0; list && i < list->count; i++)
		if (list->at[i].as.any.sa_family == AF_UNIX || address_port(&list->at[i]))
			written_add(w, &list->at[i],
				(struct place){.what = "address",
					.text = bind->text,
					.file = bind->file,
					.line = bind->line});
	free(list);
}

static void check_stats_socket(struct places_written *w, const struct config_stats_socket *s)
{
	struct address a = {.as.local.sun_family = AF_UNIX};
	snprintf(a.as.local.sun_path, sizeof a.as.local.sun_path, "%s", s->path);
	written_add(w, &a,
		(struct place){.what = "stats socket", .text = s->path, .file = s->file, .line = s->line});
}

static void check_listeners(struct places_written *w, const struct config *config, struct name_table *names)
{
	char meaning[ADDRESS_KEY_MAX + 16];
	for (uint32_t i = 0; i < config->frontend_count; i++)
		for (uint32_t k = 0; k < config->frontends[i].bind_count; k++)
			check_bind(w, &config->frontends[i], &config->frontends[i].bind[k], names);
	for (uint32_t i = 0; i < config->global.stats_socket_count; i++)
		check_stats_socket(w, &config->global.stats_sockets[i]);
	written_sort(w);
	for (uint32_t i = 1; i < w->count; i++) {
		const struct place *first = &w->at[i - 1], *again = &w->at[i];
		if (strcmp(first->key, again->key) == 0)
			written_say(w, again->file, again->line, "error",
				"the %s \"%s\" is used twice%s; first at %s:%u", again->what, again->text,
				written_meaning(again, meaning), first->file, first->line);
	}
}

/* ---- servers ---- */

static void check_server(
	struct places_written *w, const struct config_backend *b, const struct config_server *s, struct name_table *names)
{
	char why[256];
	struct address_list *list = name_table_resolve(names, s->address.text, why, sizeof why);
	bool later = address_is_name(s->address.text);
	if (!list)
		written_say(w, s->address.file, s->address.line, later ? "warning" : "error", "server '%s/%s': %s%s",
			b->name, s->name, why, later ? "; it begins DOWN, and is looked up until it is known" : "");
	for (uint32_t i = 0; list && i < list->count; i++)
		written_add(w, &list->at[i],
			(struct place){.name = s->name,
				.text = s->address.text,
				.file = s->address.file,
				.line = s->address.line});
	free(list);
}

/* Legal, and wanted perhaps, for a test. Said once for a backend. */
static void check_servers(struct places_written *w, const struct config_backend *b, struct name_table *names)
{
	char meaning[ADDRESS_KEY_MAX + 16], more[48] = "";
	uint32_t doubles = 0, found = 0;
	w->count = 0;
	for (uint32_t i = 0; i < b->server_count; i++)
		check_server(w, b, &b->servers[i], names);
	written_sort(w);
	for (uint32_t i = 1; i < w->count; i++) {
		bool same = strcmp(w->at[i - 1].key, w->at[i].key) == 0;
		if (same && (!doubles++ || w->at[i].order < w->at[found].order))
			found = i;
	}
	if (!doubles)
		return;
	const struct place *first = &w->at[found - 1], *again = &w->at[found];
	if (doubles > 1)
		snprintf(more, sizeof more, "; %u more like it", (unsigned)(doubles - 1));
	written_say(w, again->file, again->line, "warning",
		"servers '%s' and '%s' of backend '%s' have one address, \"%s\"%s: one process gets the share of both%s",
		first->name, again->name, b->name, again->text, written_meaning(again, meaning), more);
}

bool build_check_addresses(const struct config *config, struct name_table *names, struct text *messages)
{
	struct places_written w = {.messages = messages, .good = true};
	check_listeners(&w, config, names);
	for (uint32_t i = 0; i < config->backend_count; i++)
		check_servers(&w, &config->backends[i], names);
	free(w.at);
	return w.good;
}

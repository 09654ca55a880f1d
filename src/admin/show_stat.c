/* show stat: one row after the other, so that neither the number of servers nor a client that reads slowly costs more
 * than one buffer. The order is HAProxy's: frontends, then each backend's servers and the backend itself. */
#include "admin/lookup.h"
#include "admin/stat_rows.h"
#include "stats/stat_write.h"

#include <stdio.h>
#include <stdlib.h>

enum { SHOW_STAT_FRONTENDS = 1, SHOW_STAT_BACKENDS = 2, SHOW_STAT_SERVERS = 4 };

struct show_stat_options {
	bool typed, json, descriptions, up, no_maint;
	int64_t proxy_id, types, server_id; /* -1: all */
};

struct show_stat_word {
	const char *word;
	size_t at; /* the bool in struct show_stat_options */
};

static const struct show_stat_word show_stat_words[] = {
	{"typed", offsetof(struct show_stat_options, typed)},
	{"json", offsetof(struct show_stat_options, json)},
	{"desc", offsetof(struct show_stat_options, descriptions)},
	{"up", offsetof(struct show_stat_options, up)},
	{"no-maint", offsetof(struct show_stat_options, no_maint)},
};

/* Sets the option that the word means; false: it means none. */
static bool show_stat_option(struct show_stat_options *options, struct str word)
{
	for (size_t i = 0; i < sizeof show_stat_words / sizeof show_stat_words[0]; i++)
		if (str_equal(word, str_of(show_stat_words[i].word))) {
			bool *option = (bool *)((char *)options + show_stat_words[i].at);
			*option = true;
			return true;
		}
	return false;
}

/* As atoi reads it: clients send what they like here. */
static int64_t show_stat_number(struct str word)
{
	bool negative = word.n && word.p[0] == '-';
	size_t at = negative, digits = at;
	uint64_t value = 0;
	while (digits < word.n && word.p[digits] >= '0' && word.p[digits] <= '9')
		digits++;
	if (!str_to_u64(str_make(word.p + at, digits - at), INT32_MAX, &value))
		return 0;
	return negative ? -(int64_t)value : (int64_t)value;
}

/* The number of a proxy by its name or number; 0: there is none. */
static int64_t show_stat_proxy(const struct command_call *call, struct str word)
{
	const struct frontend *f = lookup_frontend(call, word);
	const struct backend *b = lookup_backend(call, word);
	return f ? f->id : b ? b->id : show_stat_number(word);
}

/* False: there is no such proxy. */
static bool show_stat_parse(const struct command_call *call, struct show_stat_options *out)
{
	uint32_t at = 2;
	struct show_stat_options ignored = {0};
	*out = (struct show_stat_options){.proxy_id = -1, .types = -1, .server_id = -1};
	/* A filter is three words or none; "show stat typed desc up" is no filter. */
	bool keyword =
		show_stat_option(&ignored, command_word(call, 2)) && show_stat_option(&ignored, command_word(call, 3));
	if (call->words.count >= 5 && !keyword) {
		out->proxy_id = show_stat_proxy(call, command_word(call, 2));
		out->types = show_stat_number(command_word(call, 3));
		out->server_id = show_stat_number(command_word(call, 4));
		at = 5;
	}
	for (; at < call->words.count; at++)
		(void)show_stat_option(out, command_word(call, at));
	return out->proxy_id != 0;
}

static bool show_stat_wants(const struct show_stat_options *o, int64_t type, uint32_t proxy_id, int64_t server_id)
{
	return (o->types & type) && (o->proxy_id < 0 || o->proxy_id == proxy_id) &&
	       (server_id < 0 || o->server_id < 0 || o->server_id == server_id);
}

static bool show_stat_hides(const struct show_stat_options *o, const struct server *s)
{
	if (s->admin == SERVER_MAINT)
		return o->up || o->no_maint;
	return o->up && s->health == SERVER_UNHEALTHY;
}

static void show_stat_write(struct command_call *call, const struct show_stat_options *o, const struct stat_row *row)
{
	/* The comma of JSON stands before every row but the first; "[" alone was written in front of that. */
	if (o->json) {
		text_add_c(call->out, call->at.stage & 1 ? "," : "");
		call->at.stage |= 1;
		stat_write_json(call->out, row, o->descriptions);
	} else if (o->typed) {
		stat_write_typed(call->out, row, o->descriptions);
	} else {
		stat_write_csv(call->out, row);
	}
}

/* "UP (4/7)": how many of its servers run, when some are hidden. */
static void show_stat_count_running(const struct show_stat_options *o, const struct backend *b, struct stat_row *row)
{
	uint32_t running = 0;
	if ((!o->up && !o->no_maint) || !b->server_count)
		return;
	for (uint32_t i = 0; i < b->server_count; i++)
		running += b->servers[i]->admin != SERVER_MAINT && b->servers[i]->health != SERVER_UNHEALTHY;
	snprintf(row->status_buffer, sizeof row->status_buffer, "%s (%u/%u)", row->status, (unsigned)running,
		(unsigned)b->server_count);
	row->status = row->status_buffer;
}

static enum command_result show_stat_frontends(
	struct command_call *call, const struct show_stat_options *o, const struct stat_view *view)
{
	const struct proxies *p = call->host->proxies;
	struct stat_row row;
	for (; call->at.proxy < p->frontend_count; call->at.proxy++) {
		struct frontend *f = p->frontends[call->at.proxy];
		if (command_is_full(call))
			return COMMAND_MORE;
		if (!show_stat_wants(o, SHOW_STAT_FRONTENDS, f->id, 0))
			continue;
		stat_row_of_frontend(&row, f, view);
		show_stat_write(call, o, &row);
	}
	return COMMAND_DONE;
}

static enum command_result show_stat_backend(
	struct command_call *call, const struct show_stat_options *o, const struct stat_view *view, struct backend *b)
{
	struct stat_row row;
	for (; call->at.server < b->server_count; call->at.server++) {
		struct server *s = b->servers[call->at.server];
		if (command_is_full(call))
			return COMMAND_MORE;
		if (!show_stat_wants(o, SHOW_STAT_SERVERS, b->id, s->id) || show_stat_hides(o, s))
			continue;
		stat_row_of_server(&row, s, view);
		show_stat_write(call, o, &row);
	}
	if (command_is_full(call))
		return COMMAND_MORE;
	if (show_stat_wants(o, SHOW_STAT_BACKENDS, b->id, 0)) {
		stat_row_of_backend(&row, b, view);
		show_stat_count_running(o, b, &row);
		show_stat_write(call, o, &row);
	}
	call->at.server = 0;
	return COMMAND_DONE;
}

static struct stat_view show_stat_view(const struct command_call *call)
{
	struct process_info info = {0};
	call->host->process_info(call->host->context, &info);
	return (struct stat_view){.now_us = call->host->loop->now_us,
		.frontend_limit = info.maxconn,
		.full = call->settings->level > CONFIG_LEVEL_USER,
		.stopping = info.stopping};
}

/* stage: 2 the header was written, 4 the frontends are done; 1 see show_stat_write. */
enum command_result command_show_stat(struct command_call *call)
{
	const struct proxies *p = call->host->proxies;
	struct show_stat_options o;
	struct stat_view view = show_stat_view(call);
	if (!show_stat_parse(call, &o) && !(call->at.stage & 2))
		return command_fail(call, "No such proxy.");
	if (!(call->at.stage & 2)) {
		if (o.json)
			text_add_char(call->out, '[');
		else if (!o.typed)
			stat_write_csv_header(call->out);
		call->at.stage |= 2;
	}
	if (!(call->at.stage & 4)) {
		if (show_stat_frontends(call, &o, &view) == COMMAND_MORE)
			return COMMAND_MORE;
		call->at.stage |= 4;
		call->at.proxy = 0;
	}
	for (; call->at.proxy < p->backend_count; call->at.proxy++) {
		struct backend *b = p->backends[call->at.proxy];
		if (o.proxy_id >= 0 && o.proxy_id != b->id)
			continue;
		if (show_stat_backend(call, &o, &view, b) == COMMAND_MORE)
			return COMMAND_MORE;
	}
	if (o.json)
		text_add_c(call->out, "]\n");
	return COMMAND_DONE;
}

#include "admin/lookup.h"

/* "#5" is a number. */
static bool lookup_id(struct str name, uint64_t *id)
{
	return name.n > 1 && name.p[0] == '#' && str_to_u64(str_make(name.p + 1, name.n - 1), UINT32_MAX, id);
}

struct backend *lookup_backend(const struct command_call *call, struct str name)
{
	const struct proxies *proxies = call->host->proxies;
	uint64_t id;
	if (!lookup_id(name, &id))
		return proxies_find_backend(proxies, name);
	for (uint32_t i = 0; i < proxies->backend_count; i++)
		if (proxies->backends[i]->id == id)
			return proxies->backends[i];
	return NULL;
}

struct frontend *lookup_frontend(const struct command_call *call, struct str name)
{
	const struct proxies *proxies = call->host->proxies;
	uint64_t id;
	if (!lookup_id(name, &id))
		return proxies_find_frontend(proxies, name);
	for (uint32_t i = 0; i < proxies->frontend_count; i++)
		if (proxies->frontends[i]->id == id)
			return proxies->frontends[i];
	return NULL;
}

static struct server *lookup_member(struct backend *b, struct str name)
{
	uint64_t id;
	if (!lookup_id(name, &id))
		return backend_find_server(b, name);
	for (uint32_t i = 0; i < b->server_count; i++)
		if (b->servers[i]->id == id)
			return b->servers[i];
	return NULL;
}

struct server *lookup_server(struct command_call *call, uint32_t index)
{
	struct str word = command_word(call, index);
	const char *slash = word.n ? memchr(word.p, '/', word.n) : NULL;
	if (!slash) {
		command_fail(call, "Require 'backend/server'.");
		return NULL;
	}
	size_t n = (size_t)(slash - word.p);
	struct backend *b = lookup_backend(call, str_make(word.p, n));
	if (!b) {
		command_fail(call, "No such backend.");
		return NULL;
	}
	struct server *s = lookup_member(b, str_make(slash + 1, word.n - n - 1));
	if (!s)
		command_fail(call, "No such server.");
	return s;
}

enum command_result lookup_show_frontends(struct command_call *call, const char *header,
	bool (*show)(struct command_call *call, const struct frontend *frontend))
{
	const struct proxies *p = call->host->proxies;
	struct str name = command_word(call, 2);
	const struct frontend *only = name.n ? lookup_frontend(call, name) : NULL;
	if (name.n && !only)
		return command_fail(call, "No such frontend.");
	if (!call->at.stage++)
		text_add_c(call->out, header);
	for (; call->at.proxy < p->frontend_count; call->at.proxy++, call->at.server = 0)
		if ((!only || p->frontends[call->at.proxy] == only) && !show(call, p->frontends[call->at.proxy]))
			return COMMAND_MORE;
	return COMMAND_DONE;
}

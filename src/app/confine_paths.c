/* In a chroot the same file has another name. In the configuration all paths are those from outside; those that are
 * used while the daemon runs must lie below the chroot, and lose its name when it is entered. */
#include "app/confine.h"

#include <stdio.h>

size_t confine_jail_length(const char *jail)
{
	size_t n = strlen(jail);
	while (n && jail[n - 1] == '/')
		n--;
	return n;
}

const char *confine_inside(const char *jail, const char *path)
{
	size_t n = confine_jail_length(jail);
	return strncmp(path, jail, n) == 0 && path[n] == '/' ? path + n : NULL;
}

/* What stands in front of a path, and the path; NULL: this is none. */
static const char *confine_path_in(const char *text, const char *prefix)
{
	size_t n = strlen(prefix);
	return strncmp(text, prefix, n) == 0 && text[n] == '/' ? text + n : NULL;
}

static const char *confine_log_path(const char *target)
{
	return target[0] == '/' ? target : confine_path_in(target, "syslog:");
}

struct confine_visit {
	struct config *config;
	struct text *messages; /* NULL: paths become those inside */
	bool good;
};

static void confine_visit(
	struct confine_visit *v, const char **text, const char *path, const char *what, const char *file, unsigned line)
{
	const char *jail = v->config->global.chroot, *inside = path ? confine_inside(jail, path) : NULL;
	if (!path)
		return;
	if (v->messages && !inside) {
		char whole[1024];
		config_write_error(whole, sizeof whole, file, line,
			"%s %s is outside of global.chroot %s, where it can neither be made again nor removed; put it "
			"below",
			what, path, jail);
		text_format(v->messages, "%s\n", whole);
		v->good = false;
	} else if (!v->messages && inside) {
		size_t prefix = (size_t)(path - *text), n = strlen(inside);
		char *moved = arena_alloc(&v->config->arena, prefix + n + 1);
		v->good &= moved != NULL;
		if (!moved)
			return;
		memcpy(moved, *text, prefix);
		memcpy(moved + prefix, inside, n + 1);
		*text = moved;
	}
}

static void confine_visit_address(struct confine_visit *v, struct config_address *a, const char *what)
{
	confine_visit(v, &a->text, confine_path_in(a->text, "unix:"), what, a->file, a->line);
}

/* Targets of logs stay as they are written when the chroot is entered: the log knows its files by them. */
static void confine_visit_logs(struct confine_visit *v)
{
	struct config_log *log = &v->config->global.log;
	confine_visit(v, &log->target, confine_log_path(log->target), "log target", log->file, log->line);
	for (uint32_t i = 0; i < v->config->frontend_count; i++) {
		struct config_access_log *access = &v->config->frontends[i].access_log;
		if (access->format != CONFIG_ACCESS_LOG_OFF)
			confine_visit(v, &access->target, confine_log_path(access->target), "log target", access->file,
				access->line);
	}
}

static bool confine_visit_all(struct confine_visit *v)
{
	struct config *config = v->config;
	if (!config->global.chroot[0])
		return true;
	if (v->messages)
		confine_visit_logs(v);
	for (uint32_t i = 0; i < config->global.stats_socket_count; i++) {
		struct config_stats_socket *s = &config->global.stats_sockets[i];
		confine_visit(v, &s->path, s->path, "stats socket", s->file, s->line);
	}
	for (uint32_t i = 0; i < config->frontend_count; i++)
		for (uint32_t k = 0; k < config->frontends[i].bind_count; k++)
			confine_visit_address(v, &config->frontends[i].bind[k], "bind");
	for (uint32_t i = 0; i < config->backend_count; i++)
		for (uint32_t k = 0; k < config->backends[i].server_count; k++)
			confine_visit_address(v, &config->backends[i].servers[k].address, "server");
	return v->good;
}

bool confine_check_paths(struct config *config, struct text *messages)
{
	struct confine_visit v = {.config = config, .messages = messages, .good = true};
	return confine_visit_all(&v);
}

bool confine_enter_paths(struct config *config)
{
	struct confine_visit v = {.config = config, .good = true};
	return confine_visit_all(&v);
}

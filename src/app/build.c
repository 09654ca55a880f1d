#include "app/build.h"

#include "app/build_addresses.h"
#include "app/owner.h"
#include "backend/probe_target.h"
#include "base/text.h"
#include "config/options.h"
#include "proxy/upstream_idle.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* HAProxy numbers its proxies from 2. */
enum { BUILD_FIRST_ID = 2 };

/* A daemon that was built but not installed finds its plugins where the build left them. NULL: this one is installed.
 */
static char *build_tree_plugins(char *out, size_t size)
{
	static const char below[] = "/src/algorithms/.libs";
	ssize_t n = readlink("/proc/self/exe", out, size - sizeof below);
	char *slash = n > 0 ? memrchr(out, '/', (size_t)n) : NULL;
	if (!slash)
		return NULL;
	memcpy(slash, below, sizeof below);
	return access(out, X_OK) == 0 ? out : NULL;
}

struct algorithm_loader *build_loader(const struct config *config, const char *const *directories, uint32_t count)
{
	uint32_t total = count + (config ? config->global.plugin_path.count : 0);
	char tree[PATH_MAX];
	const char **all = calloc(total + 1, sizeof *all);
	if (!all)
		return NULL;
	for (uint32_t i = 0; i < count; i++)
		all[i] = directories[i];
	for (uint32_t i = count; i < total; i++)
		all[i] = config->global.plugin_path.at[i - count];
	all[total] = build_tree_plugins(tree, sizeof tree);
	struct algorithm_loader *loader = algorithm_loader_create(all, all[total] ? total + 1 : total);
	free(all);
	return loader;
}

struct build_near {
	const char *written;
	struct config_nearest best;
	char name[80]; /* the best one, whose entry is gone */
};

static void build_try_name(void *context, const char *name)
{
	struct build_near *near = context;
	const char *before = near->best.name;
	config_nearest_try(&near->best, near->written, name);
	if (near->best.name == before)
		return;
	snprintf(near->name, sizeof near->name, "%s", name);
	near->best.name = near->name;
}

/* ", did you mean ...?" when there is a file of a near name. */
static void build_suggest(const struct algorithm_loader *loader, const char *written, char *out, size_t size)
{
	struct build_near near = {.written = written};
	algorithm_each_name(loader, build_try_name, &near);
	if (near.best.name)
		snprintf(out, size, "; did you mean '%s'?", near.best.name);
}

static bool build_check_rules(const struct config *config, struct text *messages)
{
	bool good = true;
	for (uint32_t i = 0; i < config->frontend_count; i++) {
		struct ruleset *set = ruleset_compile(&config->frontends[i], messages);
		if (set)
			ruleset_warn(set, messages);
		else
			good = false;
		ruleset_free(set);
	}
	return good;
}

static bool build_complain(struct text *messages, const char *file, unsigned line, const char *format, ...)
	LBD_PRINTF(4, 5);

static bool build_complain(struct text *messages, const char *file, unsigned line, const char *format, ...)
{
	char what[2048], whole[4096];
	va_list values;
	va_start(values, format);
	vsnprintf(what, sizeof what, format, values);
	va_end(values);
	config_write_error(whole, sizeof whole, file, line, "%s", what);
	text_format(messages, "%s\n", whole);
	return false;
}

static bool build_check_logs(const struct config *config, struct text *messages)
{
	char why[1024];
	const struct config_log *log = &config->global.log;
	bool good = true;
	if (!log_target_check(log->target, why, sizeof why))
		good = build_complain(messages, log->file, log->line, "global.log.target: %s", why);
	for (uint32_t i = 0; i < config->frontend_count; i++) {
		const struct config_frontend *f = &config->frontends[i];
		if (!log_target_check(f->access_log.target, why, sizeof why))
			good = build_complain(messages, f->access_log.file, f->access_log.line,
				"access_log of frontend '%s': %s", f->name, why);
	}
	return good;
}

static bool build_check_algorithm(
	const struct config_backend *b, struct algorithm_loader *loader, struct text *messages)
{
	char error[1024];
	const char *file = b->algorithm.file ? b->algorithm.file : b->file;
	unsigned line = b->algorithm.line ? b->algorithm.line : b->line;
	const struct algorithm *algorithm = algorithm_load(loader, b->algorithm.name, error, sizeof error);
	if (!algorithm) {
		char hint[128] = "";
		build_suggest(loader, b->algorithm.name, hint, sizeof hint);
		return build_complain(messages, file, line, "backend '%s': %s%s", b->name, error, hint);
	}
	return backend_suits(b, algorithm, error, sizeof error) || build_complain(messages, file, line, "%s", error);
}

static bool build_check_owners(const struct config *config, struct text *messages)
{
	bool good = true;
	for (uint32_t i = 0; i < config->frontend_count; i++) {
		const struct config_frontend *f = &config->frontends[i];
		struct owner owner;
		char why[256];
		if (!owner_find(&owner, f->unix_socket.user, f->unix_socket.group, why, sizeof why))
			good = build_complain(
				messages, f->file, f->line, "unix_socket of frontend \"%s\": %s", f->name, why);
	}
	return good;
}

static bool build_check_plugin_path(const struct config *config, struct text *messages)
{
	bool good = true;
	for (uint32_t i = 0; i < config->global.plugin_path.count; i++)
		if (config->global.plugin_path.at[i][0] != '/')
			good = build_complain(messages, config->file, 0,
				"global.plugin_path: \"%s\" must be an absolute path", config->global.plugin_path.at[i]);
	return good;
}

bool build_check(
	const struct config *config, struct algorithm_loader *loader, struct name_table *names, struct text *messages)
{
	bool good = build_check_logs(config, messages);
	good &= build_check_owners(config, messages);
	good &= build_check_plugin_path(config, messages);
	good &= build_check_rules(config, messages);
	good &= build_check_addresses(config, names, messages);
	for (uint32_t i = 0; i < config->backend_count; i++) {
		const struct config_backend *b = &config->backends[i];
		char error[1024];
		good &= build_check_algorithm(b, loader, messages);
		if (!probe_target_check(b, error, sizeof error))
			good = build_complain(messages, b->check.file, b->check.line, "%s", error);
	}
	return good;
}

static bool build_frontend(struct proxies *p, const struct config_frontend *conf, uint32_t workers, struct log *log,
	char *error, size_t error_size)
{
	struct frontend *f = frontend_create(conf, BUILD_FIRST_ID + p->frontend_count, workers);
	if (!f) {
		snprintf(error, error_size, "lbd: memory is out");
		return false;
	}
	p->frontends[p->frontend_count++] = f;
	if (conf->access_log.format == CONFIG_ACCESS_LOG_OFF)
		return true;
	char why[512];
	f->access_sink = log_open_sink(log, conf->access_log.target, why, sizeof why);
	if (!f->access_sink)
		config_write_error(error, error_size, conf->access_log.file, conf->access_log.line,
			"access_log of frontend '%s': %s", conf->name, why);
	return f->access_sink != NULL;
}

static bool build_backend(struct proxies *p, const struct config_backend *conf, struct backend_host *host,
	struct algorithm_loader *loader, char *error, size_t error_size)
{
	const struct algorithm *algorithm = algorithm_load(loader, conf->algorithm.name, error, error_size);
	if (!algorithm)
		return false;
	uint32_t id = BUILD_FIRST_ID + p->frontend_count + p->backend_count;
	struct backend *b = backend_create(host, conf, id, algorithm, error, error_size);
	if (!b)
		return false;
	p->backends[p->backend_count++] = b;
	for (uint32_t i = 0; i < b->server_count; i++)
		if (!upstream_make_idle_lists(b->servers[i], host->workers)) {
			snprintf(error, error_size, "lbd: memory is out");
			return false;
		}
	return true;
}

/* Once the backends are there. */
static bool build_rules(struct proxies *p, const struct config_frontend *conf, struct frontend *f, uint32_t workers,
	char *error, size_t error_size)
{
	struct text messages = {0};
	if (!frontend_rules_wanted(conf))
		return true;
	struct frontend_rules *rules = frontend_rules_create(conf, p, &f->limits, workers, &messages);
	if (!rules)
		snprintf(error, error_size, "%.*s", messages.n ? (int)messages.n - 1 : 18,
			messages.n ? messages.data : "lbd: memory is out");
	atomic_store_explicit(&f->rules, rules, memory_order_release);
	text_free(&messages);
	return rules != NULL;
}

bool build_proxies(struct proxies *p, const struct config *config, struct backend_host *host,
	struct algorithm_loader *loader, struct log *log, char *error, size_t error_size)
{
	p->frontends = calloc(config->frontend_count + 1, sizeof(struct frontend *));
	p->backends = calloc(config->backend_count + 1, sizeof(struct backend *));
	if (!p->frontends || !p->backends) {
		snprintf(error, error_size, "lbd: memory is out");
		return false;
	}
	for (uint32_t i = 0; i < config->frontend_count; i++)
		if (!build_frontend(p, &config->frontends[i], host->workers, log, error, error_size))
			return false;
	for (uint32_t i = 0; i < config->backend_count; i++)
		if (!build_backend(p, &config->backends[i], host, loader, error, error_size))
			return false;
	for (uint32_t i = 0; i < config->frontend_count; i++) {
		struct backend *b = proxies_find_backend(p, str_of(config->frontends[i].default_backend));
		atomic_store_explicit(&p->frontends[i]->default_backend, b, memory_order_release);
		if (!build_rules(p, &config->frontends[i], p->frontends[i], host->workers, error, error_size))
			return false;
	}
	return true;
}

void build_free_proxies(struct proxies *p)
{
	for (uint32_t i = 0; i < p->backend_count; i++) {
		for (uint32_t k = 0; k < p->backends[i]->server_count; k++)
			upstream_free_idle_lists(p->backends[i]->servers[k]);
		backend_destroy(p->backends[i]);
	}
	for (uint32_t i = 0; i < p->frontend_count; i++)
		frontend_destroy(p->frontends[i]);
	free(p->backends);
	free(p->frontends);
	*p = (struct proxies){0};
}

/* Plugins are files that somebody else made: everything that can be known of one without running it is looked at first,
 * so that a wrong file ends in a sentence and not in a crash. */
#include "config.h"

#include "backend/algorithm_loader.h"

#include "backend/plugin_file.h"
#include "base/text.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ALGORITHM_NAME_MAX = 64, ALGORITHM_KNOWN = 2 * LBD_USES_WEIGHT - 1 };

struct algorithm_loaded {
	struct algorithm algorithm;
	struct algorithm_loaded *next;
	int fd; /* the linker knows the plugin as /proc/self/fd/N: that name must not become another file's */
	char path[]; /* algorithm.path */
};

struct algorithm_loader {
	char **directory;
	uint32_t directories;
	struct algorithm_loaded *loaded;
};

struct algorithm_loader *algorithm_loader_create(const char *const *directories, uint32_t count)
{
	struct algorithm_loader *loader = calloc(1, sizeof *loader);
	if (!loader)
		return NULL;
	loader->directory = calloc((size_t)count + 1, sizeof *loader->directory);
	bool whole = loader->directory != NULL;
	for (uint32_t i = 0; whole && i <= count; i++) {
		const char *from = i < count ? directories[i] : LBD_PLUGIN_DIR;
		loader->directory[i] = strdup(from);
		whole = loader->directory[i] != NULL;
		loader->directories += whole;
	}
	if (whole)
		return loader;
	algorithm_loader_destroy(loader);
	return NULL;
}

/* A sanitizer's report names no function of a library that is gone, and leaks in it cannot be told apart. */
static void algorithm_unload(void *handle, int fd)
{
#ifdef LBD_SANITIZED
	if (handle)
		return;
#endif
	if (handle)
		dlclose(handle);
	if (fd >= 0)
		close(fd);
}

void algorithm_loader_destroy(struct algorithm_loader *loader)
{
	if (!loader)
		return;
	for (struct algorithm_loaded *l = loader->loaded, *next; l; l = next) {
		next = l->next;
		algorithm_unload(l->algorithm.handle, l->fd);
		free(l);
	}
	for (uint32_t i = 0; i < loader->directories; i++)
		free(loader->directory[i]);
	free(loader->directory);
	free(loader);
}

static bool algorithm_name_valid(struct str name)
{
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];
		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'))
			return false;
	}
	return name.n > 0 && name.n <= ALGORITHM_NAME_MAX;
}

/* The first directory that has a file of this name, whatever that file is. */
static bool algorithm_find(const struct algorithm_loader *loader, const char *name, char *path, size_t path_size)
{
	struct stat st;
	for (uint32_t i = 0; i < loader->directories; i++) {
		int n = snprintf(path, path_size, "%s/%s.so", loader->directory[i], name);
		if (path[0] == '/' && n > 0 && (size_t)n < path_size && (stat(path, &st) == 0 || (errno != ENOENT && errno != ENOTDIR)))
			return true;
	}
	return false;
}

static void algorithm_say_not_found(
	const struct algorithm_loader *loader, const char *name, char *error, size_t error_size)
{
	struct text where = {0};
	for (uint32_t i = 0; i < loader->directories; i++)
		text_format(&where, "%s%s", i ? ", " : "", loader->directory[i]);
	snprintf(error, error_size,
		"algorithm '%s' was not found: no file %s.so in %.*s; lbd --list=algorithms shows what there is", name,
		name, (int)where.n, where.data ? where.data : "");
	text_free(&where);
}

static bool algorithm_options_valid(const struct lbd_option *o)
{
	for (; o && o->name; o++)
		if (!o->help || o->minimum > o->preset || o->preset > o->maximum)
			return false;
	return true;
}

/* Why this descriptor is refused, or NULL. The first four words are all that may be read until they are known good. */
static const char *algorithm_refusal(
	const struct lbd_algorithm *a, size_t symbol_size, const char *name, char *out, size_t out_size)
{
	if (symbol_size < 4 * sizeof(uint32_t))
		return "its symbol lbd_algorithm is no descriptor";
	if (a->abi_major != LBD_ABI_MAJOR || a->abi_minor > LBD_ABI_MINOR) {
		snprintf(out, out_size, "it was made for plugin ABI %u.%u, this lbd has %u.%u; %s", a->abi_major,
			a->abi_minor, LBD_ABI_MAJOR, LBD_ABI_MINOR,
			a->abi_major == LBD_ABI_MAJOR ? "update lbd or build it with the older header"
						      : "build it again with this lbd's <lbd/algorithm.h>");
		return out;
	}
	if (a->struct_size < sizeof *a || a->struct_size > symbol_size) {
		snprintf(out, out_size, "its descriptor says it has %u bytes, but it has %zu and needs %zu",
			a->struct_size, symbol_size, sizeof *a);
		return out;
	}
	if (!a->name || strcmp(a->name, name) != 0) {
		snprintf(out, out_size, "it calls itself '%.64s'; the file's name and the algorithm's must be the same",
			a->name ? a->name : "");
		return out;
	}
	if (!a->create || !a->destroy || !a->prepare || !a->release || !a->pick)
		return "create, destroy, prepare, release and pick must not be NULL";
	if ((a->capabilities & LBD_WANTS_FEEDBACK) && !a->feedback)
		return "it wants feedback, but has no function feedback";
	if (a->capabilities & ~(uint32_t)ALGORITHM_KNOWN)
		return "it declares capabilities that do not exist";
	return algorithm_options_valid(a->options) ? NULL : "an option without help, or with a preset out of its range";
}

static const struct lbd_algorithm *algorithm_open(
	const char *path, const char *name, void **handle, int *fd, char *error, size_t error_size)
{
	char reason[PATH_MAX + 256], checked[32];
	*handle = NULL;
	const char *why = plugin_file_open(path, fd, reason, sizeof reason);
	if (!why) {
		snprintf(checked, sizeof checked, "/proc/self/fd/%d", *fd);
		*handle = dlopen(checked, RTLD_NOW | RTLD_LOCAL);
		why = *handle ? NULL : dlerror();
	}
	const struct lbd_algorithm *a = NULL;
	if (!why) {
		a = dlsym(*handle, "lbd_algorithm");
		why = a ? NULL : "it exports no symbol lbd_algorithm";
	}
	if (!why) {
		Dl_info info;
		void *entry = NULL;
		bool known = dladdr1(a, &info, &entry, RTLD_DL_SYMENT) != 0 && entry;
		size_t size = known ? ((const ElfW(Sym) *)entry)->st_size : 0;
		why = algorithm_refusal(a, size, name, reason, sizeof reason);
	}
	if (!why)
		return a;
	snprintf(error, error_size, "algorithm '%s': %s cannot be used: %s", name, path, why);
	algorithm_unload(*handle, *fd);
	return NULL;
}

const struct algorithm *algorithm_load(
	struct algorithm_loader *loader, const char *name, char *error, size_t error_size)
{
	char path[PATH_MAX];
	if (!algorithm_name_valid(str_of(name))) {
		snprintf(error, error_size,
			"'%.64s' is no name of an algorithm: it has 1 to %d of the letters a to z, digits and _", name,
			ALGORITHM_NAME_MAX);
		return NULL;
	}
	for (struct algorithm_loaded *l = loader->loaded; l; l = l->next)
		if (strcmp(l->algorithm.plugin->name, name) == 0)
			return &l->algorithm;
	if (!algorithm_find(loader, name, path, sizeof path)) {
		algorithm_say_not_found(loader, name, error, error_size);
		return NULL;
	}
	void *handle;
	int fd;
	const struct lbd_algorithm *plugin = algorithm_open(path, name, &handle, &fd, error, error_size);
	if (!plugin)
		return NULL;
	struct algorithm_loaded *l = malloc(sizeof *l + strlen(path) + 1);
	if (!l) {
		snprintf(error, error_size, "algorithm '%s': out of memory", name);
		algorithm_unload(handle, fd);
		return NULL;
	}
	l->fd = fd;
	strcpy(l->path, path);
	l->algorithm = (struct algorithm){.plugin = plugin, .path = l->path, .handle = handle};
	l->next = loader->loaded;
	loader->loaded = l;
	return &l->algorithm;
}

static void algorithm_list_row(struct text *out, const struct algorithm *a)
{
	text_format(out, "%s\t%s\t", a->plugin->name, a->plugin->summary ? a->plugin->summary : "");
	for (const struct lbd_option *o = a->plugin->options; o && o->name; o++)
		text_format(out, "%s%s=%lld (%lld..%lld, %s)", o == a->plugin->options ? "" : ", ", o->name,
			(long long)o->preset, (long long)o->minimum, (long long)o->maximum, o->help);
	text_format(out, "%s\t%s\n", a->plugin->options && a->plugin->options->name ? "" : "-", a->path);
}

static int algorithm_is_plugin(const struct dirent *entry)
{
	size_t n = strlen(entry->d_name);
	return n > 3 && strcmp(entry->d_name + n - 3, ".so") == 0 &&
	       algorithm_name_valid(str_make(entry->d_name, n - 3));
}

void algorithm_each_name(
	const struct algorithm_loader *loader, void (*each)(void *context, const char *name), void *context)
{
	for (uint32_t i = 0; i < loader->directories; i++) {
		struct dirent **entries = NULL;
		int count = scandir(loader->directory[i], &entries, algorithm_is_plugin, alphasort);
		for (int k = 0; k < count; k++) {
			entries[k]->d_name[strlen(entries[k]->d_name) - strlen(".so")] = '\0';
			each(context, entries[k]->d_name);
			free(entries[k]);
		}
		free(entries);
	}
}

void algorithm_list(struct algorithm_loader *loader, struct text *out)
{
	for (uint32_t i = 0; i < loader->directories; i++) {
		struct dirent **entries = NULL;
		int count = scandir(loader->directory[i], &entries, algorithm_is_plugin, alphasort);
		for (int k = 0; k < count; k++) {
			char name[ALGORITHM_NAME_MAX + 1], path[PATH_MAX], first[PATH_MAX], error[1024];
			snprintf(name, sizeof name, "%.*s", (int)strlen(entries[k]->d_name) - 3, entries[k]->d_name);
			snprintf(path, sizeof path, "%s/%s", loader->directory[i], entries[k]->d_name);
			free(entries[k]);
			const struct algorithm *a = NULL;
			if (algorithm_find(loader, name, first, sizeof first) && strcmp(first, path) != 0)
				text_format(out, "%s\trefused: %s comes first\t-\t%s\n", name, first, path);
			else if ((a = algorithm_load(loader, name, error, sizeof error)))
				algorithm_list_row(out, a);
			else
				text_format(out, "%s\trefused: %s\t-\t%s\n", name, error, path);
		}
		free(entries);
	}
}

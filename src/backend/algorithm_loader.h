/* Finds, loads and checks algorithm plugins. Built-in ones take the same way as everybody's. Control only. */
#ifndef LBD_BACKEND_ALGORITHM_LOADER_H
#define LBD_BACKEND_ALGORITHM_LOADER_H

#include "config/config.h"
#include "lbd/algorithm.h"

struct algorithm {
	const struct lbd_algorithm *plugin;
	const char *path; /* where it came from; owned by the loader */
	void *handle;
};

struct algorithm_loader;

/* directories: absolute paths, searched in this order, then the built-in one. The strings are copied. NULL when memory is
 * out. */
struct algorithm_loader *algorithm_loader_create(const char *const *directories, uint32_t count) LBD_MUST_CHECK;
/* DIR/NAME.so of the first directory that has it; a second call gives the same. Nothing of the plugin runs before its
 * ABI is found right. NULL: error says what was looked for, where, and what is wrong. */
const struct algorithm *algorithm_load(
	struct algorithm_loader *loader, const char *name, char *error, size_t error_size) LBD_MUST_CHECK;
/* The names of the files that could be plugins; none is opened. */
void algorithm_each_name(
	const struct algorithm_loader *loader, void (*each)(void *context, const char *name), void *context);
/* Appends one row a line for --list=algorithms: name, summary, options, file; also says which files are refused and
 * why. */
struct text;
void algorithm_list(struct algorithm_loader *loader, struct text *out);
/* Nothing may use a plugin any more. */
void algorithm_loader_destroy(struct algorithm_loader *loader);

#endif

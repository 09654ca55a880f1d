/* From a configuration to live objects: frontends, backends, servers, with their algorithms and logs. Control only. */
#ifndef LBD_APP_BUILD_H
#define LBD_APP_BUILD_H

#include "backend/algorithm_loader.h"
#include "net/name_table.h"
#include "proxy/frontend.h"

/* The loader that a configuration wants: -L directories first, then plugin_path. NULL when memory is out. */
struct algorithm_loader *build_loader(
	const struct config *config, const char *const *directories, uint32_t count) LBD_MUST_CHECK;
/* What can only be checked by making it: each backend's algorithm with the plugins at hand, the patterns and texts of
 * rules, the addresses that names stand for, which are kept in names for the start. Appends "FILE:LINE: error: ..." and
 * "warning: ..." lines; false when there is an error. */
bool build_check(const struct config *config, struct algorithm_loader *loader, struct name_table *names,
	struct text *messages) LBD_MUST_CHECK;
/* Makes all live objects. False: error says why; build_free_proxies frees what was made. */
bool build_proxies(struct proxies *p, const struct config *config, struct backend_host *host,
	struct algorithm_loader *loader, struct log *log, char *error, size_t error_size) LBD_MUST_CHECK;
void build_free_proxies(struct proxies *p);

#endif

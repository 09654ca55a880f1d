/* A small set of live objects for tests of the admin layer, without a configuration file or a worker: frontend web (2),
 * http backend app (3) with servers a (weight 100, checked), b (50, maxconn 7) and c (1, backup), tcp backend db (4)
 * with server m. Shared by unit_admin and fuzz_command. */
#ifndef LBD_TESTS_ADMIN_FIXTURE_H
#define LBD_TESTS_ADMIN_FIXTURE_H

#include "admin/admin.h"
#include "base/text.h"
#include "proxy/admission.h"

enum { FIXTURE_WORKERS = 2 };

struct fixture {
	struct admin_host host;
	struct loop loop; /* a real one only after fixture_create(true) */
	struct proxies proxies;
	struct frontend *frontends[1];
	struct backend *backends[2];
	struct process_info info;
	struct limits limits;
	struct text said; /* lines that backends wrote to the log */
};

/* servers: of backend app; a, b and c, then s3, s4 ... Aborts when it cannot be made. */
struct fixture *fixture_create(bool with_loop, uint32_t servers);
void fixture_destroy(struct fixture *f);

#endif

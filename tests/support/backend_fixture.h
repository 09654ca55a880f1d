/* A live backend without a daemon around it, for unit tests and benchmarks: a configuration made from a few numbers,
 * the real loader and plugins, and what was said kept as text. */
#ifndef LBD_TESTS_BACKEND_FIXTURE_H
#define LBD_TESTS_BACKEND_FIXTURE_H

#include "backend/algorithm_loader.h"
#include "backend/backend.h"
#include "base/random.h"
#include "base/text.h"

struct backend_fixture {
	struct config_backend conf;
	struct quiesce_reader *readers;
	struct reclaimer reclaimer;
	struct backend_host host;
	struct algorithm_loader *loader;
	struct backend *backend;
	struct text said; /* "level line\n" each */
	struct random random;
	char error[1024];
};

/* Fills conf: servers a0, a1, ... on 127.0.0.1:1000 and up, each of weight 100 or as given, no check. The caller may
 * change conf before backend_fixture_start. */
void backend_fixture_init(struct backend_fixture *f, uint32_t servers, const uint32_t *weight);
/* Loads the algorithm and makes the backend; false: error says why. No loop: sets are built by backend_rebuild. */
bool backend_fixture_start(struct backend_fixture *f, const char *algorithm, uint32_t workers);
/* Both, and abort on an error. */
void backend_fixture_make(struct backend_fixture *f, const char *algorithm, uint32_t servers, const uint32_t *weight);
void backend_fixture_end(struct backend_fixture *f);
/* The index of the server that was picked, or -1. hold: its place is kept. */
int backend_fixture_pick(struct backend_fixture *f, bool hold);
bool backend_fixture_said(const struct backend_fixture *f, const char *words);

#endif

/* What the probes of one backend send and expect: made from its check group once, when probing starts. Control only. */
#ifndef LBD_BACKEND_PROBE_TARGET_H
#define LBD_BACKEND_PROBE_TARGET_H

#include "backend/backend.h"
#include "backend/check_result.h"
#include "backend/probe_places.h"
#include "backend/probe_reply.h"
#include "backend/probe_talk.h"
#include "rules/pattern.h"

struct probe_target {
	struct backend *backend;
	struct probe_group places;
	struct probe_script script; /* of all types but http */
	struct pattern *body; /* NULL: any */
	enum http_method method;
};

/* What can be wrong with the check of a backend beyond its types. False: error says it. */
bool probe_target_check(const struct config_backend *b, char *error, size_t error_size) LBD_MUST_CHECK;
/* False: error says what is wrong with the check. */
bool probe_target_init(struct probe_target *t, struct backend *b, char *error, size_t error_size) LBD_MUST_CHECK;
void probe_target_end(struct probe_target *t);
/* Writes the request to this server into text. */
struct text;
void probe_target_request(const struct probe_target *t, const struct server *s, struct text *text);
/* Judges a reply whose head is there: fills verdict, status, code and text. whole: no more of it is wanted, or comes.
 * False: more of its body must come. */
bool probe_target_judge(const struct probe_target *t, struct pattern_scratch *scratch, struct probe_reply *reply, bool whole,
	struct check_result *result) LBD_MUST_CHECK;

#endif

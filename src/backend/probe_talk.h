/* A probe that speaks no HTTP: what it says and expects, step after step. The steps are a ready-made type's
 * (probe_steps.def), or the options send and expect of type tcp. No sockets, no time. Control only. */
#ifndef LBD_BACKEND_PROBE_TALK_H
#define LBD_BACKEND_PROBE_TALK_H

#include "base/text.h"
#include "config/config.h"
#include "rules/pattern.h"

/* LOOKS: at an answer that comes in pieces; then only at all of it. */
enum { PROBE_STEPS_MAX = 2, PROBE_TALK_MAX = 16384, PROBE_TALK_LOOKS = 64 };

struct probe_script {
	struct {
		struct pattern *expect; /* NULL: nothing */
		struct str send;        /* static, or of the configuration */
	} step[PROBE_STEPS_MAX];
	uint32_t count;
	bool expects;
};

/* False: error says what is wrong with the check. */
bool probe_script_init(
	struct probe_script *script, const struct config_check *conf, char *error, size_t error_size) LBD_MUST_CHECK;
void probe_script_end(struct probe_script *script);

enum probe_talk_result { PROBE_TALK_MORE, PROBE_TALK_DONE, PROBE_TALK_BAD };

struct probe_talk {
	const struct probe_script *script;
	uint32_t step, looks;
	uint32_t n; /* of data: what the server has sent since the last step */
	char data[PROBE_TALK_MAX];
};

/* As far as what is in data goes; what is to be sent is appended to out. ended: no more comes. BAD: the server said
 * something else, which is in data still. */
enum probe_talk_result probe_talk_go(
	struct probe_talk *talk, struct pattern_scratch *scratch, bool ended, struct text *out) LBD_MUST_CHECK;

#endif

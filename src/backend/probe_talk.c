#include "backend/probe_talk.h"

static const struct probe_row {
	enum config_check_type type;
	const char *expect;
	struct str send;
} probe_rows[] = {
#define PROBE_STEP(id, expect, bytes) {CONFIG_CHECK_##id, expect, {bytes, sizeof bytes - 1}},
#include "backend/probe_steps.def"
#undef PROBE_STEP
};

static bool probe_script_add(
	struct probe_script *script, const char *expect, struct str send, char *error, size_t error_size)
{
	struct pattern *pattern = *expect ? pattern_compile(expect, error, error_size) : NULL;
	if (*expect && !pattern)
		return false;
	script->step[script->count].expect = pattern;
	script->step[script->count++].send = send;
	script->expects |= pattern != NULL;
	return true;
}

bool probe_script_init(struct probe_script *script, const struct config_check *conf, char *error, size_t error_size)
{
	*script = (struct probe_script){0};
	bool good = true;
	for (size_t i = 0; good && i < sizeof probe_rows / sizeof *probe_rows; i++)
		if (probe_rows[i].type == conf->type)
			good = probe_script_add(
				script, probe_rows[i].expect, probe_rows[i].send, error, error_size);
	if (conf->type == CONFIG_CHECK_TCP && *conf->send)
		good = probe_script_add(script, "", str_of(conf->send), error, error_size);
	if (good && conf->type == CONFIG_CHECK_TCP && *conf->expect)
		good = probe_script_add(script, conf->expect, str_of(""), error, error_size);
	if (!good)
		probe_script_end(script);
	return good;
}

void probe_script_end(struct probe_script *script)
{
	for (uint32_t i = 0; i < script->count; i++)
		pattern_free(script->step[i].expect);
	script->count = 0;
}

static enum pattern_result probe_talk_look(
	struct probe_talk *talk, const struct pattern *expect, struct pattern_scratch *scratch, bool ended)
{
	struct str data = str_make(talk->data, talk->n);
	if (ended || talk->n == sizeof talk->data)
		return pattern_match(expect, scratch, data);
	return ++talk->looks > PROBE_TALK_LOOKS ? PATTERN_MORE : pattern_match_beginning(expect, scratch, data);
}

enum probe_talk_result probe_talk_go(
	struct probe_talk *talk, struct pattern_scratch *scratch, bool ended, struct text *out)
{
	for (; talk->step < talk->script->count; talk->step++) {
		const struct pattern *expect = talk->script->step[talk->step].expect;
		enum pattern_result found =
			expect ? probe_talk_look(talk, expect, scratch, ended) : PATTERN_MATCH;
		if (found == PATTERN_MORE)
			return PROBE_TALK_MORE;
		if (found != PATTERN_MATCH)
			return PROBE_TALK_BAD;
		if (expect)
			talk->n = talk->looks = 0;
		text_add(out, talk->script->step[talk->step].send);
	}
	return PROBE_TALK_DONE;
}

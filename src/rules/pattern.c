#include "rules/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>

struct pattern {
	pcre2_code *code;
	uint32_t groups;
};

struct pattern_scratch {
	pcre2_match_data *data;
	pcre2_match_context *context;
	struct str subject; /* of the last match */
	uint32_t captured;  /* groups set by it, group 0 included */
};

struct pattern *pattern_compile(const char *text, char *error, size_t error_size)
{
	int number;
	PCRE2_SIZE at;
	struct pattern *p = calloc(1, sizeof *p);
	if (!p) {
		snprintf(error, error_size, "out of memory");
		return NULL;
	}
	p->code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, PCRE2_NEVER_BACKSLASH_C, &number, &at, NULL);
	if (!p->code) {
		char why[128];
		pcre2_get_error_message(number, (PCRE2_UCHAR *)why, sizeof why);
		snprintf(error, error_size, "pattern '%.80s' is wrong at position %zu: %s", text, (size_t)at + 1, why);
		free(p);
		return NULL;
	}
	/* Without a JIT for this machine, or memory it may execute, the interpreter does the same more slowly. */
	pcre2_jit_compile(p->code, PCRE2_JIT_COMPLETE);
	pcre2_pattern_info(p->code, PCRE2_INFO_CAPTURECOUNT, &p->groups);
	return p;
}

void pattern_free(struct pattern *p)
{
	if (!p)
		return;
	pcre2_code_free(p->code);
	free(p);
}

uint32_t pattern_groups(const struct pattern *p)
{
	return p->groups;
}

struct pattern_scratch *pattern_scratch_create(void)
{
	struct pattern_scratch *scratch = calloc(1, sizeof *scratch);
	if (!scratch)
		return NULL;
	scratch->data = pcre2_match_data_create(PATTERN_CAPTURES, NULL);
	scratch->context = pcre2_match_context_create(NULL);
	if (!scratch->data || !scratch->context) {
		pattern_scratch_free(scratch);
		return NULL;
	}
	pcre2_set_match_limit(scratch->context, PATTERN_MATCH_LIMIT);
	pcre2_set_heap_limit(scratch->context, PATTERN_HEAP_LIMIT_KIB);
	return scratch;
}

void pattern_scratch_free(struct pattern_scratch *scratch)
{
	if (!scratch)
		return;
	pcre2_match_data_free(scratch->data);
	pcre2_match_context_free(scratch->context);
	free(scratch);
}

enum pattern_result pattern_match(const struct pattern *p, struct pattern_scratch *scratch, struct str subject)
{
	scratch->captured = 0;
	int n = pcre2_match(
		p->code, (PCRE2_SPTR)(subject.n ? subject.p : ""), subject.n, 0, 0, scratch->data, scratch->context);
	if (n == PCRE2_ERROR_NOMATCH)
		return PATTERN_NO_MATCH;
	if (n < 0)
		return PATTERN_TOO_COSTLY;
	scratch->subject = subject;
	/* 0: there were more groups than room; the room is full then. */
	scratch->captured = n == 0 ? PATTERN_CAPTURES : (uint32_t)n;
	return PATTERN_MATCH;
}

struct str pattern_capture(const struct pattern_scratch *scratch, uint32_t group)
{
	if (group >= scratch->captured)
		return str_make(NULL, 0);
	const PCRE2_SIZE *at = pcre2_get_ovector_pointer(scratch->data) + 2 * (size_t)group;
	if (at[0] == PCRE2_UNSET || at[1] < at[0]) /* \K can put the start behind the end */
		return str_make(NULL, 0);
	return str_make(scratch->subject.p + at[0], at[1] - at[0]);
}

const char *pattern_library_version(char *out, size_t size)
{
	char version[64];
	pcre2_config(PCRE2_CONFIG_VERSION, version);
	snprintf(out, size, "PCRE2 %s", version);
	return out;
}

#include "rules/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>

struct pattern {
	pcre2_code *code;
	uint32_t groups;
	bool linear;    /* its cost cannot exceed a few walks over the subject, so nobody has to count */
	uint32_t work;  /* linear: how many of them; 0: it looks at the first bytes only */
	bool anchored;
	bool backwards; /* it refers to groups: one step may compare the whole subject */
};

struct pattern_scratch {
	pcre2_match_data *data;
	pcre2_match_context *context;
	pcre2_jit_stack *stack;
	uint32_t left;       /* of the budget of the match that runs */
	uint32_t weight;     /* of one step, besides its way */
	PCRE2_SIZE position; /* at the last step */
	struct str subject;  /* of the last match */
	uint32_t captured;   /* groups set by it, group 0 included */
};

enum {
	PATTERN_STACK_START = 32 * 1024,
	PATTERN_STACK_MAX = 256 * 1024,
	/* The interpreter counts more than the JIT does, and remembers more for each step: these are wide enough that it
	 * decides what the JIT decides, and the budget ends both. */
	PATTERN_MATCH_LIMIT = PATTERN_BUDGET,
	PATTERN_HEAP_LIMIT_KIB = 2048,
	PATTERN_BYTES_A_STEP = 8,
	PATTERN_BYTES_SOUGHT_A_STEP = 256
};

/* Whether a pattern cannot backtrack in a way that multiplies, and what it may do at each byte of the subject then.
 * Said of few patterns, but of the common ones: "^/api/", "^/old/(.*)$", "\\.png$". */
static bool pattern_is_linear(const char *text, bool anchored, uint32_t *work)
{
	enum { AT_EACH_BYTE_MAX = 16 };
	unsigned repeats = 0, branches = 0;
	const char *again = text; /* what is tried at more than one byte begins here */
	for (const char *c = text; *c; c++) {
		if (*c == '\\' && c[1]) {
			if (strchr("123456789gkKRXQ", *++c))
				return false;
		} else if (*c == '(' && (c[1] == '?' || c[1] == '*')) {
			return false;
		} else if (strchr("*+?{", *c)) {
			if (c > text && c[-1] == ')')
				return false;
			repeats++;
			again = anchored ? c : text;
		} else if (*c == '|') {
			branches++;
		}
	}
	bool walks = !anchored || repeats > 0;
	size_t length = strlen(again);
	*work = walks ? (uint32_t)(length + 3) / 4 : 0;
	if (!walks)
		return true;
	return branches == 0 && length <= AT_EACH_BYTE_MAX && repeats == (anchored ? 1 : 0);
}

static bool pattern_compile_code(struct pattern *p, const char *text, uint32_t options, char *error, size_t error_size)
{
	int number;
	PCRE2_SIZE at;
	/* Bytes are matched, whatever the pattern says in front. */
	options |= PCRE2_NEVER_BACKSLASH_C | PCRE2_NEVER_UTF;
	pcre2_code_free(p->code);
	p->code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, options, &number, &at, NULL);
	if (p->code)
		return true;
	char why[128];
	pcre2_get_error_message(number, (PCRE2_UCHAR *)why, sizeof why);
	snprintf(error, error_size, "pattern '%.80s' is wrong at position %zu: %s", text, (size_t)at + 1, why);
	return false;
}

static struct pattern *pattern_compile_as(const char *text, uint32_t options, char *error, size_t error_size)
{
	uint32_t all = 0, back = 0;
	struct pattern *p = calloc(1, sizeof *p);
	if (!p) {
		snprintf(error, error_size, "out of memory");
		return NULL;
	}
	if (!pattern_compile_code(p, text, options, error, error_size)) {
		free(p);
		return NULL;
	}
	pcre2_pattern_info(p->code, PCRE2_INFO_ALLOPTIONS, &all);
	pcre2_pattern_info(p->code, PCRE2_INFO_BACKREFMAX, &back);
	pcre2_pattern_info(p->code, PCRE2_INFO_CAPTURECOUNT, &p->groups);
	p->anchored = all & PCRE2_ANCHORED;
	p->backwards = back > 0;
	p->linear = pattern_is_linear(text, p->anchored, &p->work);
	/* PCRE2's match limit is counted anew at each position of the subject, and its JIT does not count every step;
	 * so the others call us at each item. */
	if (!p->linear && !pattern_compile_code(p, text, options | PCRE2_AUTO_CALLOUT, error, error_size)) {
		free(p);
		return NULL;
	}
	/* Without a JIT for this machine, or memory it may execute, the interpreter does the same more slowly. */
	pcre2_jit_compile(p->code, PCRE2_JIT_COMPLETE);
	return p;
}

struct pattern *pattern_compile(const char *text, char *error, size_t error_size)
{
	return pattern_compile_as(text, 0, error, error_size);
}

struct pattern *pattern_compile_nocase(const char *text, char *error, size_t error_size)
{
	return pattern_compile_as(text, PCRE2_CASELESS, error, error_size);
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

/* At each item of a pattern that may backtrack: what happened since the last one is a step, and as many bytes as the
 * position moved by. */
static int pattern_on_step(pcre2_callout_block *block, void *data)
{
	struct pattern_scratch *scratch = data;
	PCRE2_SIZE now = block->current_position, before = scratch->position;
	uint64_t way = now > before ? now - before : before - now;
	uint64_t cost = 1 + way / PATTERN_BYTES_A_STEP + scratch->weight;
	scratch->position = now;
	if (cost > scratch->left) {
		scratch->left = 0;
		return PCRE2_ERROR_CALLOUT;
	}
	scratch->left -= (uint32_t)cost;
	return 0;
}

struct pattern_scratch *pattern_scratch_create(void)
{
	struct pattern_scratch *scratch = calloc(1, sizeof *scratch);
	if (!scratch)
		return NULL;
	scratch->data = pcre2_match_data_create(PATTERN_CAPTURES, NULL);
	scratch->context = pcre2_match_context_create(NULL);
	scratch->stack = pcre2_jit_stack_create(PATTERN_STACK_START, PATTERN_STACK_MAX, NULL);
	if (!scratch->data || !scratch->context) {
		pattern_scratch_free(scratch);
		return NULL;
	}
	pcre2_set_match_limit(scratch->context, PATTERN_MATCH_LIMIT);
	pcre2_set_heap_limit(scratch->context, PATTERN_HEAP_LIMIT_KIB);
	pcre2_set_callout(scratch->context, pattern_on_step, scratch);
	/* Without one (no JIT) it is not used. */
	pcre2_jit_stack_assign(scratch->context, NULL, scratch->stack);
	return scratch;
}

void pattern_scratch_free(struct pattern_scratch *scratch)
{
	if (!scratch)
		return;
	pcre2_match_data_free(scratch->data);
	pcre2_match_context_free(scratch->context);
	pcre2_jit_stack_free(scratch->stack);
	free(scratch);
}

enum pattern_result pattern_match(const struct pattern *p, struct pattern_scratch *scratch, struct str subject)
{
	uint32_t budget = PATTERN_BUDGET;
	return pattern_match_within(p, scratch, subject, &budget);
}

/* Before a match: the part of its cost that no step tells. False: more than is left. */
static bool pattern_charge(const struct pattern *p, struct str subject, uint32_t *budget)
{
	size_t walks = p->linear ? subject.n / PATTERN_BYTES_A_STEP * p->work : subject.n / PATTERN_BYTES_SOUGHT_A_STEP;
	if (*budget == 0 || walks >= *budget) {
		*budget = 0;
		return false;
	}
	*budget -= (uint32_t)walks;
	return true;
}

static enum pattern_result pattern_match_as(const struct pattern *p, struct pattern_scratch *scratch,
	struct str subject, uint32_t *budget, uint32_t options)
{
	scratch->captured = 0;
	if (!pattern_charge(p, subject, budget))
		return PATTERN_TOO_COSTLY;
	scratch->left = *budget;
	scratch->position = 0;
	scratch->weight = p->backwards ? (uint32_t)(subject.n / PATTERN_BYTES_A_STEP) : 0;
	int n = pcre2_match(
		p->code, (PCRE2_SPTR)(subject.n ? subject.p : ""), subject.n, 0, options, scratch->data, scratch->context);
	*budget = scratch->left;
	if (n == PCRE2_ERROR_NOMATCH)
		return PATTERN_NO_MATCH;
	if (n == PCRE2_ERROR_PARTIAL)
		return PATTERN_MORE;
	if (n < 0)
		return PATTERN_TOO_COSTLY;
	scratch->subject = subject;
	/* 0: there were more groups than room; the room is full then. */
	scratch->captured = n == 0 ? PATTERN_CAPTURES : (uint32_t)n;
	return PATTERN_MATCH;
}

enum pattern_result pattern_match_within(
	const struct pattern *p, struct pattern_scratch *scratch, struct str subject, uint32_t *budget)
{
	return pattern_match_as(p, scratch, subject, budget, 0);
}

enum pattern_result pattern_match_beginning(
	const struct pattern *p, struct pattern_scratch *scratch, struct str subject)
{
	uint32_t budget = PATTERN_BUDGET;
	enum pattern_result found = pattern_match_as(p, scratch, subject, &budget, PCRE2_PARTIAL_HARD);
	/* PCRE2 calls nothing a partial match before a byte was looked at. */
	return found == PATTERN_NO_MATCH && (!p->anchored || !subject.n) ? PATTERN_MORE : found;
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

const char *pattern_why_no_jit(void)
{
	uint32_t built = 0;
	char error[256];
	pcre2_config(PCRE2_CONFIG_JIT, &built);
	if (!built)
		return "this PCRE2 has none";
	struct pattern *p = pattern_compile("a", error, sizeof error);
	size_t size = 0;
	if (p)
		pcre2_pattern_info(p->code, PCRE2_INFO_JITSIZE, &size);
	pattern_free(p);
	return size ? NULL : "executable memory is refused";
}

const char *pattern_library_version(char *out, size_t size)
{
	char version[64];
	pcre2_config(PCRE2_CONFIG_VERSION, version);
	snprintf(out, size, "PCRE2 %s", version);
	return out;
}

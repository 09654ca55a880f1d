/* Regular expressions: the only user of PCRE2. Compiled once, with the JIT where there is one, matched by any thread
 * with a scratch of its own. Matching is bounded, because patterns meet what strangers send: a subject that is too
 * costly is an outcome of its own, so that the caller can decide whether that opens or closes the door. */
#ifndef LBD_RULES_PATTERN_H
#define LBD_RULES_PATTERN_H

#include "base/attributes.h"
#include "base/str.h"

struct pattern;
struct pattern_scratch;

enum { PATTERN_CAPTURES = 16 };

/* What matching may cost, in steps of the matcher; the longest measured step takes about 10 ns. One budget may serve
 * several matches, so that all that one message costs is bounded. Without the JIT the same steps are counted, and each
 * takes about three times as long. */
enum { PATTERN_BUDGET = 100000 };

/* MORE: of pattern_match_beginning only. */
enum pattern_result { PATTERN_NO_MATCH, PATTERN_MATCH, PATTERN_TOO_COSTLY, PATTERN_MORE };

/* Unanchored, bytes. Immutable afterwards: any thread may match with it. NULL: error names the fault and its position.
 */
struct pattern *pattern_compile(const char *text, char *error, size_t error_size) LBD_MUST_CHECK;
/* The same without regard to the case of letters. */
struct pattern *pattern_compile_nocase(const char *text, char *error, size_t error_size) LBD_MUST_CHECK;
/* May be NULL. */
void pattern_free(struct pattern *p);
/* Groups that may be captured, group 0 apart. */
uint32_t pattern_groups(const struct pattern *p);

/* What matching needs besides the pattern: one for each thread. NULL when memory is out. */
struct pattern_scratch *pattern_scratch_create(void) LBD_MUST_CHECK;
/* May be NULL. */
void pattern_scratch_free(struct pattern_scratch *scratch);

/* TOO_COSTLY: the limits ended it, or memory is out. */
enum pattern_result pattern_match(
	const struct pattern *p, struct pattern_scratch *scratch, struct str subject) LBD_MUST_CHECK;
/* The same, and takes what it costs from budget: with nothing left everything is TOO_COSTLY. */
enum pattern_result pattern_match_within(
	const struct pattern *p, struct pattern_scratch *scratch, struct str subject, uint32_t *budget) LBD_MUST_CHECK;
/* Of a subject of which more may come: MATCH and NO_MATCH only where nothing that follows can change it, else MORE. For
 * control: the JIT does not help. */
enum pattern_result pattern_match_beginning(
	const struct pattern *p, struct pattern_scratch *scratch, struct str subject) LBD_MUST_CHECK;
/* Group 0 (the whole match) to PATTERN_CAPTURES - 1 of the last match with this scratch: a view into its subject;
 * empty, with p NULL, for a group that took no part or does not exist. */
struct str pattern_capture(const struct pattern_scratch *scratch, uint32_t group);

/* NULL: patterns run with the JIT. Otherwise a clause that says why they do not; tried anew at each call, as what the
 * process may do changes. */
const char *pattern_why_no_jit(void);
/* "PCRE2 10.42 ...", for lbd -V. */
const char *pattern_library_version(char *out, size_t size);

#endif

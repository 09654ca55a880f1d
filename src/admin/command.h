/* Commands of the stats socket: the rows of commands.def, and what a command's function gets. Control only.
 *
 * A command writes its answer into call->out, without the empty line that ends every answer, and never an empty line
 * inside. A long one stops when command_is_full, keeps its place in call->at, and returns COMMAND_MORE: it is called
 * again when the client has taken what there is. Between two calls anything may have changed, a reload included: keep
 * indexes, no pointers. */
#ifndef LBD_ADMIN_COMMAND_H
#define LBD_ADMIN_COMMAND_H

#include "admin/admin.h"
#include "admin/command_line.h"
#include "base/text.h"

enum command_result {
	COMMAND_DONE,
	COMMAND_MORE,
	COMMAND_WAIT /* for its job: called again when call->wake was, or earlier */
};
enum command_severity { SEVERITY_NONE, SEVERITY_NUMBER, SEVERITY_STRING };
/* A client that does not read costs at most the sum of both: a row of JSON, the longest that a command may write
 * between two looks at command_is_full, is not cut. */
enum { COMMAND_OUTPUT_HIGH = 48 * 1024, COMMAND_ROW_MAX = 24 * 1024 };

/* What commands may read and change of the client's conversation. */
struct cli_settings {
	enum config_level level;
	enum command_severity severity;
	uint64_t timeout_us;
	bool interactive; /* prompt */
	bool leaving;     /* prompt again: ends with this line */
	bool quit;        /* ends at once */
};

/* Who is on the other side, for the log. */
struct cli_peer {
	int pid;
	unsigned uid;
};

struct worker_job;

struct command_call {
	const struct admin_host *host;
	struct cli_settings *settings;
	struct cli_peer peer;
	struct command_words words;
	struct text *out;
	struct worker_job *job; /* worker_job.h; ends with the client at the latest */
	void (*wake)(struct command_call *call);
	/* The place in a long answer; all 0 at the first call. */
	struct {
		uint32_t stage, proxy, server;
	} at;
};

struct command {
	const char *words; /* "show stat" */
	enum config_level level;
	const char *usage, *help;
	enum command_result (*run)(struct command_call *call);
};

#define COMMAND(words, level, usage, function, help) enum command_result function(struct command_call *call);
#include "admin/commands.def"
#undef COMMAND

/* The row that these words begin with, the longest one; NULL: unknown. */
const struct command *command_find(const struct command_words *words);
/* "Unknown command ...": with near matches, or all. */
void command_answer_unknown(struct command_call *call);
const char *command_level_word(enum config_level level);

/* ---- for the commands ---- */

/* The word at index; empty when there are fewer. */
struct str command_word(const struct command_call *call, uint32_t index);
bool command_word_is(const struct command_call *call, uint32_t index, const char *word);
/* A line of answer that reports a failure, with the prefix that set severity-output asks for. Returns COMMAND_DONE. */
enum command_result command_fail(struct command_call *call, const char *format, ...) LBD_PRINTF(2, 3);
/* The same for what succeeded and has something to say. */
enum command_result command_notice(struct command_call *call, const char *format, ...) LBD_PRINTF(2, 3);
/* The command changed something: it is logged with who sent it. Returns COMMAND_DONE. */
enum command_result command_changed(struct command_call *call);
static inline bool command_is_full(const struct command_call *call)
{
	return call->out->n >= COMMAND_OUTPUT_HIGH;
}

#endif

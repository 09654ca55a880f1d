/* One client's conversation: bytes in, bytes out, no sockets. It splits lines, runs commands one after the other, and
 * stops when its output is full or nothing is left to do. Control only; memory is bounded by CLI_LINE_MAX of input and
 * about COMMAND_OUTPUT_HIGH of output. */
#ifndef LBD_ADMIN_CLI_H
#define LBD_ADMIN_CLI_H

#include "admin/command.h"
#include "base/buffer.h"

/* A line of more than CLI_LINE_MAX bytes ends the conversation. CLI_COMMANDS_A_RUN keeps one client from holding up
 * control. */
enum { CLI_LINE_MAX = 16384, CLI_COMMANDS_A_RUN = 32 };

enum cli_state {
	CLI_WANTS_INPUT, /* all is answered */
	CLI_HAS_MORE,    /* take the output, then run again */
	CLI_WAITS,       /* take the output, then run again when call.wake was called */
	CLI_ENDED        /* take the output, then close */
};

struct cli {
	struct cli_settings settings;
	struct command_call call;      /* with the command that runs */
	const struct command *running; /* NULL: none */
	struct text out;               /* for the client; whoever sends it clears it */
	struct buffer in;              /* lines that were not begun yet */
	struct text line;              /* the line that is being executed */
	size_t line_at;
	bool in_line, line_empty; /* line_empty: no command was found in it yet */
	bool line_taken;          /* at least one */
	bool input_ended, ended;
};

void cli_init(struct cli *c, const struct admin_host *host, enum config_level level, uint64_t timeout_us,
	struct cli_peer peer);
void cli_free(struct cli *c);
/* Takes what was received, any cut of the stream, of any size. Call cli_run then. */
void cli_feed(struct cli *c, const char *bytes, size_t n);
/* The client will send nothing more: the lines that are complete are still answered. */
void cli_feed_end(struct cli *c);
/* How many bytes may be fed now without a line becoming too long to be kept. */
size_t cli_room(const struct cli *c);
enum cli_state cli_run(struct cli *c);

#endif

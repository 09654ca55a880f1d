/* A line is taken off the input whole; its commands are answered in order, each answer ending with an empty line.
 * Without the prompt, the conversation ends when the complete lines that were received are answered. */
#include "admin/cli.h"

#include "admin/worker_job.h"

void cli_init(struct cli *c, const struct admin_host *host, enum config_level level, uint64_t timeout_us,
	struct cli_peer peer)
{
	*c = (struct cli){.settings = {.level = level, .timeout_us = timeout_us}};
	c->call.host = host;
	c->call.peer = peer;
}

void cli_free(struct cli *c)
{
	worker_job_end(&c->call);
	text_free(&c->out);
	text_free(&c->line);
	buffer_free(&c->in);
}

size_t cli_room(const struct cli *c)
{
	/* One more than a line may have, so that a line that is too long is seen. */
	size_t used = buffer_used(&c->in);
	return used > CLI_LINE_MAX ? 0 : CLI_LINE_MAX + 1 - used;
}

void cli_feed(struct cli *c, const char *bytes, size_t n)
{
	char *at = n && !c->ended ? buffer_reserve(&c->in, n) : NULL;
	if (!at) {
		c->ended = c->ended || n > 0; /* memory is out */
		return;
	}
	memcpy(at, bytes, n);
	buffer_commit(&c->in, n);
}

void cli_feed_end(struct cli *c)
{
	c->input_ended = true;
}

/* Begins the next complete line; false when there is none. */
static bool cli_begin_line(struct cli *c)
{
	size_t used = buffer_used(&c->in);
	const char *bytes = used ? buffer_bytes(&c->in) : NULL;
	const char *end = used ? memchr(bytes, '\n', used) : NULL;
	size_t n = end ? (size_t)(end - bytes) : used;
	if (n > CLI_LINE_MAX) {
		if (c->call.host->log)
			log_write(c->call.host->log, LOG_LEVEL_NOTICE,
				"Socket client pid %d uid %u sent a line above %d bytes: closed.", c->call.peer.pid,
				c->call.peer.uid, CLI_LINE_MAX);
		c->ended = true;
		return false;
	}
	if (!end)
		return false;
	text_clear(&c->line);
	text_add(&c->line, str_make(bytes, n));
	buffer_consume(&c->in, n + 1);
	c->ended = c->line.failed;
	c->in_line = c->line_taken = true;
	c->line_empty = true;
	c->line_at = 0;
	return true;
}

static void cli_end_answer(struct cli *c)
{
	c->running = NULL;
	text_add_char(&c->out, '\n');
	if (c->settings.interactive)
		text_add_c(&c->out, "> ");
	if (c->settings.quit)
		c->ended = true;
}

/* One step of the running command. True: it waits. */
static bool cli_step(struct cli *c)
{
	size_t before = c->out.n;
	enum command_result result = c->running->run(&c->call);
	if (result != COMMAND_DONE)
		return result == COMMAND_WAIT;
	worker_job_end(&c->call);
	if (c->settings.quit) {
		c->out.n = before;
		c->ended = true;
		return false;
	}
	cli_end_answer(c);
	return false;
}

/* Begins the command in call.words, or answers why not. */
static void cli_begin_command(struct cli *c)
{
	c->call.settings = &c->settings;
	c->call.out = &c->out;
	memset(&c->call.at, 0, sizeof c->call.at);
	const struct command *command = command_find(&c->call.words);
	if (!command) {
		command_answer_unknown(&c->call);
		cli_end_answer(c);
	} else if (command->level > c->settings.level) {
		command_fail(&c->call, "Permission denied");
		cli_end_answer(c);
	} else {
		c->running = command;
	}
}

/* Nothing between two ';' is no command; nothing in a whole line is an unknown one. */
static void cli_next_command(struct cli *c)
{
	while (command_line_next(c->line.data, c->line.n, &c->line_at, &c->call.words)) {
		if (!c->call.words.count)
			continue;
		c->line_empty = false;
		cli_begin_command(c);
		return;
	}
	if (c->line_empty) {
		c->line_empty = false;
		c->call.words.count = 0;
		cli_begin_command(c);
		return;
	}
	c->in_line = false;
}

/* Between two lines: whether the conversation goes on. */
static bool cli_next_line(struct cli *c)
{
	if (c->settings.leaving) {
		c->ended = true;
		return false;
	}
	if (cli_begin_line(c))
		return true;
	if (c->input_ended || (c->line_taken && !c->settings.interactive))
		c->ended = true;
	return false;
}

enum cli_state cli_run(struct cli *c)
{
	for (int commands = 0; !c->ended && c->out.n < COMMAND_OUTPUT_HIGH && !c->out.failed;) {
		if (c->running) {
			if (cli_step(c) && !c->out.failed)
				return CLI_WAITS;
		} else if (c->in_line) {
			if (commands++ == CLI_COMMANDS_A_RUN)
				return CLI_HAS_MORE;
			cli_next_command(c);
		} else if (!cli_next_line(c)) {
			return c->ended ? CLI_ENDED : CLI_WANTS_INPUT;
		}
	}
	if (c->out.failed)
		c->ended = true;
	return c->ended ? CLI_ENDED : CLI_HAS_MORE;
}

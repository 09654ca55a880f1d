/* Any bytes as what a client of the stats socket sends, in pieces whose size is the first byte: no crash, bounded
 * output, and no empty line but at the end of an answer, since clients cut answers there. */
#include "config.h"

#include "admin/cli.h"
#include "support/admin_fixture.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_check_output(const struct cli *cli, char *last)
{
	for (size_t i = 0; i < cli->out.n; i++) {
		/* "\n\n" is followed by the prompt. */
		if (last[0] == '\n' && last[1] == '\n' && cli->settings.interactive && cli->out.data[i] != '>')
			abort();
		last[0] = last[1];
		last[1] = cli->out.data[i];
	}
}

static enum cli_state fuzz_run(struct cli *cli, char *last)
{
	enum cli_state state;
	do {
		state = cli_run(cli);
		if (cli->out.n > COMMAND_OUTPUT_HIGH + COMMAND_ROW_MAX)
			abort();
		fuzz_check_output(cli, last);
		text_clear(&cli->out);
	} while (state == CLI_HAS_MORE);
	return state;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fixture *f = fixture_create(false, 3);
	struct cli cli;
	char last[2] = "";
	size_t piece = size ? (size_t)data[0] * data[0] + 1 : 1;
	enum cli_state state = CLI_WANTS_INPUT;
	cli_init(&cli, &f->host, CONFIG_LEVEL_ADMIN, 1000000, (struct cli_peer){1, 2});
	cli_feed(&cli, "prompt\n", 7);
	state = fuzz_run(&cli, last);
	for (size_t at = size ? 1 : 0; at < size && state == CLI_WANTS_INPUT;) {
		size_t room = cli_room(&cli), n = size - at < piece ? size - at : piece;
		n = n < room ? n : room;
		if (!n)
			abort(); /* it wants input, and takes none */
		cli_feed(&cli, (const char *)data + at, n);
		at += n;
		state = fuzz_run(&cli, last);
	}
	cli_feed_end(&cli);
	if (state != CLI_ENDED && fuzz_run(&cli, last) != CLI_ENDED)
		abort();
	cli_free(&cli);
	fixture_destroy(f);
	return 0;
}

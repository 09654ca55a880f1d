/* The same link and model as the console's, driven to an answer and out. */
#include "app/batch.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model/recorded.h"
#include "view/view.h"
#include "wire/link.h"

struct batch {
	const struct args *args;
	struct fleet fleet;
	struct link link;
};

int64_t clock_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool batch_open(struct batch *batch, const struct args *args)
{
	batch->args = args;
	bool ready = fleet_init(&batch->fleet, args->interval_ms);
	if (!ready)
		fputs("lbtop: out of memory\n", stderr);
	else if (!(ready = link_init(&batch->link, args->socket, args->interval_ms, batch->fleet.next, clock_now_ms())))
		fprintf(stderr, "lbtop: %s: the path is too long for a socket\n", args->socket);
	return ready;
}

static void batch_close(struct batch *batch)
{
	link_close(&batch->link);
	fleet_free(&batch->fleet);
}

/* Steps the link until it reports one of the wanted bits. */
static unsigned batch_wait(struct batch *batch, unsigned wanted)
{
	for (;;) {
		int64_t now = clock_now_ms();
		unsigned report = link_step(&batch->link, now);
		if (report & LINK_SNAPSHOT) {
			fleet_apply(&batch->fleet, now, 0);
			batch->link.next = batch->fleet.next;
		}
		if (report & (wanted | LINK_FAILED))
			return report;
		struct pollfd fds[] = {{.fd = batch->link.poll.fd, .events = link_poll_events(&batch->link, now)},
			{.fd = batch->link.command.fd, .events = link_command_events(&batch->link)}};
		int64_t wait = link_deadline(&batch->link) - now;
		poll(fds, 2, wait < 0 ? 0 : wait > 1000 ? 1000 : (int)wait);
	}
}

static bool batch_fetch(struct batch *batch)
{
	if (batch_wait(batch, LINK_SNAPSHOT) & LINK_SNAPSHOT)
		return true;
	fprintf(stderr, "lbtop: %s: %s\n", batch->args->socket, batch->link.reason);
	return false;
}

int batch_once(const struct args *args)
{
	struct batch batch;
	int code = EXIT_UNREACHABLE;

	if (batch_open(&batch, args) && batch_fetch(&batch)) {
		print_fleet(&batch.fleet, args->format);
		code = EXIT_GOOD;
		for (size_t i = 0; i < batch.fleet.row_count; i++)
			if (entity_is_trouble(&batch.fleet, batch.fleet.rows[i]))
				code = EXIT_TROUBLE;
		if (batch.fleet.partial > 0)
			fprintf(stderr, "lbtop: %u rows of the answer were incomplete\n", batch.fleet.partial);
	}
	batch_close(&batch);
	return code;
}

/* One server: stage, send, verify. */
static int batch_act(struct batch *batch, const char *target)
{
	struct action action = {0};
	char backend[CMD_NAME_MAX];
	const char *slash = strchr(target, '/');
	int length = (int)(slash - target) < CMD_NAME_MAX ? (int)(slash - target) : CMD_NAME_MAX - 1;

	snprintf(backend, sizeof backend, "%.*s", length, target);
	const struct entity *server = fleet_find(&batch->fleet, backend, slash + 1, ROW_SERVER);
	if (!server) {
		fprintf(stderr, "lbtop: %s: no such server\n", target);
		return EXIT_TROUBLE;
	}
	if (!action_stage(&action, &batch->fleet, server, batch->args->verb, batch->args->weight, clock_now_ms())) {
		fprintf(stderr, "lbtop: %s: %s\n", target, action.message);
		return EXIT_TROUBLE;
	}
	if (action.stage == ACTION_ASK_NAME && !batch->args->yes) {
		fprintf(stderr,
			"lbtop: %s: usable servers would go from %u to %u of %u, %d%% of the capacity left; "
			"use --yes to do it\n",
			target, action.usable_before, action.usable_after, action.servers, action.capacity_percent);
		return EXIT_TROUBLE;
	}
	action_sent(&action, &batch->fleet);
	if (link_send(&batch->link, action.command, clock_now_ms()))
		while (batch->link.command_busy)
			batch_wait(batch, LINK_REPLY);
	action_replied(&action, &batch->fleet, batch->link.reply_ok, batch->link.reply, 0);
	bool unreachable = !batch->link.reply_ok;
	while (action.stage == ACTION_VERIFY) {
		link_poll_now(&batch->link, clock_now_ms());
		if (!batch_fetch(batch))
			return EXIT_UNREACHABLE;
		action_verify(&action, &batch->fleet, 0);
	}
	size_t length_ok = strlen(": ok"), length_message = strlen(action.message);
	bool ok = length_message >= length_ok && strcmp(action.message + length_message - length_ok, ": ok") == 0;
	fprintf(ok ? stdout : stderr, "%s%s\n", ok ? "" : "lbtop: ", action.message);
	return ok ? EXIT_GOOD : unreachable ? EXIT_UNREACHABLE : EXIT_TROUBLE;
}

int batch_verb(const struct args *args)
{
	struct batch batch;
	int code = EXIT_UNREACHABLE;

	if (batch_open(&batch, args) && batch_fetch(&batch)) {
		code = EXIT_GOOD;
		for (int i = 0; i < args->target_count; i++) {
			int one = batch_act(&batch, args->targets[i]);
			code = one > code ? one : code;
		}
	}
	batch_close(&batch);
	return code;
}

static char *batch_read_file(const char *path, size_t *len)
{
	FILE *file = fopen(path, "rb");
	size_t cap = 1 << 16;
	char *text = malloc(cap);

	*len = 0;
	while (file && text) {
		*len += fread(text + *len, 1, cap - *len, file);
		if (*len < cap)
			break;
		char *more = realloc(text, cap *= 2);
		if (!more)
			free(text);
		text = more;
	}
	if (!file || !text || ferror(file)) {
		fprintf(stderr, "lbtop: %s: cannot be read\n", path);
		free(text);
		text = NULL;
	}
	if (file)
		fclose(file);
	return text;
}

int batch_frame(const struct args *args, bool utf8)
{
	struct fleet fleet;
	struct action action = {0};
	struct grid grid = {.ascii = !utf8};
	struct ui ui = {.detail = true,
		.log = true,
		.badge = UI_LIVE,
		.interval_ms = args->interval_ms,
		.action = &action,
		.glyphs = glyphs_get(utf8),
		.read_only = args->read_only};
	size_t len;
	char *text = batch_read_file(args->from, &len);
	bool ready = text && fleet_init(&fleet, 1000);

	if (ready && grid_resize(&grid, args->frame_width, args->frame_height)) {
		recorded_load(&fleet, text, len);
		ui_selected(&ui, &fleet);
		layout_scroll(&ui, &fleet, grid.width, grid.height);
		view_draw(&grid, &fleet, &ui);
		grid_print(&grid, stdout);
	}
	if (ready)
		fleet_free(&fleet);
	grid_free(&grid);
	free(text);
	return ready ? EXIT_GOOD : EXIT_USAGE;
}

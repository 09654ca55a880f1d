/*
 * Golden frames: recorded answers of a daemon, drawn at several sizes, compared with text files. After a wanted change,
 * `lbtop --frame` prints the new text.
 */
#include "view/view.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "model/recorded.h"
#include "text/utf8.h"

struct frame {
	struct fleet fleet;
	struct action action;
	struct ui ui;
	struct grid grid;
};

static char *frame_read(const char *name)
{
	char path[512];
	snprintf(path, sizeof path, "%s/%s", GOLDEN, name);
	FILE *file = fopen(path, "rb");
	char *text = calloc(1, 1 << 20);

	cr_assert(file != NULL, "%s", path);
	cr_assert_gt(fread(text, 1, (1 << 20) - 1, file), 0);
	fclose(file);
	return text;
}

static void frame_open(struct frame *frame, const char *recorded, int width, int height, bool utf8)
{
	char *text = frame_read(recorded);

	memset(frame, 0, sizeof *frame);
	cr_assert(fleet_init(&frame->fleet, 1000));
	recorded_load(&frame->fleet, text, strlen(text));
	free(text);
	frame->ui = (struct ui){.detail = true,
		.log = true,
		.badge = UI_LIVE,
		.interval_ms = 1000,
		.action = &frame->action,
		.glyphs = glyphs_get(utf8)};
	frame->grid.ascii = !utf8;
	cr_assert(grid_resize(&frame->grid, width, height));
}

static char *frame_draw(struct frame *frame)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	ui_selected(&frame->ui, &frame->fleet);
	layout_scroll(&frame->ui, &frame->fleet, frame->grid.width, frame->grid.height);
	view_draw(&frame->grid, &frame->fleet, &frame->ui);
	grid_print(&frame->grid, out);
	fclose(out);
	return text;
}

static void frame_close(struct frame *frame)
{
	fleet_free(&frame->fleet);
	grid_free(&frame->grid);
}

Test(frames, golden)
{
	static const struct {
		const char *recorded, *golden;
		int width, height;
		bool utf8;
	} cases[] = {
#define FRAME(recorded, width, height, charset, utf8)                                                                  \
	{recorded ".in", recorded "-" #width "x" #height "-" charset ".txt", width, height, utf8},
#include "../golden/frames.def"
#undef FRAME
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct frame frame;
		frame_open(&frame, cases[i].recorded, cases[i].width, cases[i].height, cases[i].utf8);
		char *text = frame_draw(&frame), *golden = frame_read(cases[i].golden);
		cr_expect_str_eq(text, golden, "%s is now:\n%s", cases[i].golden, text);
		free(text);
		free(golden);
		frame_close(&frame);
	}
}

Test(frames, any_size_stays_inside)
{
	struct frame frame;

	frame_open(&frame, "lbd.in", 1, 1, true);
	for (int width = 1; width < 200; width += 3)
		for (int height = 1; height < 60; height += 2) {
			cr_assert(grid_resize(&frame.grid, width, height));
			char *text = frame_draw(&frame);
			int lines = 0;
			for (char *line = text; *line; lines++) {
				char *end = strchr(line, '\n');
				*end = '\0';
				cr_assert_leq(utf8_columns(line), width, "%dx%d: %s", width, height, line);
				line = end + 1;
			}
			cr_assert_eq(lines, height);
			free(text);
		}
	frame_close(&frame);
}

static void frame_expect(struct frame *frame, const char *wanted, bool there)
{
	char *text = frame_draw(frame);

	cr_expect_eq(strstr(text, wanted) != NULL, there, "'%s' in:\n%s", wanted, text);
	free(text);
}

Test(frames, badges)
{
	static const struct {
		enum ui_badge badge;
		bool paused;
		const char *text;
	} cases[] = {{UI_LIVE, false, "[LIVE 1s]"}, {UI_LIVE, true, "[PAUSED]"}, {UI_STALE, false, "[STALE 4s]"},
		{UI_RETRY, true, "[RETRY in 2s (no such socket)]"}, {UI_CONNECTING, false, "[CONNECTING]"}};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct frame frame;
		frame_open(&frame, "lbd.in", 100, 24, true);
		frame.ui.badge = cases[i].badge;
		frame.ui.paused = cases[i].paused;
		frame.ui.age_s = 4;
		frame.ui.retry_s = 2;
		frame.ui.reason = "no such socket";
		frame_expect(&frame, cases[i].text, true);
		frame_expect(&frame, "Req/s    210", !ui_is_stale(&frame.ui) || cases[i].badge == UI_CONNECTING);
		frame_close(&frame);
	}
}

Test(frames, the_question_does_not_cover_its_row)
{
	struct frame frame;

	frame_open(&frame, "lbd.in", 80, 24, true);
	const struct entity *server = fleet_find(&frame.fleet, "app", "a", ROW_SERVER);
	cr_assert(action_stage(&frame.action, &frame.fleet, server, VERB_DRAIN, NULL, 0));
	frame_expect(&frame, "! drain app/a?  usable 3 -> 2 of 4, capacity -40%, 5 sessions finish", true);
	frame_expect(&frame, "  > set server app/a state drain", true);
	frame_expect(&frame, "[y] yes   [n/Esc] no", true);
	frame_expect(&frame, "F10Quit", false);
	grid_resize(&frame.grid, 20, 3);
	frame_expect(&frame, "drain app/a? y/n", true);
	frame_close(&frame);
}

Test(frames, help_names_every_key_and_column)
{
	struct frame frame;

	frame_open(&frame, "lbd.in", 100, 70, true);
	frame.ui.help = true;
	for (int i = 0; i < UI_ACTION_COUNT; i++)
		frame_expect(&frame, ui_keys[i].help, true);
	for (int i = 0; i < COLUMN_COUNT; i++)
		frame_expect(&frame, column_rows[i].help, true);
	frame_close(&frame);
}

Test(frames, no_key_is_bound_twice)
{
	for (int i = 0; i < UI_ACTION_COUNT; i++)
		for (int k = 0; k < 4; k++)
			if (ui_keys[i].keys[k])
				cr_expect_eq(
					ui_find_action(ui_keys[i].keys[k]), (enum ui_action)i, "%s", ui_keys[i].shown);
}

Test(frames, columns_go_by_priority)
{
	struct frame frame;
	struct layout layout;

	frame_open(&frame, "lbd.in", 80, 24, true);
	for (int width = 30; width < 200; width++) {
		layout_make(&layout, &frame.fleet, &frame.ui, width, 24);
		cr_expect_gt(layout.column_width[COLUMN_NAME], 0);
		cr_expect_gt(layout.column_width[COLUMN_STATE], 0);
		cr_expect_eq(layout.column_width[COLUMN_AVG], 0, "there are percentiles");
		int lowest_dropped = COLUMN_COUNT, highest_shown = 0;
		for (int i = 0; i < COLUMN_COUNT; i++) {
			int priority = column_rows[i].priority;
			if (layout.column_width[i] > 0 && priority > highest_shown)
				highest_shown = priority;
			if (layout.column_width[i] == 0 && i != COLUMN_AVG && i != COLUMN_SPARK &&
				priority < lowest_dropped)
				lowest_dropped = priority;
		}
		cr_expect_lt(highest_shown, lowest_dropped, "at %d columns", width);
	}
	frame_close(&frame);
}

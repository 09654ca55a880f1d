/* The head lines: who is watched, how fresh it is, the sums; and the one line of a window too small for a table. */
#include <stdio.h>
#include <string.h>

#include "text/fmt.h"
#include "text/utf8.h"
#include "view/view.h"

/* Who is asked, with what right, and when: the right end of the first line. Returns its columns. */
static int view_head_right(struct view *view)
{
	const struct ui *ui = view->ui;
	const char *level = ui->read_only ? "READ-ONLY" : view->fleet->now->level;
	char badge[80], text[160];
	enum role role = ui->badge == UI_LIVE && !ui->paused ? ROLE_OK : ROLE_BADGE;

	view_badge(badge, sizeof badge, ui);
	snprintf(text, sizeof text, "[%s]%s%s%s%s ", badge, *level ? "  " : "", level, *ui->clock ? "  " : "",
		ui->clock);
	int columns = utf8_columns(text), x = view->grid->width - columns;
	if (x < 0) {
		snprintf(text, sizeof text, "[%s]", badge);
		columns = utf8_columns(text);
		x = view->grid->width > columns ? view->grid->width - columns : 0;
	}
	grid_put(view->grid, 0, x, columns, ROLE_NORMAL, text);
	for (int i = 0; i < (int)strlen(badge) + 2; i++)
		if (grid_at(view->grid, 0, x + i))
			grid_at(view->grid, 0, x + i)->role = (uint8_t)role;
	if (ui->read_only)
		for (int i = (int)strlen(badge) + 4; i < columns && text[i] != ' '; i++)
			if (grid_at(view->grid, 0, x + i))
				grid_at(view->grid, 0, x + i)->role = ROLE_WARN;
	return view->grid->width - x;
}

static void view_head_who(struct view *view, int width)
{
	const struct info *info = &view->fleet->now->info;
	char age[FMT_MAX], text[256] = "";

	int x = 1 + grid_put(view->grid, 0, 1, width - 1, ROLE_BOLD, "lbtop") + 2;
	if (view->fleet->polls > 0 && info->pid >= 0)
		snprintf(text, sizeof text, "%s%spid %lld up %s%s%s%s", info->node, *info->node ? " " : "",
			(long long)info->pid, fmt_age(age, info->uptime), info->stopping > 0 ? " stopping" : "",
			width > 60 && *info->version ? "   " : "", width > 60 ? info->version : "");
	else
		snprintf(text, sizeof text, "%s", view->ui->socket ? view->ui->socket : "");
	grid_put(view->grid, 0, x, width - x - 1, ROLE_NORMAL, text);
}

static void view_head_load(struct view *view)
{
	const struct fleet_totals *totals = &view->fleet->totals;
	const struct info *info = &view->fleet->now->info;
	bool stale = ui_is_stale(view->ui);
	char requests[FMT_MAX], sessions[FMT_MAX], in[FMT_MAX], out[FMT_MAX], text[160];

	int x = grid_put(view->grid, 1, 0, view->grid->width, ROLE_NORMAL, " Conn ");
	int width = view->grid->width >= 100 ? 34 : 25;
	view_meter(view->grid, 1, x, width, info->connections < 0 ? 0 : info->connections, info->max_connections,
		view->ui->glyphs->fill);
	if (stale)
		return;
	snprintf(text, sizeof text, "  Req/s %6s  Sess/s %s  In %s/s Out %s/s", fmt_count(requests, totals->requests),
		fmt_count(sessions, totals->sessions), fmt_bytes(in, totals->bytes_in),
		fmt_bytes(out, totals->bytes_out));
	grid_put(view->grid, 1, x + width, view->grid->width, ROLE_NORMAL, text);
}

/* Appends "  3 DOWN" in the colour of the state. */
static int view_head_count(struct view *view, int x, unsigned count, const char *word, enum role role)
{
	char text[48];

	if (count == 0)
		return x;
	snprintf(text, sizeof text, " %u %s", count, word);
	return x + grid_put(view->grid, 2, x, view->grid->width, role, text);
}

static void view_head_counts(struct view *view)
{
	const struct fleet_totals *totals = &view->fleet->totals;
	char text[96], percent[FMT_MAX];

	snprintf(text, sizeof text, " Srv %u:", totals->servers);
	int x = grid_put(view->grid, 2, 0, view->grid->width, ROLE_NORMAL, text);
	for (int i = 0; i <= STATE_OTHER; i++)
		x = view_head_count(view, x, totals->by_state[i],
			i == STATE_NOCHECK ? "no chk" : state_name((enum state)i),
			view_severity_role(state_severity((enum state)i)));
	if (totals->breakers_open + totals->breakers_half > 0)
		x += grid_put(view->grid, 2, x, view->grid->width, ROLE_NORMAL, "   Brk");
	x = view_head_count(view, x, totals->breakers_open, "OPEN", ROLE_BAD);
	x = view_head_count(view, x, totals->breakers_half, "HALF", ROLE_WARN);
	snprintf(text, sizeof text, "   Queue %lld", (long long)totals->queue);
	x += grid_put(view->grid, 2, x, view->grid->width, totals->queue > 0 ? ROLE_WARN : ROLE_NORMAL, text);
	if (!ui_is_stale(view->ui)) {
		snprintf(text, sizeof text, "   5xx %s%%", fmt_percent(percent, totals->percent_5xx));
		x += grid_put(
			view->grid, 2, x, view->grid->width, totals->percent_5xx >= 1 ? ROLE_WARN : ROLE_NORMAL, text);
	}
	if (view->fleet->partial > 0) {
		snprintf(text, sizeof text, "   %u rows incomplete", view->fleet->partial);
		grid_put(view->grid, 2, x, view->grid->width, ROLE_WARN, text);
	}
}

void view_head(struct view *view)
{
	int right = view_head_right(view);

	view_head_who(view, view->grid->width - right);
	if (view->layout.head < 3)
		return;
	view_head_load(view);
	view_head_counts(view);
}

void view_summary(struct view *view)
{
	const struct fleet_totals *totals = &view->fleet->totals;
	char badge[80];
	int width = view->grid->width, x = 0;
	char text[64];

	if (view->fleet->polls > 0) {
		snprintf(text, sizeof text, "%u srv", totals->servers);
		x += grid_put(view->grid, 0, x, width, ROLE_NORMAL, text);
		if (totals->by_state[STATE_DOWN]) {
			snprintf(text, sizeof text, " %u DOWN", totals->by_state[STATE_DOWN]);
			x += grid_put(view->grid, 0, x, width, ROLE_BAD, text);
		}
		if (totals->breakers_open) {
			snprintf(text, sizeof text, " %u OPEN", totals->breakers_open);
			x += grid_put(view->grid, 0, x, width, ROLE_BAD, text);
		}
		snprintf(text, sizeof text, " q%lld ", (long long)totals->queue);
		x += grid_put(view->grid, 0, x, width, ROLE_NORMAL, text);
	}
	if (view->ui->badge != UI_LIVE || view->ui->paused) {
		view_badge(badge, sizeof badge, view->ui);
		bool own_line = x > 0 && view->grid->height > 1;
		grid_put(view->grid, own_line ? 1 : 0, own_line ? 0 : x, width, ROLE_BADGE, badge);
	}
}

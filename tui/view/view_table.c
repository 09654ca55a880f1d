/* The table: a function for the text of each column, and a loop over the rows of columns.def. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "text/fmt.h"
#include "text/utf8.h"
#include "view/view.h"

static void view_format_count(char *out, size_t cap, int64_t value)
{
	char text[FMT_MAX];

	snprintf(out, cap, "%s", value == ROW_ABSENT ? "" : fmt_count(text, (double)value));
}

static void view_format_rate(char *out, size_t cap, float value, int64_t fallback)
{
	char text[FMT_MAX];
	double rate = isnan(value) && fallback != ROW_ABSENT ? (double)fallback : (double)value;

	snprintf(out, cap, "%s", isnan(rate) ? "" : fmt_count(text, rate));
}

static void view_format_latency(char *out, size_t cap, int64_t us)
{
	char text[FMT_MAX];

	snprintf(out, cap, "%s", us == ROW_ABSENT ? "" : fmt_us(text, us));
}

static void view_format_breaker(char *out, size_t cap, const struct entity *entity)
{
	if (entity->type == ROW_BACKEND && entity->breakers_open > 0)
		snprintf(out, cap, "%u !", entity->breakers_open);
	else if (entity->type == ROW_SERVER || entity->breaker != BREAKER_NONE)
		snprintf(out, cap, "%s", breaker_label(entity->breaker));
	else
		out[0] = '\0';
}

static void view_format_check(char *out, size_t cap, const struct fleet *fleet, const struct entity *entity)
{
	int64_t code = entity_num(entity, FN_check_code), ms = entity_num(entity, FN_check_duration);
	char number[32] = "", time[32] = "";

	if (code > 0)
		snprintf(number, sizeof number, " %d", (int)(code % 1000));
	if (ms >= 0)
		snprintf(time, sizeof time, " %lldms", (long long)ms);
	const char *status = entity_text(fleet, entity, FT_check_status);
	snprintf(out, cap, "%s%s%s", status, *status ? number : "", *status ? time : "");
}

static double view_failure_percent(const struct entity *entity)
{
	double all = (double)entity->rates.per_second[RATE_responses];

	return all > 0 ? (double)entity->rates.per_second[RATE_failures] * 100 / all : NAN;
}

void view_format_cell(
	char *out, size_t cap, const struct fleet *fleet, const struct entity *entity, enum column column, bool stale)
{
	const float *rate = entity->rates.per_second;
	char text[FMT_MAX];
	double percent;

	out[0] = '\0';
	switch (column) {
	case COLUMN_NAME:
		snprintf(out, cap, "%s", entity->type == ROW_SERVER ? entity->name : entity->proxy);
		break;
	case COLUMN_STATE:
		if (entity->gone_at >= 0)
			snprintf(out, cap, "GONE");
		else
			state_format(out, cap, entity_text(fleet, entity, FT_status));
		break;
	case COLUMN_BRK:
		view_format_breaker(out, cap, entity);
		break;
	case COLUMN_CHECK:
		view_format_check(out, cap, fleet, entity);
		break;
	case COLUMN_WGT:
		if (entity->type != ROW_FRONTEND)
			view_format_count(out, cap, entity_num(entity, FN_weight));
		break;
	case COLUMN_SESS:
		if (entity_num(entity, FN_slim) > 0)
			snprintf(out, cap, "%lld/%lld", (long long)entity_num(entity, FN_scur),
				(long long)entity_num(entity, FN_slim));
		else
			snprintf(out, cap, "%lld/-", (long long)entity_num(entity, FN_scur));
		break;
	case COLUMN_MAX:
		view_format_count(out, cap, entity_num(entity, FN_smax));
		break;
	case COLUMN_QUEUE:
		view_format_count(out, cap, entity_num(entity, FN_qcur));
		break;
	case COLUMN_REQ:
		if (!stale)
			view_format_rate(out, cap, rate[RATE_requests], entity_num(entity, FN_req_rate));
		break;
	case COLUMN_SPS:
		if (!stale)
			view_format_rate(out, cap, rate[RATE_sessions], entity_num(entity, FN_rate));
		break;
	case COLUMN_ERR:
		if (!stale)
			view_format_rate(out, cap, rate[RATE_errors], ROW_ABSENT);
		break;
	case COLUMN_FAIL:
		percent = stale ? NAN : view_failure_percent(entity);
		snprintf(out, cap, "%s", isnan(percent) ? "" : fmt_percent(text, percent));
		break;
	case COLUMN_P50:
		view_format_latency(out, cap, entity_num(entity, FN_lat_p50_us));
		break;
	case COLUMN_P99:
		view_format_latency(out, cap, entity_num(entity, FN_lat_p99_us));
		break;
	case COLUMN_AVG:
		if (entity_num(entity, FN_ttime) > 0)
			view_format_latency(out, cap, entity_num(entity, FN_ttime) * 1000);
		break;
	case COLUMN_CHG:
		if (entity_num(entity, FN_lastchg) >= 0)
			snprintf(out, cap, "%s", fmt_age(text, entity_num(entity, FN_lastchg)));
		break;
	case COLUMN_SPARK:
	case COLUMN_COUNT:
		break;
	}
}

/* Fold mark, tree and name; a group also says how many of its servers can serve, where there is room. */
static void view_table_name(struct view *view, int y, int x, int width, const struct entity *entity, enum role role)
{
	const struct glyphs *glyphs = view->ui->glyphs;
	char name[256], text[CSV_FIELD_MAX];
	bool server = entity->type == ROW_SERVER;
	int indent = server ? 5 : 3;

	if (entity == view->selected)
		grid_put_char(view->grid, y, x, role, glyphs->cursor);
	if (entity->type == ROW_BACKEND && entity->servers > 0)
		grid_put_char(view->grid, y, x + 1, role, entity->folded ? glyphs->closed : glyphs->open);
	if (server) {
		grid_put_char(view->grid, y, x + 3, ROLE_DIM, entity->next ? glyphs->tree_mid : glyphs->tree_end);
		grid_put_char(view->grid, y, x + 4, ROLE_DIM, glyphs->line);
	}
	view_format_cell(text, sizeof text, view->fleet, entity, COLUMN_NAME, false);
	bool backup = server && entity_num(entity, FN_bck) == 1;
	int room = width - indent - (backup && width >= 22 ? 6 : 0);
	utf8_ellipsis(name, sizeof name, text, room, glyphs->ellipsis);
	int used = indent + grid_put(view->grid, y, x + indent, room, role, name);
	if (backup && width >= 22)
		grid_put(view->grid, y, x + used, width - used, ROLE_DIM, " (bck)");
	if (entity->type != ROW_BACKEND || entity->servers == 0)
		return;
	int n = snprintf(text, sizeof text, " %u/%u usable", entity->usable, entity->servers);
	if (used + n > width)
		n = snprintf(text, sizeof text, " %u/%u", entity->usable, entity->servers);
	if (used + n <= width)
		grid_put(view->grid, y, x + used, n, entity->usable == 0 ? ROLE_BAD : ROLE_DIM, text);
}

/* One cell for each poll, newest on the right, on the scale of the visible samples; a missed poll is a blank. */
static void view_table_spark(struct view *view, int y, int x, int width, const struct entity *entity)
{
	double most = 0;

	if (!entity->history)
		return;
	for (int age = 0; age < width; age++)
		most = fmax(most, ring_get(entity->history, (size_t)age));
	for (int age = 0; age < width; age++) {
		double value = ring_get(entity->history, (size_t)age);
		if (isnan(value))
			continue;
		int level = most > 0 && value > 0 ? 1 + (int)(value / most * (GLYPH_LEVELS - 1) + 0.5) : 0;
		level = level > GLYPH_LEVELS ? GLYPH_LEVELS : level;
		grid_put_char(view->grid, y, x + width - 1 - age, ROLE_ACCENT, view->ui->glyphs->spark[level]);
	}
}

static enum role view_table_role(const struct entity *entity, enum column column)
{
	if (entity->gone_at >= 0)
		return ROLE_DIM;
	if (column == COLUMN_STATE)
		return view_severity_role(state_severity(entity->state));
	if (column == COLUMN_BRK)
		return entity->breakers_open > 0 ? ROLE_WARN : view_severity_role(breaker_severity(entity->breaker));
	if (column == COLUMN_ERR && (double)entity->rates.per_second[RATE_errors] > 0)
		return ROLE_WARN;
	if (column == COLUMN_FAIL && view_failure_percent(entity) >= 1)
		return ROLE_WARN;
	return entity->type == ROW_BACKEND && column == COLUMN_NAME ? ROLE_BOLD : ROLE_NORMAL;
}

static void view_table_cell(struct view *view, int y, const struct entity *entity, enum column column)
{
	int x = view->layout.column_x[column], width = view->layout.column_width[column];
	enum role role = view_table_role(entity, column);
	char text[CSV_FIELD_MAX], cut[256];

	if (column == COLUMN_NAME) {
		view_table_name(view, y, x, width, entity, role);
	} else if (column == COLUMN_SPARK) {
		view_table_spark(view, y, x, width, entity);
	} else if (column == COLUMN_SESS && entity->gone_at < 0) {
		if (entity_num(entity, FN_scur) != ROW_ABSENT)
			view_meter(view->grid, y, x, width, entity_num(entity, FN_scur), entity_num(entity, FN_slim),
				view->ui->glyphs->fill);
	} else if (column == COLUMN_STATE || column == COLUMN_CHECK || column == COLUMN_BRK) {
		view_format_cell(text, sizeof text, view->fleet, entity, column, false);
		utf8_ellipsis(cut, sizeof cut, text, width, view->ui->glyphs->ellipsis);
		grid_put(view->grid, y, x, width, role, cut);
	} else {
		view_format_cell(text, sizeof text, view->fleet, entity, column, ui_is_stale(view->ui));
		grid_put_right(view->grid, y, x, width, role, text);
	}
}

static void view_table_titles(struct view *view, int y)
{
	grid_fill(view->grid, y, 0, view->grid->width, ROLE_TITLE, ' ');
	for (int i = 0; i < COLUMN_COUNT; i++) {
		int x = view->layout.column_x[i], width = view->layout.column_width[i];
		if (i == COLUMN_NAME || i == COLUMN_STATE || i == COLUMN_BRK || i == COLUMN_CHECK || i == COLUMN_SPARK)
			grid_put(
				view->grid, y, x + (i == COLUMN_NAME ? 3 : 0), width, ROLE_TITLE, column_rows[i].title);
		else
			grid_put_right(view->grid, y, x, width, ROLE_TITLE, column_rows[i].title);
	}
}

static void view_table_empty(struct view *view)
{
	const struct ui *ui = view->ui;
	char text[400];

	if (view->fleet->polls > 0)
		snprintf(text, sizeof text, "   the daemon has no frontends, backends or servers");
	else
		snprintf(text, sizeof text, "   waiting for %s%s%s", ui->socket ? ui->socket : "the daemon",
			ui->reason ? ": " : "", ui->reason ? ui->reason : "");
	grid_put(view->grid, view->layout.table_y, 0, view->grid->width, ROLE_DIM, text);
}

void view_table(struct view *view)
{
	view_table_titles(view, view->layout.table_y - 1);
	if (view->fleet->row_count == 0 && view->layout.table_height > 0)
		view_table_empty(view);
	for (int i = 0; i < view->layout.table_height; i++) {
		size_t index = view->ui->top + (size_t)i;
		int y = view->layout.table_y + i;
		if (index >= view->fleet->row_count)
			break;
		const struct entity *entity = view->fleet->rows[index];
		for (int column = 0; column < COLUMN_COUNT; column++)
			if (view->layout.column_width[column] > 0)
				view_table_cell(view, y, entity, (enum column)column);
		if (ui_is_stale(view->ui))
			grid_recolour(view->grid, y, ROLE_NORMAL, ROLE_DIM);
		if (entity == view->selected)
			grid_set_cursor(view->grid, y);
	}
}

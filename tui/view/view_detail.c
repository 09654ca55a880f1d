/*
 * The detail pane of the selected row: a list of lines, of which a small pane shows the first ones. Fields that the
 * daemon did not send leave no trace.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "text/fmt.h"
#include "view/view.h"

enum { DETAIL_LINE_MAX = 240 };

struct detail {
	const struct fleet *fleet;
	const struct entity *entity;
	char line[DETAIL_LINE_MAX];
	size_t len;
};

static void detail_add(struct detail *detail, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void detail_add(struct detail *detail, const char *format, ...)
{
	size_t room = sizeof detail->line - detail->len;
	va_list args;

	va_start(args, format);
	int n = vsnprintf(detail->line + detail->len, room, format, args);
	va_end(args);
	if (n > 0)
		detail->len += (size_t)n < room ? (size_t)n : room - 1;
}

/* Adds " label N" for a number that is known. */
static void detail_number(struct detail *detail, const char *label, enum field_num field)
{
	int64_t value = entity_num(detail->entity, field);

	if (value != ROW_ABSENT)
		detail_add(detail, " %s %lld", label, (long long)value);
}

static void detail_count(struct detail *detail, const char *label, enum field_num field)
{
	char text[FMT_MAX];
	int64_t value = entity_num(detail->entity, field);

	if (value != ROW_ABSENT)
		detail_add(detail, " %s %s", label, fmt_count(text, (double)value));
}

static void detail_time(struct detail *detail, const char *label, enum field_num field, int64_t scale)
{
	char text[FMT_MAX];
	int64_t value = entity_num(detail->entity, field);

	if (value >= 0)
		detail_add(detail, " %s %s", label, fmt_us(text, value * scale));
}

static void detail_text(struct detail *detail, const char *label, enum field_text field)
{
	const char *text = entity_text(detail->fleet, detail->entity, field);

	if (*text)
		detail_add(detail, " %s%s%s", label, *label ? " " : "", text);
}

static void detail_check(struct detail *detail)
{
	const char *info = entity_text(detail->fleet, detail->entity, FT_last_chk);
	const char *status = entity_text(detail->fleet, detail->entity, FT_check_status);
	int64_t health = entity_num(detail->entity, FN_check_health), rise = entity_num(detail->entity, FN_check_rise);
	int64_t fall = entity_num(detail->entity, FN_check_fall);

	if (!*status)
		return;
	detail_add(detail, " check %s", status);
	if (entity_num(detail->entity, FN_check_code) > 0)
		detail_number(detail, "", FN_check_code);
	if (entity_num(detail->entity, FN_check_duration) >= 0)
		detail_add(detail, " in %lldms", (long long)entity_num(detail->entity, FN_check_duration));
	if (*info)
		detail_add(detail, " '%s'", info);
	if (health == ROW_ABSENT || rise == ROW_ABSENT || fall == ROW_ABSENT)
		return;
	/* While up, health runs from rise to rise + fall - 1; what is missing to the top are failed checks. */
	if (health >= rise && health < rise + fall - 1)
		detail_add(detail, " fall %lld/%lld", (long long)(rise + fall - 1 - health), (long long)fall);
	else if (health < rise)
		detail_add(detail, " rise %lld/%lld", (long long)health, (long long)rise);
}

static void detail_breaker(struct detail *detail)
{
	const struct entity *entity = detail->entity;
	char age[FMT_MAX];

	if (entity->breaker == BREAKER_NONE)
		return;
	detail_add(detail, " brk %s", breaker_label(entity->breaker));
	if (entity_num(entity, FN_brk_since) >= 0)
		detail_add(detail, " %s", fmt_age(age, entity_num(entity, FN_brk_since)));
	if (entity->breaker == BREAKER_HALF_OPEN && entity_num(entity, FN_brk_trials_need) > 0)
		detail_add(detail, ": %lld/%lld trials ok", (long long)entity_num(entity, FN_brk_trials_ok),
			(long long)entity_num(entity, FN_brk_trials_need));
	if (entity_num(entity, FN_brk_err_pct) >= 0)
		detail_add(detail, ", err %lld%%", (long long)entity_num(entity, FN_brk_err_pct));
	if (entity_num(entity, FN_brk_requests) >= 0)
		detail_add(detail, " of %lld", (long long)entity_num(entity, FN_brk_requests));
	if (entity_num(entity, FN_brk_threshold_pct) > 0)
		detail_add(detail, " (opens at %lld%%)", (long long)entity_num(entity, FN_brk_threshold_pct));
	detail_number(detail, " opened", FN_brk_opens);
	detail_add(detail, " ");
}

static void detail_place(struct detail *detail)
{
	char age[FMT_MAX];

	detail_text(detail, "", FT_addr);
	detail_text(detail, "mode", FT_mode);
	detail_text(detail, "algo", FT_algo);
	detail_text(detail, "tracks", FT_tracked);
	detail_text(detail, "health", FT_health);
	detail_text(detail, "admin", FT_admin_state);
	if (entity_num(detail->entity, FN_drain_since) >= 0)
		detail_add(detail, " draining for %s", fmt_age(age, entity_num(detail->entity, FN_drain_since)));
	detail_number(detail, "maxq", FN_qmax);
}

static void detail_history(struct detail *detail)
{
	char age[FMT_MAX];

	if (*entity_text(detail->fleet, detail->entity, FT_chk_hist))
		detail_text(detail, "checks", FT_chk_hist);
	detail_number(detail, "failed", FN_chkfail);
	detail_number(detail, "downs", FN_chkdown);
	if (entity_num(detail->entity, FN_downtime) >= 0)
		detail_add(detail, " downtime %s", fmt_age(age, entity_num(detail->entity, FN_downtime)));
	if (entity_num(detail->entity, FN_lastchg) >= 0)
		detail_add(detail, " changed %s ago", fmt_age(age, entity_num(detail->entity, FN_lastchg)));
}

static void detail_sessions(struct detail *detail)
{
	detail_number(detail, "sess", FN_scur);
	detail_number(detail, "max", FN_smax);
	detail_number(detail, "limit", FN_slim);
	detail_count(detail, "total", FN_stot);
	detail_number(detail, "queue", FN_qcur);
	detail_number(detail, "weight", FN_weight);
	detail_number(detail, "eff", FN_eff_weight);
}

static void detail_responses(struct detail *detail)
{
	detail_count(detail, "req", FN_req_tot);
	detail_count(detail, "1xx", FN_hrsp_1xx);
	detail_count(detail, "2xx", FN_hrsp_2xx);
	detail_count(detail, "3xx", FN_hrsp_3xx);
	detail_count(detail, "4xx", FN_hrsp_4xx);
	detail_count(detail, "5xx", FN_hrsp_5xx);
	detail_count(detail, "other", FN_hrsp_other);
}

static void detail_latency(struct detail *detail)
{
	detail_time(detail, "p50", FN_lat_p50_us, 1);
	detail_time(detail, "p90", FN_lat_p90_us, 1);
	detail_time(detail, "p99", FN_lat_p99_us, 1);
	detail_time(detail, "max", FN_lat_max_us, 1);
	detail_time(detail, "queue", FN_qtime, 1000);
	detail_time(detail, "conn", FN_ctime, 1000);
	detail_time(detail, "ttfb", FN_rtime, 1000);
	detail_time(detail, "total", FN_ttime, 1000);
}

static void detail_errors(struct detail *detail)
{
	detail_count(detail, "bad requests", FN_ereq);
	detail_count(detail, "connect errors", FN_econ);
	detail_count(detail, "response errors", FN_eresp);
	detail_count(detail, "retries", FN_wretr);
	detail_count(detail, "redispatched", FN_wredis);
	detail_count(detail, "client aborts", FN_cli_abrt);
	detail_count(detail, "server aborts", FN_srv_abrt);
}

static void detail_bytes(struct detail *detail)
{
	char in[FMT_MAX], out[FMT_MAX];

	if (entity_num(detail->entity, FN_bin) >= 0 && entity_num(detail->entity, FN_bout) >= 0)
		detail_add(detail, " bytes in %s out %s", fmt_bytes(in, (double)entity_num(detail->entity, FN_bin)),
			fmt_bytes(out, (double)entity_num(detail->entity, FN_bout)));
}

typedef void detail_fn(struct detail *detail);

/* In a small pane the check stands in the title, and the breaker and the address share the one line below. */
static detail_fn *const detail_lines[] = {detail_place, detail_check, detail_breaker, detail_history, detail_sessions,
	detail_responses, detail_latency, detail_errors, detail_bytes};

static void detail_title(struct view *view, struct detail *detail, bool small)
{
	int y = view->layout.detail_y, width = view->layout.detail_width;

	detail->len = 0;
	detail->line[0] = '\0';
	const struct entity *entity = detail->entity;
	detail_add(detail, " %s%s", entity->type == ROW_SERVER ? entity->key : entity->proxy,
		entity->type == ROW_FRONTEND ? " (frontend)" : "");
	if (small && entity->type == ROW_SERVER && *entity_text(view->fleet, entity, FT_check_status)) {
		detail_add(detail, ":");
		detail_check(detail);
	}
	detail_add(detail, " ");
	grid_fill(view->grid, y, 0, width, ROLE_DIM, view->ui->glyphs->line);
	grid_put(view->grid, y, 2, width - 2, ROLE_BOLD, detail->line);
}

void view_detail(struct view *view)
{
	struct detail detail = {.fleet = view->fleet, .entity = view->selected};
	int y = view->layout.detail_y, height = view->layout.detail_height, width = view->layout.detail_width;
	bool small = height == 2;

	if (height == 0)
		return;
	if (!view->selected || !view->selected->row) {
		grid_fill(view->grid, y, 0, width, ROLE_DIM, view->ui->glyphs->line);
		return;
	}
	detail_title(view, &detail, small);
	int used = 1;
	for (size_t i = 0; i < sizeof detail_lines / sizeof *detail_lines && used < height; i++) {
		detail.len = 0;
		detail.line[0] = '\0';
		if (small) {
			detail_breaker(&detail);
			detail_place(&detail);
		} else {
			detail_lines[i](&detail);
		}
		if (detail.len > 0)
			grid_put(view->grid, y + used++, small ? 2 : 0, width - (small ? 2 : 0), ROLE_NORMAL,
				detail.line);
	}
}

/* The counter runs from 0 to rise + fall - 1; at rise and above the server is up. A failure while up costs one, and
 * below rise the server is down and starts at 0; a success while down earns one, and reaching rise it is up and starts
 * at the top. A new server stands at rise: one failure puts it down, one success fully up. */
#include "backend/check_result.h"

#include "backend/server_state.h"

#include <stdio.h>

static const struct {
	const char *word, *description;
} check_status_rows[] = {
#define CHECK_STATUS(id, word, description) {word, description},
#include "backend/check_status.def"
#undef CHECK_STATUS
};

const char *server_check_description(const char *status)
{
	for (size_t i = 0; i < CHECK_STATUS_COUNT; i++)
		if (strcmp(check_status_rows[i].word, status) == 0)
			return check_status_rows[i].description;
	return "";
}

/* Control bytes and quotes would break log lines and CSV. */
static void check_result_copy_text(char *out, size_t out_size, const char *text)
{
	size_t n = 0;
	for (; text && *text && n + 1 < out_size; text++)
		out[n++] = (unsigned char)*text < 0x20 || *text == '"' || (unsigned char)*text >= 0x7f ? '?' : *text;
	out[n] = '\0';
}

static void check_result_remember(struct server_check *check, bool passed)
{
	size_t n = strlen(check->history), room = sizeof check->history - 1;
	if (n == room)
		memmove(check->history, check->history + 1, n--);
	check->history[n] = passed ? 'o' : 'x';
	check->history[n + 1] = '\0';
}

static void check_result_reason(const struct server_check *check, char *out, size_t out_size)
{
	char code[24] = "", info[sizeof check->text + 16] = "";
	if (check->code)
		snprintf(code, sizeof code, ", code: %u", check->code);
	if (check->text[0])
		snprintf(info, sizeof info, ", info: \"%s\"", check->text);
	snprintf(out, out_size, "reason: %s%s%s, check duration: %llums", server_check_description(check->status), code,
		info, (unsigned long long)(check->duration_us / 1000));
}

static void check_result_pass(struct server *s, const struct config_check *conf, const char *reason)
{
	unsigned top = conf->rise + conf->fall - 1;
	if (s->check.counter < conf->rise)
		s->check.counter++;
	if (s->check.counter < conf->rise)
		return;
	s->check.counter = top;
	server_set_health(s, SERVER_HEALTHY, reason);
}

static void check_result_fail(struct server *s, const struct config_check *conf, const char *reason)
{
	if (s->health != SERVER_UNHEALTHY)
		counter_add(server_control_counters(s), COUNTER_CHECK_FAILURES, 1);
	s->check.counter = s->check.counter > conf->rise ? s->check.counter - 1 : 0;
	if (s->check.counter < conf->rise)
		server_set_health(s, SERVER_UNHEALTHY, reason);
}

void check_result_apply(struct server *s, const struct check_result *result)
{
	const struct config_backend *conf = atomic_load_explicit(&s->backend->conf, memory_order_relaxed);
	char reason[256];
	s->check.status = check_status_rows[result->status].word;
	s->check.code = result->code;
	s->check.duration_us = result->duration_us;
	check_result_copy_text(s->check.text, sizeof s->check.text, result->text);
	if (result->verdict == CHECK_NEUTRAL)
		return;
	check_result_remember(&s->check, result->verdict == CHECK_PASSED);
	if (s->checks_ignored)
		return;
	check_result_reason(&s->check, reason, sizeof reason);
	if (result->verdict == CHECK_PASSED)
		check_result_pass(s, &conf->check, reason);
	else
		check_result_fail(s, &conf->check, reason);
}

void check_result_reset(struct server *s)
{
	const struct config_backend *conf = atomic_load_explicit(&s->backend->conf, memory_order_relaxed);
	uint32_t generation = s->check.generation + 1;
	s->check = (struct server_check){.generation = generation};
	s->check.status = check_status_rows[s->checked ? CHECK_STATUS_INI : CHECK_STATUS_NONE].word;
	s->check.counter = s->checked ? conf->check.rise : 0;
	s->health = s->checked ? SERVER_UNKNOWN : SERVER_HEALTHY;
}

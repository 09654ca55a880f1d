/*
 * The loop. A wake-up does, in this order: signals, keys, the link's news, the frame. Keys come before the link, so no
 * daemon, however slow, makes them wait; and nothing in here blocks.
 */
#include "app/watch.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "app/batch.h"

enum { WATCH_MESSAGE_MS = 5000, WATCH_CLOCK_FROM_MS = 1100 };

static const int watch_signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGWINCH, SIGTSTP, SIGCONT};

static void watch_signal_set(sigset_t *set)
{
	sigemptyset(set);
	for (size_t i = 0; i < sizeof watch_signals / sizeof *watch_signals; i++)
		sigaddset(set, watch_signals[i]);
}

void watch_say(struct watch *watch, int64_t now, const char *text)
{
	snprintf(watch->ui.message, sizeof watch->ui.message, "%s", text);
	watch->message_at = now;
	watch->dirty = true;
}

static void watch_resize(struct watch *watch)
{
	term_resize(watch->term, &watch->width, &watch->height);
	grid_resize(&watch->grid, watch->width, watch->height);
	watch->dirty = watch->full = true;
}

/* Stops as Ctrl-Z asks: the terminal goes back to the shell, and comes back to us with whatever size it has then. */
static void watch_suspend(struct watch *watch)
{
	sigset_t stop;

	term_leave(watch->term);
	signal(SIGTSTP, SIG_DFL);
	sigemptyset(&stop);
	sigaddset(&stop, SIGTSTP);
	raise(SIGTSTP);
	sigprocmask(SIG_UNBLOCK, &stop, NULL);
	sigprocmask(SIG_BLOCK, &stop, NULL);
	term_enter(watch->term);
	watch_resize(watch);
}

static void watch_on_signal(struct watch *watch, int number)
{
	switch (number) {
	case SIGWINCH:
		watch_resize(watch);
		break;
	case SIGTSTP:
		watch_suspend(watch);
		break;
	case SIGCONT:
		/* After a SIGSTOP nobody gave the terminal back, and the shell may have changed its modes. */
		term_enter(watch->term);
		watch_resize(watch);
		break;
	default:
		watch->quit = true;
		watch->exit_code = 128 + number;
		break;
	}
}

static void watch_read_signals(struct watch *watch)
{
	struct signalfd_siginfo info;

	while (!watch->quit && read(watch->signals, &info, sizeof info) == (ssize_t)sizeof info)
		watch_on_signal(watch, (int)info.ssi_signo);
}

static void watch_lost_terminal(struct watch *watch)
{
	watch->quit = true;
	watch->exit_code = 128 + SIGHUP;
}

/* Keys typed before a question was on the screen cannot be its answer. */
static void watch_drop_typed(struct watch *watch)
{
	term_flush_input(watch->term);
	keys_init(&watch->keys);
}

static void watch_read_keys(struct watch *watch, int64_t now)
{
	unsigned char bytes[1024];
	ssize_t n = read(STDIN_FILENO, bytes, sizeof bytes);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		watch_lost_terminal(watch);
		return;
	}
	for (ssize_t i = 0; i < n && !watch->quit; i++) {
		uint32_t key = keys_push(&watch->keys, bytes[i]);
		if (key != TK_NONE && !input_key(watch, key, now)) {
			watch_drop_typed(watch);
			return;
		}
	}
	watch->escape_at = now + KEYS_ESCAPE_MS;
}

static void watch_decide_escape(struct watch *watch, int64_t now)
{
	if (!keys_pending(&watch->keys) || now < watch->escape_at)
		return;
	uint32_t key = keys_timeout(&watch->keys);
	if (key != TK_NONE)
		input_key(watch, key, now);
}

static int64_t watch_wall(void)
{
	return (int64_t)time(NULL);
}

/* Sends a staged action; its answer comes by the link. */
static void watch_send(struct watch *watch, int64_t now)
{
	if (watch->action.stage != ACTION_SEND)
		return;
	action_sent(&watch->action, &watch->fleet);
	watch_say(watch, now, watch->action.message);
	if (!link_send(&watch->link, watch->action.command, now)) {
		action_replied(&watch->action, &watch->fleet, false, watch->link.reply, watch_wall());
		watch_say(watch, now, watch->action.message);
	}
}

static void watch_on_reply(struct watch *watch, int64_t now)
{
	if (action_replied(&watch->action, &watch->fleet, watch->link.reply_ok, watch->link.reply, watch_wall()))
		watch->denied = true;
	watch_say(watch, now, watch->action.message);
	link_poll_now(&watch->link, now);
}

static void watch_on_snapshot(struct watch *watch, int64_t now)
{
	bool was_stale = ui_is_stale(&watch->ui);
	const char *level;

	fleet_apply(&watch->fleet, now, watch_wall());
	watch->link.next = watch->fleet.next;
	if (was_stale)
		events_add(&watch->fleet.events, watch_wall(), false, "socket", "connection is back");
	level = watch->fleet.now->level;
	watch->ui.read_only = watch->args->read_only || watch->denied || (*level && strcmp(level, "admin") != 0);
	enum action_stage stage = watch->action.stage;
	action_verify(&watch->action, &watch->fleet, watch_wall());
	if (stage != watch->action.stage)
		watch_say(watch, now, watch->action.message);
	if (action_recheck(&watch->action, &watch->fleet, now)) {
		watch_drop_typed(watch);
		watch_say(watch, now, watch->action.stage == ACTION_NONE ? watch->action.message : "");
	}
	if (*watch->ui.message && now - watch->message_at > WATCH_MESSAGE_MS)
		watch->ui.message[0] = '\0';
	watch->dirty |= !watch->ui.paused;
}

/* LIVE, STALE (connected, but no answer in time) or RETRY (no connection). */
static enum ui_badge watch_badge(const struct watch *watch, int64_t now)
{
	const struct link *link = &watch->link;
	int64_t age = now - link->answered_at;

	if (link->reason)
		return link->was_connected && link->answered_at >= 0 ? UI_STALE : UI_RETRY;
	if (link->answered_at < 0)
		return UI_CONNECTING;
	bool late = link->poll.fd >= 0 && now - link->started_at > 1000 && age > link->interval + 1000;
	return late ? UI_STALE : UI_LIVE;
}

static void watch_update_badge(struct watch *watch, int64_t now)
{
	struct ui *ui = &watch->ui;
	enum ui_badge badge = watch_badge(watch, now);
	int64_t age = watch->fleet.applied_at < 0 ? 0 : (now - watch->fleet.applied_at) / 1000;
	int64_t retry = watch->link.poll_at == INT64_MAX ? 0 : (watch->link.poll_at - now + 999) / 1000;

	if (badge != ui->badge && ui->badge == UI_LIVE)
		events_add(&watch->fleet.events, watch_wall(), true, "socket", "connection lost: %s",
			watch->link.reason ? watch->link.reason : "no answer");
	if (badge != UI_LIVE && (badge != ui->badge || age != ui->age_s || retry != ui->retry_s))
		watch->dirty = true;
	watch->dirty |= badge != ui->badge;
	ui->badge = badge;
	ui->age_s = age;
	ui->retry_s = retry < 0 ? 0 : retry;
	ui->reason = watch->link.reason;
}

static void watch_step_link(struct watch *watch, int64_t now)
{
	unsigned report = link_step(&watch->link, now);

	if (report & LINK_REPLY)
		watch_on_reply(watch, now);
	if (report & LINK_SNAPSHOT)
		watch_on_snapshot(watch, now);
	watch_update_badge(watch, now);
}

static void watch_paint(struct watch *watch, int64_t now)
{
	time_t wall = time(NULL);
	struct tm tm;

	if (!watch->dirty || !watch->grid.cells)
		return;
	watch->ui.now = now;
	if (localtime_r(&wall, &tm))
		strftime(watch->ui.clock, sizeof watch->ui.clock, "%a %H:%M:%S", &tm);
	ui_selected(&watch->ui, &watch->fleet);
	layout_scroll(&watch->ui, &watch->fleet, watch->width, watch->height);
	view_draw(&watch->grid, &watch->fleet, &watch->ui);
	term_paint(watch->term, &watch->grid, watch->full);
	watch->dirty = watch->full = false;
}

/* A clock of its own only while polls come seldom, or while an age is shown. */
static void watch_tick(struct watch *watch, int64_t now)
{
	bool wanted = watch->ui.badge != UI_LIVE || watch->link.interval > WATCH_CLOCK_FROM_MS;

	if (wanted && now >= watch->tick_at) {
		watch->dirty |= watch->tick_at != INT64_MAX;
		watch->tick_at = now + 1000;
	} else if (wanted && watch->tick_at == INT64_MAX) {
		watch->tick_at = now + 1000;
	} else if (!wanted) {
		watch->tick_at = INT64_MAX;
	}
}

static void watch_sleep(struct watch *watch, bool blocked, int64_t now)
{
	struct pollfd fds[] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = watch->signals, .events = POLLIN},
		{.fd = watch->link.poll.fd, .events = link_poll_events(&watch->link, now)},
		{.fd = watch->link.command.fd, .events = link_command_events(&watch->link)},
		{.fd = blocked ? STDOUT_FILENO : -1, .events = POLLOUT}};
	int64_t until = link_deadline(&watch->link);

	/* A socket that is left alone must not wake us by hanging up either. */
	if (fds[2].events == 0)
		fds[2].fd = -1;
	if (watch->tick_at < until)
		until = watch->tick_at;
	if (keys_pending(&watch->keys) && watch->escape_at < until)
		until = watch->escape_at;
	int64_t wait = until <= now ? 0 : until - now;
	struct timespec timeout = {.tv_sec = wait / 1000, .tv_nsec = wait % 1000 * 1000000};
	if (ppoll(fds, sizeof fds / sizeof *fds, wait > 86400000 ? NULL : &timeout, NULL) <= 0)
		return;
	if (fds[1].revents)
		watch_read_signals(watch);
	if (!watch->quit && fds[0].revents & POLLIN)
		watch_read_keys(watch, clock_now_ms());
	else if (!watch->quit && fds[0].revents)
		watch_lost_terminal(watch);
}

static void watch_loop(struct watch *watch)
{
	while (!watch->quit) {
		int64_t now = clock_now_ms();
		watch_decide_escape(watch, now);
		watch_send(watch, now);
		watch_step_link(watch, now);
		watch_tick(watch, now);
		bool blocked = watch->dirty && !term_is_writable(watch->term);
		if (!blocked)
			watch_paint(watch, now);
		watch_sleep(watch, blocked, now);
	}
}

static int watch_fail(const char *text, int code)
{
	fprintf(stderr, "lbtop: %s\n", text);
	return code;
}

static int watch_start(struct watch *watch)
{
	sigset_t set;
	char error[160];

	if (!isatty(STDIN_FILENO))
		return watch_fail("standard input is not a terminal; use --once for plain text", EXIT_TERMINAL);
	if (!fleet_init(&watch->fleet, watch->args->interval_ms))
		return watch_fail("out of memory", EXIT_TERMINAL);
	if (!link_init(&watch->link, watch->args->socket, watch->args->interval_ms, watch->fleet.next, clock_now_ms()))
		return watch_fail("the path is too long for a socket", EXIT_USAGE);
	watch_signal_set(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	watch->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (watch->signals < 0)
		return watch_fail("no descriptor for signals", EXIT_TERMINAL);
	watch->term = term_open(watch->args->colour, error, sizeof error);
	return watch->term ? EXIT_GOOD : watch_fail(error, EXIT_TERMINAL);
}

/*
 * Nobody is there to give a terminal back to, and what is open and allocated goes with the process. Nothing may stand
 * between: curses would write to a dead line, and exit handlers have been seen to hang, as the leak checker's, that
 * stops its own process with a SIGSTOP, which the SIGCONT to the group of a shell that just died wipes out.
 */
static _Noreturn void watch_end_without_terminal(void)
{
	_exit(128 + SIGHUP);
}

static void watch_show(struct watch *watch)
{
	watch_resize(watch);
	watch_loop(watch);
	if (term_is_lost())
		watch_end_without_terminal();
	term_close(watch->term);
}

static void watch_close(struct watch *watch)
{
	link_close(&watch->link);
	fleet_free(&watch->fleet);
	grid_free(&watch->grid);
	if (watch->signals >= 0)
		close(watch->signals);
	free(watch);
}

int watch_run(const struct args *args, bool utf8)
{
	/* Two snapshots with their parsers: too large for a stack. */
	struct watch *watch = calloc(1, sizeof *watch);

	if (!watch)
		return watch_fail("out of memory", EXIT_TERMINAL);
	watch->args = args;
	watch->signals = -1;
	watch->tick_at = INT64_MAX;
	watch->grid.ascii = !utf8;
	watch->ui = (struct ui){.detail = true,
		.log = true,
		.interval_ms = args->interval_ms,
		.socket = args->socket,
		.action = &watch->action,
		.glyphs = glyphs_get(utf8),
		.read_only = args->read_only};
	keys_init(&watch->keys);
	watch->exit_code = watch_start(watch);
	if (watch->term)
		watch_show(watch);
	int code = watch->exit_code;
	watch_close(watch);
	return code;
}

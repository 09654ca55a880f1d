/*
 * Poll scheduling, back-off and the command channel. A steady poll costs two wake-ups: the timer that sends it, and
 * one for its whole answer, since the socket is left alone for a few milliseconds after sending.
 */
#include "wire/link.h"

#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "text/utf8.h"

enum { LINK_REST_MS = 8, LINK_BIG_ANSWER = 1 << 20 };

enum { POLL_LEVEL, POLL_INFO, POLL_STAT, POLL_COUNT };
static const char *const link_poll_commands[POLL_COUNT] = {"show cli level", "show info", "show stat"};

static void link_on_poll_body(void *arg, unsigned reply, const char *bytes, size_t len)
{
	struct link *link = arg;

	if (reply == POLL_LEVEL)
		snapshot_feed_level(link->next, bytes, len);
	else if (reply == POLL_INFO)
		snapshot_feed_info(link->next, bytes, len);
	else
		snapshot_feed_stat(link->next, bytes, len);
}

static bool link_poll_is_complete(void *arg)
{
	const struct link *link = arg;

	return link->next->complete;
}

static void link_on_reply_body(void *arg, unsigned reply, const char *bytes, size_t len)
{
	struct link *link = arg;
	size_t room = sizeof link->reply - 1 - link->reply_len;

	if (len > room)
		len = room;
	memcpy(link->reply + link->reply_len, bytes, len);
	link->reply_len += len;
}

/* The answer ends with the prompt; some of HAProxy's errors lack the empty line before it. */
static bool link_reply_is_complete(void *arg)
{
	const struct link *link = arg;

	return link->reply_len >= 3 && memcmp(link->reply + link->reply_len - 3, "\n> ", 3) == 0;
}

static const struct conn_ops link_poll_ops = {link_on_poll_body, link_poll_is_complete};
static const struct conn_ops link_command_ops = {link_on_reply_body, link_reply_is_complete};

bool link_init(struct link *link, const char *path, int64_t interval, struct snapshot *next, int64_t now)
{
	memset(link, 0, sizeof *link);
	link->interval = interval;
	link->next = next;
	link->poll_at = now;
	link->rest_until = 0;
	link->answered_at = -1;
	conn_init(&link->poll, &link_poll_ops, link);
	conn_init(&link->command, &link_command_ops, link);
	if (strlen(path) >= sizeof link->path || strlen(path) >= sizeof(((struct sockaddr_un *)0)->sun_path))
		return false;
	memcpy(link->path, path, strlen(path) + 1);
	return true;
}

void link_close(struct link *link)
{
	conn_close(&link->poll);
	conn_close(&link->command);
}

void link_poll_now(struct link *link, int64_t now)
{
	if (link->poll.fd < 0)
		link->poll_at = now;
	else
		link->backoff = 0;
	link->rest_until = 0;
	link->in_order = false;
}

/* Doubles from 0.2 s to 5 s, with a quarter of jitter from the clock's low bits: consoles must not come back in step.
 */
static void link_fail(struct link *link, const char *reason, int64_t now)
{
	link->reason = reason;
	link->was_connected = link->poll.connected;
	link->backoff = link->backoff ? link->backoff * 2 : LINK_BACKOFF_MIN_MS;
	if (link->backoff > LINK_BACKOFF_MAX_MS)
		link->backoff = LINK_BACKOFF_MAX_MS;
	int64_t jitter = link->backoff / 4 * (now * 7 % 16) / 16;
	link->poll_at = now + link->backoff - jitter;
	link->in_order = false;
}

static unsigned link_end_poll(struct link *link, enum conn_status status, int64_t now)
{
	if (status == CONN_BROKEN) {
		snapshot_finish(link->next);
		link_fail(link, link->poll.error, now);
		return LINK_FAILED;
	}
	snapshot_finish(link->next);
	if (link->next->columns == 0 || link->next->no_memory) {
		link_fail(link, link->next->no_memory ? "out of memory" : "no statistics in the answer", now);
		return LINK_FAILED;
	}
	link->reason = NULL;
	link->backoff = 0;
	link->answered_at = now;
	/* A big table that takes more than a tenth of the interval stretches it; a small one is late for other reasons. */
	int64_t cost = link->poll.received > LINK_BIG_ANSWER ? now - link->started_at : 0;
	int64_t wait = cost * 10 > link->interval ? cost * 10 : link->interval;
	link->poll_at = link->started_at + wait > now ? link->started_at + wait : now + 1;
	link->in_order = link->next->complete;
	return LINK_SNAPSHOT;
}

static unsigned link_start_poll(struct link *link, int64_t now)
{
	snapshot_reset(link->next);
	link->started_at = now;
	link->poll_at = INT64_MAX;
	link->rest_until = link->in_order && link->interval >= 10 * LINK_REST_MS ? now + LINK_REST_MS : 0;
	enum conn_status status = conn_start(&link->poll, link->path, link_poll_commands, POLL_COUNT, now);
	return status == CONN_BUSY ? 0 : link_end_poll(link, status, now);
}

static unsigned link_end_command(struct link *link, enum conn_status status)
{
	char text[LINK_REPLY_MAX];

	link->command_busy = false;
	link->reply_ok = status != CONN_BROKEN;
	if (status == CONN_BROKEN) {
		snprintf(link->reply, sizeof link->reply, "%s", link->command.error);
		return LINK_REPLY;
	}
	while (link->reply_len > 0 && strchr("> \r\n", link->reply[link->reply_len - 1]))
		link->reply_len--;
	utf8_sanitize(text, sizeof text, link->reply, link->reply_len);
	memcpy(link->reply, text, sizeof text);
	return LINK_REPLY;
}

bool link_send(struct link *link, const char *command, int64_t now)
{
	if (link->command_busy)
		return false;
	link->reply_len = 0;
	link->reply[0] = '\0';
	link->command_busy = true;
	if (conn_start(&link->command, link->path, &command, 1, now) != CONN_BROKEN)
		return true;
	link_end_command(link, CONN_BROKEN);
	return false;
}

unsigned link_step(struct link *link, int64_t now)
{
	unsigned report = 0;

	if (link->command_busy) {
		enum conn_status status = conn_step(&link->command, now);
		if (status != CONN_BUSY)
			report |= link_end_command(link, status == CONN_IDLE ? CONN_DONE : status);
	}
	if (link->poll.fd >= 0 && now >= link->rest_until) {
		link->rest_until = 0;
		enum conn_status status = conn_step(&link->poll, now);
		if (status != CONN_BUSY)
			report |= link_end_poll(link, status, now);
	} else if (link->poll.fd < 0 && now >= link->poll_at) {
		report |= link_start_poll(link, now);
	}
	return report;
}

int64_t link_deadline(const struct link *link)
{
	int64_t at = link->poll_at;

	if (link->poll.fd >= 0)
		at = link->rest_until > 0 && link->rest_until < link->poll.deadline ? link->rest_until
										    : link->poll.deadline;
	if (link->command_busy && link->command.fd < 0)
		at = 0;
	else if (link->command_busy && link->command.deadline < at)
		at = link->command.deadline;
	return at;
}

short link_poll_events(const struct link *link, int64_t now)
{
	return now < link->rest_until ? 0 : conn_events(&link->poll);
}

short link_command_events(const struct link *link)
{
	return conn_events(&link->command);
}

#include "proxy/session_report.h"

#include "net/socket.h"
#include "proxy/exchange.h"
#include "proxy/session_walk.h"

#include <ctype.h>
#include <stdio.h>
#include <time.h>

enum { REPORT_TIME = 24, REPORT_TARGET = 256 };

/* As HAProxy numbers the states of a side. */
enum { REPORT_SIDE_NONE = 0, REPORT_SIDE_CONNECTING = 5, REPORT_SIDE_OPEN = 8 };

/* The two greatest units, as "3m12s". */
static const char *report_time(uint64_t us, char out[REPORT_TIME])
{
	unsigned long long s = us / 1000000;
	if (s >= 86400)
		snprintf(out, REPORT_TIME, "%llud%lluh", s / 86400, s / 3600 % 24);
	else if (s >= 3600)
		snprintf(out, REPORT_TIME, "%lluh%llum", s / 3600, s / 60 % 60);
	else if (s >= 60)
		snprintf(out, REPORT_TIME, "%llum%llus", s / 60, s % 60);
	else
		snprintf(out, REPORT_TIME, "%llus", s);
	return out;
}

static const char *report_left(const struct session *s, const struct timeout *t, char out[REPORT_TIME])
{
	uint64_t now_us = session_worker(s)->loop.now_us;
	if (!timeout_running(t))
		return "";
	return report_time(t->deadline_us > now_us ? t->deadline_us - now_us : 0, out);
}

static const struct timeout *report_timeout(const struct session *s)
{
	return s->exchange ? &s->exchange->timeout : &s->timeout;
}

static uint64_t report_age_us(const struct session *s)
{
	uint64_t now_us = loop_wall_us(&session_worker(s)->loop);
	return now_us > s->accepted_wall_us ? now_us - s->accepted_wall_us : 0;
}

/* Since something was last heard of either side. */
static uint64_t report_idle_us(const struct session *s)
{
	const struct timeout *t = report_timeout(s);
	uint64_t since_us = t->started_us > s->request_us ? t->started_us : s->request_us;
	uint64_t now_us = session_worker(s)->loop.now_us;
	return now_us > since_us ? now_us - since_us : 0;
}

static bool report_waits_for_server(const struct exchange *x)
{
	return x && x->waiter;
}

static const char *report_state_word(const struct session *s)
{
	static const char *const words[] = {[SESSION_PROXY] = "proxy",
		[SESSION_IDLE] = "idle",
		[SESSION_HEAD] = "head",
		[SESSION_BUSY] = "busy",
		[SESSION_LINGER] = "linger",
		[SESSION_ENDED] = "ended"};
	return words[s->state];
}

static void report_add_step(const struct session *s, struct text *out)
{
	static const char *const words[] = {
#define EXCHANGE_STEP(id, function, phase) #id,
#include "proxy/exchange_steps.def"
#undef EXCHANGE_STEP
	};
	const char *word = s->exchange ? words[s->exchange->step] : "-";
	for (; *word; word++)
		text_add_char(out, (char)tolower((unsigned char)*word));
}

static const char *report_proto(const struct session *s)
{
	sa_family_t family = s->peer.family;
	return family == AF_INET ? "tcpv4" : family == AF_INET6 ? "tcpv6" : "unix_stream";
}

static const char *report_address(const struct address *a, char out[ADDRESS_TEXT_MAX])
{
	if (!a->length)
		return "unix:1";
	address_format(a, out);
	return out;
}

static const char *report_source(const struct session *s, char out[ADDRESS_TEXT_MAX])
{
	struct address client;
	session_client(s, &client);
	return report_address(&client, out);
}

/* The proxy that names the source, where there is one. */
static void report_add_peer(const struct session *s, struct text *out)
{
	char text[ADDRESS_TEXT_MAX];
	struct address peer;
	if (!s->exchange || !s->exchange->client.family)
		return;
	session_peer(s, &peer);
	text_format(out, " peer=%s", report_address(&peer, text));
}

static unsigned report_flags(const struct channel *c, const struct flow *f, bool eof, bool failed)
{
	return (eof ? 1u : 0) | (failed ? 2u : 0) | (f && f->done ? 4u : 0) | (f && f->paused ? 8u : 0) |
	       (c->blocked ? 16u : 0);
}

/* f: 1 ended, 2 failed, 4 message complete, 8 waits for the other side, 16 the peer does not take output. i: bytes that
 * were received and wait. an: the step, in hexadecimal. rx, wx: until it is given up. */
static void report_add_side(struct text *out, const char *name, const struct session *s, const struct channel *c,
	const struct flow *f, unsigned flags, char waits_for)
{
	char left[REPORT_TIME];
	const struct exchange *x = s->exchange;
	bool waits = !x ? waits_for == 'c' : x->waits_for == waits_for || x->waits_for == 't';
	text_format(out, "%s[f=%02xh,i=%zu,an=%02xh,rx=%s,wx=,ax=] ", name, flags, c ? channel_input(c).n : 0,
		x && !(f && f->done) ? 1u << x->step : 0, waits ? report_left(s, report_timeout(s), left) : "");
}

static void report_add_channels(const struct session *s, struct text *out)
{
	const struct upstream *u = s->exchange ? s->exchange->upstream : NULL;
	unsigned server = !u                                ? REPORT_SIDE_NONE
			  : u->state == UPSTREAM_CONNECTING ? REPORT_SIDE_CONNECTING
							    : REPORT_SIDE_OPEN;
	text_format(out, "scf=[%u,%02xh,fd=%d] scb=[%u,%02xh,fd=%d]", REPORT_SIDE_OPEN, s->client.reading ? 0x80u : 0,
		s->client.io.fd, server, u && u->reused ? 0x10u : 0, u ? u->channel.io.fd : -1);
}

void session_report_line(const struct session *s, struct text *out)
{
	const struct exchange *x = s->exchange;
	const struct upstream *u = x ? x->upstream : NULL;
	char source[ADDRESS_TEXT_MAX], age[REPORT_TIME], left[REPORT_TIME], idle[REPORT_TIME], queue[REPORT_TIME];
	bool connecting = u && u->state == UPSTREAM_CONNECTING;
	text_format(out, "0x%llx: proto=%s src=%s fe=%s be=%s srv=%s ts=00 epoch=0 age=%s calls=%u rate=0 cpu=0 lat=0 ",
		(unsigned long long)session_id(s), report_proto(s), report_source(s, source), s->bind->frontend->name,
		x && x->backend ? x->backend->name : "<NONE>", x && x->server ? x->server->name : "<none>",
		report_time(report_age_us(s), age), (unsigned)s->requests);
	report_add_side(out, "rq", s, &s->client, x ? &x->up : NULL,
		report_flags(&s->client, x ? &x->up : NULL, s->eof, s->failed), 'c');
	report_add_side(out, "rp", s, u ? &u->channel : NULL, x ? &x->down : NULL,
		u ? report_flags(&u->channel, &x->down, u->eof, u->failed) : 0, 's');
	report_add_channels(s, out);
	const char *expires = report_left(s, report_timeout(s), left);
	text_format(out, " exp=%s rc=%u c_exp=%s state=%s step=", expires, x ? (unsigned)x->retries : 0,
		connecting ? expires : "", report_state_word(s));
	report_add_step(s, out);
	text_format(out, " idle=%s queue=%s", report_time(report_idle_us(s), idle),
		report_waits_for_server(x) ? report_time(session_worker(s)->loop.now_us - x->at.queued, queue) : "");
	report_add_peer(s, out);
	text_add_char(out, '\n');
}

static void report_add_when(struct text *out, uint64_t wall_us)
{
	time_t seconds = (time_t)(wall_us / 1000000);
	struct tm tm;
	char day[40] = "";
	if (localtime_r(&seconds, &tm))
		strftime(day, sizeof day, "%d/%b/%Y:%H:%M:%S", &tm);
	text_format(out, "[%s.%06u]", day, (unsigned)(wall_us % 1000000));
}

static void report_add_objects(const struct session *s, struct text *out)
{
	const struct exchange *x = s->exchange;
	const char *mode = s->bind->frontend->mode == CONFIG_MODE_HTTP ? "http" : "tcp";
	char text[ADDRESS_TEXT_MAX] = "unix:1";
	struct address local;
	socket_local_address(s->client.io.fd, &local);
	if (local.as.any.sa_family != AF_UNIX)
		address_format(&local, text);
	text_format(out, "  frontend=%s (id=%u mode=%s), listener=? (id=1) addr=%s\n", s->bind->frontend->name,
		(unsigned)s->bind->frontend->id, mode, text);
	if (!x || !x->backend) {
		text_add_c(out, "  backend=<NONE> (id=-1 mode=-)\n  server=<NONE> (id=-1)\n");
		return;
	}
	text_format(out, "  backend=%s (id=%u mode=%s)", x->backend->name, (unsigned)x->backend->id, mode);
	if (x->upstream) {
		socket_local_address(x->upstream->channel.io.fd, &local);
		address_format(&local, text);
		text_format(out, " addr=%s", text);
	}
	if (!x->server) {
		text_add_c(out, "\n  server=<NONE> (id=-1)\n");
		return;
	}
	address_format(server_address(x->server), text);
	text_format(out, "\n  server=%s (id=%u) addr=%s\n", x->server->name, (unsigned)x->server->id, text);
}

/* Never a line end, a quote or a byte that a terminal would act on. */
static void report_add_clean(struct text *out, struct str s)
{
	for (size_t i = 0; i < s.n && i < REPORT_TARGET; i++)
		text_add_char(out, s.p[i] > ' ' && s.p[i] < 0x7f && s.p[i] != '"' ? s.p[i] : '?');
}

static void report_add_message(
	struct text *out, const char *name, const struct flow *f, const struct channel *from, const struct channel *to)
{
	text_format(out, "  %s: body=%llu waiting_in=%zu waiting_out=%zu done=%d paused=%d\n", name,
		(unsigned long long)f->moved, from ? channel_input(from).n : 0, to ? channel_pending(to) : 0, f->done,
		f->paused);
}

static void report_add_exchange(const struct exchange *x, struct text *out)
{
	text_add_c(out, "  txn: request=\"");
	if (x->parsed) {
		report_add_clean(out, x->request.method_text);
		text_add_char(out, ' ');
		report_add_clean(out, x->request.target);
		text_add_c(out, "\" host=\"");
		report_add_clean(out, x->request.host);
	}
	text_format(out, "\" status=%d tunnel=%d attempt=%u\n", x->status ? (int)x->status : -1, x->tunnel,
		(unsigned)x->failed_attempts + 1);
	/* Between two attempts the flows still name the connection of the one that failed. */
	const struct channel *client = &x->session->client, *server = x->upstream ? &x->upstream->channel : NULL;
	report_add_message(out, "req", &x->up, client, server);
	report_add_message(out, "res", &x->down, server, client);
}

void session_report_all(const struct session *s, struct text *out)
{
	const struct exchange *x = s->exchange;
	char source[ADDRESS_TEXT_MAX], time[REPORT_TIME], idle[REPORT_TIME], left[REPORT_TIME];
	const char *expires = report_left(s, report_timeout(s), left);
	text_format(out, "0x%llx: ", (unsigned long long)session_id(s));
	report_add_when(out, s->accepted_wall_us);
	text_format(out, " id=%llu proto=%s source=%s", (unsigned long long)s->serial, report_proto(s),
		report_source(s, source));
	report_add_peer(s, out);
	text_format(out, "\n  state=%s step=", report_state_word(s));
	report_add_step(s, out);
	text_format(out, ", conn_retries=%u, worker=%u waiting=%d\n", x ? (unsigned)x->retries : 0,
		(unsigned)session_worker(s)->index, report_waits_for_server(x));
	report_add_objects(s, out);
	text_format(out, "  task: requests=%u exp=%s age=%s idle=%s\n  ", (unsigned)s->requests,
		expires[0] ? expires : "<NEVER>", report_time(report_age_us(s), time),
		report_time(report_idle_us(s), idle));
	report_add_channels(s, out);
	text_add_char(out, '\n');
	if (x)
		report_add_exchange(x, out);
}

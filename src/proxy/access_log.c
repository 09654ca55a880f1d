#include "proxy/access_log.h"

#include "proxy/access_line.h"

#include <time.h>

/* Room for what ends a line behind its target. */
static const char access_log_versions[][12] = {" HTTP/1.0\"", " HTTP/1.1\""};
enum { ACCESS_LOG_TAIL = 10, ACCESS_LOG_CAPTURES = 2048 };

static int64_t access_log_ask_offset(uint64_t seconds)
{
	time_t t = (time_t)seconds;
	struct tm local;
	return localtime_r(&t, &local) ? local.tm_gmtoff : 0;
}

static int64_t access_log_offset(struct access_date *date, uint64_t seconds)
{
	if (!date)
		return access_log_ask_offset(seconds);
	if (date->quarter != seconds / 900 + 1) {
		date->offset = access_log_ask_offset(seconds);
		date->quarter = seconds / 900 + 1;
	}
	return date->offset;
}

static void access_log_write_date(char out[23], uint64_t local_seconds)
{
	static const char months[] = "/Jan//Feb//Mar//Apr//May//Jun//Jul//Aug//Sep//Oct//Nov//Dec/";
	struct access_line line = {out, out + 23}, *l = &line;
	struct access_time t = access_time_of(local_seconds, 0);
	access_line_add(l, str_of(" ["));
	access_line_add_padded(l, t.day, 2);
	access_line_add(l, str_make(months + (t.month - 1) * 5, 5));
	access_line_add_padded(l, t.year, 4);
	access_line_add_char(l, ':');
	access_line_add_padded(l, t.hour, 2);
	access_line_add_char(l, ':');
	access_line_add_padded(l, t.minute, 2);
	access_line_add_char(l, ':');
	access_line_add_padded(l, t.second, 2);
	access_line_add_char(l, '.');
}

static void access_log_add_date(struct access_line *l, const struct access_record *r)
{
	struct access_date unkept = {0}, *date = r->date ? r->date : &unkept;
	uint64_t second = r->accept_wall_us / 1000000;
	if (date->second != second + 1) {
		access_log_write_date(date->text, second + (uint64_t)access_log_offset(r->date, second));
		date->second = second + 1;
	}
	access_line_add(l, str_make(date->text, sizeof date->text));
	access_line_add_padded(l, (unsigned)(r->accept_wall_us / 1000 % 1000), 3);
	access_line_add(l, str_of("] "));
}

static void access_log_add_names(struct access_line *l, const struct access_record *r)
{
	access_line_add(l, str_of(r->frontend));
	access_line_add_char(l, ' ');
	access_line_add(l, str_of(r->backend ? r->backend : r->frontend));
	access_line_add_char(l, '/');
	access_line_add(l, str_of(r->server ? r->server : "<NOSRV>"));
	access_line_add_char(l, ' ');
}

static void access_log_add_ms(struct access_line *l, uint64_t us, char after)
{
	if (us == ACCESS_LOG_NEVER)
		access_line_add(l, str_of("-1"));
	else
		access_line_add_u64(l, us / 1000);
	access_line_add_char(l, after);
}

static void access_log_add_count(struct access_line *l, uint64_t count, char after)
{
	access_line_add_u64(l, count);
	access_line_add_char(l, after);
}

/* "--" where nobody said anything. */
static void access_log_add_termination(struct access_line *l, const struct access_record *r)
{
	access_line_add_char(l, r->termination[0] ? r->termination[0] : '-');
	access_line_add_char(l, r->termination[1] ? r->termination[1] : '-');
}

static void access_log_add_counts(struct access_line *l, const struct access_record *r)
{
	access_log_add_count(l, r->active, '/');
	access_log_add_count(l, r->frontend_active, '/');
	access_log_add_count(l, r->backend_active, '/');
	access_log_add_count(l, r->server_active, '/');
	if (r->redispatched)
		access_line_add_char(l, '+');
	access_log_add_count(l, r->retries, ' ');
	access_log_add_count(l, r->server_queue, '/');
	access_line_add_u64(l, r->backend_queue);
}

static bool access_log_is_plain(unsigned char c, bool header)
{
	return c >= 32 && c <= 126 && c != '"' && c != '#' && !(header && (c == '{' || c == '|' || c == '}'));
}

/* Other bytes become #XX; an escape is written whole or not at all. */
static void access_log_add_escaped(struct access_line *l, struct str s, bool header)
{
	static const char hex[] = "0123456789ABCDEF";
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (access_log_is_plain(c, header)) {
			if (l->at == l->end)
				return;
			*l->at++ = (char)c;
			continue;
		}
		if (access_line_room(l) < 3)
			return;
		*l->at++ = '#';
		*l->at++ = hex[c >> 4];
		*l->at++ = hex[c & 15];
	}
}

static void access_log_add_request(struct access_line *l, const struct access_record *r)
{
	if (!r->method.n) {
		access_line_add(l, str_of(" \"<BADREQ>\""));
		return;
	}
	access_line_add(l, str_of(" \""));
	access_log_add_escaped(l, r->method, false);
	access_line_add_char(l, ' ');
	access_log_add_escaped(l, r->target, false);
	l->end += ACCESS_LOG_TAIL;
	access_line_add(l, str_make(access_log_versions[r->version_minor != 0], ACCESS_LOG_TAIL));
}

/* " {a|b}" of one direction; nothing when no header is asked for. Long values must not take the request's place, nor
 * the place of what separates and ends the list. */
static void access_log_add_captured(
	struct access_line *l, const struct access_record *r, const struct config_strings *names, bool request)
{
	if (!names->count)
		return;
	char *line_end = l->end, *list_end = l->at + ACCESS_LOG_CAPTURES;
	if (list_end > line_end)
		list_end = line_end;
	access_line_add(l, str_of(" {"));
	for (uint32_t i = 0; i < names->count; i++) {
		l->end = list_end - (names->count - i);
		access_log_add_escaped(l, access_record_captured(r, request, i), true);
		l->end = line_end;
		access_line_add_char(l, i + 1 < names->count ? '|' : '}');
	}
}

static void access_log_add_captures(struct access_line *l, const struct access_record *r)
{
	if (!r->capture || !r->method.n)
		return;
	access_log_add_captured(l, r, &r->capture->request, true);
	access_log_add_captured(l, r, &r->capture->response, false);
}

/* What HAProxy writes when its client went away while the server was at work is 400, though nobody was told. */
static void access_log_add_status(struct access_line *l, const struct access_record *r)
{
	bool gone_waiting = r->status < 0 && r->termination[0] == 'C' && r->termination[1] == 'H';
	if (r->status < 0 && !gone_waiting)
		access_line_add(l, str_of("-1"));
	else
		access_line_add_u64(l, gone_waiting ? 400 : (uint64_t)r->status);
	access_line_add_char(l, ' ');
}

static size_t access_log_format_http(const struct access_record *r, char *out)
{
	struct access_line line = {out, out + ACCESS_LOG_LINE_MAX - ACCESS_LOG_TAIL}, *l = &line;
	access_line_add_address(l, r->client, false);
	access_log_add_date(l, r);
	access_log_add_names(l, r);
	access_log_add_ms(l, r->t_request, '/');
	access_log_add_ms(l, r->t_queue, '/');
	access_log_add_ms(l, r->t_connect, '/');
	access_log_add_ms(l, r->t_response, '/');
	access_log_add_ms(l, r->t_total, ' ');
	access_log_add_status(l, r);
	/* HAProxy does not count what it says to a client that it did not understand. */
	access_log_add_count(l, r->method.n ? r->bytes_out : 0, ' ');
	access_line_add(l, str_of("- - ")); /* captured cookies */
	access_log_add_termination(l, r);
	access_line_add(l, str_of("-- ")); /* the sticky cookie's state is not told */
	access_log_add_counts(l, r);
	access_log_add_captures(l, r);
	access_log_add_request(l, r);
	return (size_t)(l->at - out);
}

static size_t access_log_format_tcp(const struct access_record *r, char *out)
{
	struct access_line line = {out, out + ACCESS_LOG_LINE_MAX}, *l = &line;
	access_line_add_address(l, r->client, false);
	access_log_add_date(l, r);
	access_log_add_names(l, r);
	access_log_add_ms(l, r->t_queue, '/');
	access_log_add_ms(l, r->t_connect, '/');
	access_log_add_ms(l, r->t_total, ' ');
	access_log_add_count(l, r->bytes_out, ' ');
	access_log_add_termination(l, r);
	access_line_add_char(l, ' ');
	access_log_add_counts(l, r);
	return (size_t)(l->at - out);
}

size_t access_log_format(
	enum config_access_log_format format, const struct access_record *record, char out[ACCESS_LOG_LINE_MAX])
{
	switch (format) {
	case CONFIG_ACCESS_LOG_HTTPLOG:
		return access_log_format_http(record, out);
	case CONFIG_ACCESS_LOG_TCPLOG:
		return access_log_format_tcp(record, out);
	case CONFIG_ACCESS_LOG_JSON:
		return access_log_format_json(record, out);
	case CONFIG_ACCESS_LOG_OFF:
		break;
	}
	return 0;
}

/* A line under way, in a piece of memory that ends: what does not fit is left out. No printf, since a line is written
 * for each exchange. Private to src/proxy/access_log*.c. */
#ifndef LBD_PROXY_ACCESS_LINE_H
#define LBD_PROXY_ACCESS_LINE_H

#include "proxy/access_log.h"

struct access_line {
	char *at, *end;
};

/* A moment as people write it. */
struct access_time {
	unsigned year, month, day, hour, minute, second, us; /* month and day from 1 */
};

static inline size_t access_line_room(const struct access_line *l)
{
	return (size_t)(l->end - l->at);
}

static inline void access_line_add(struct access_line *l, struct str s)
{
	size_t n = s.n < access_line_room(l) ? s.n : access_line_room(l);
	if (n)
		memcpy(l->at, s.p, n);
	l->at += n;
}

static inline void access_line_add_char(struct access_line *l, char c)
{
	if (l->at < l->end)
		*l->at++ = c;
}

void access_line_add_long_u64(struct access_line *l, uint64_t value);
/* Most numbers of a line have one digit. */
static inline void access_line_add_u64(struct access_line *l, uint64_t value)
{
	if (value < 10)
		access_line_add_char(l, (char)('0' + value));
	else
		access_line_add_long_u64(l, value);
}

/* Zeros in front, to width digits. */
void access_line_add_padded(struct access_line *l, unsigned value, unsigned width);
/* "ip:port", IPv6 in brackets or, as HAProxy does, without; "unix:1" for Unix sockets. */
void access_line_add_address(struct access_line *l, const struct address *a, bool brackets);
/* seconds from 1970, us in it. */
struct access_time access_time_of(uint64_t seconds, unsigned us);

/* The captured header at index of the request's or the response's; p is NULL where it was missing. */
struct str access_record_captured(const struct access_record *r, bool request, uint32_t index);

size_t access_log_format_json(const struct access_record *record, char out[ACCESS_LOG_LINE_MAX]);

#endif

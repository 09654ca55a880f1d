#include "proxy/access_line.h"

#include "proxy/access_capture.h"

static const char access_digits[] = "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
				    "4041424344454647484950515253545556575859606162636465666768697071727374757677787980"
				    "81828384858687888990919293949596979899";

void access_line_add_long_u64(struct access_line *l, uint64_t value)
{
	char digits[20];
	size_t i = sizeof digits;
	for (; value >= 100; value /= 100)
		memcpy(digits + (i -= 2), access_digits + value % 100 * 2, 2);
	if (value >= 10)
		memcpy(digits + (i -= 2), access_digits + value * 2, 2);
	else
		digits[--i] = (char)('0' + value);
	access_line_add(l, str_make(digits + i, sizeof digits - i));
}

void access_line_add_padded(struct access_line *l, unsigned value, unsigned width)
{
	char digits[10];
	for (unsigned i = width; i-- > 0; value /= 10)
		digits[i] = (char)('0' + value % 10);
	access_line_add(l, str_make(digits, width));
}

static void access_line_add_v4(struct access_line *l, const struct sockaddr_in *v4)
{
	const unsigned char *bytes = (const unsigned char *)&v4->sin_addr;
	for (int i = 0; i < 4; i++) {
		if (i)
			access_line_add_char(l, '.');
		access_line_add_u64(l, bytes[i]);
	}
}

void access_line_add_address(struct access_line *l, const struct address *a, bool brackets)
{
	if (!a || !a->length || (a->as.any.sa_family != AF_INET && a->as.any.sa_family != AF_INET6)) {
		access_line_add(l, str_of("unix:1"));
		return;
	}
	if (a->as.any.sa_family == AF_INET) {
		access_line_add_v4(l, &a->as.v4);
	} else {
		char host[ADDRESS_TEXT_MAX];
		size_t n = address_format_host(a, host);
		if (brackets)
			access_line_add_char(l, '[');
		access_line_add(l, str_make(host, n));
		if (brackets)
			access_line_add_char(l, ']');
	}
	access_line_add_char(l, ':');
	access_line_add_u64(l, address_port(a));
}

/* Days to a date in the proleptic Gregorian calendar, in years that begin in March, so that the leap day is the last.
 * Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days. */
struct access_time access_time_of(uint64_t seconds, unsigned us)
{
	uint64_t days = seconds / 86400 + 719468, era = days / 146097;
	unsigned in_day = (unsigned)(seconds % 86400), in_era = (unsigned)(days % 146097);
	unsigned year_of_era = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
	unsigned in_year = in_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	unsigned march = (5 * in_year + 2) / 153, month = march < 10 ? march + 3 : march - 9;
	return (struct access_time){
		.year = (unsigned)(era * 400) + year_of_era + (month <= 2),
		.month = month,
		.day = in_year - (153 * march + 2) / 5 + 1,
		.hour = in_day / 3600,
		.minute = in_day / 60 % 60,
		.second = in_day % 60,
		.us = us,
	};
}

struct str access_record_captured(const struct access_record *r, bool request, uint32_t index)
{
	if (request && r->request_fields)
		return access_capture_find(r->request_fields, r->capture->request.at[index], r->capture->length);
	if (!request && r->captured)
		return r->captured[index];
	return str_make(NULL, 0);
}

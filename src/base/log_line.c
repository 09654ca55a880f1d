#include "base/log_line.h"

#include <stdio.h>
#include <time.h>

static const struct log_level_row {
	const char *word;
	unsigned severity; /* RFC 3164 4.1.1 */
} log_levels[] = {
	[LOG_LEVEL_ERROR] = {"error", 3},
	[LOG_LEVEL_WARNING] = {"warning", 4},
	[LOG_LEVEL_NOTICE] = {"notice", 5},
	[LOG_LEVEL_INFO] = {"info", 6},
	[LOG_LEVEL_DEBUG] = {"debug", 7},
};

enum { LOG_LEVEL_COUNT = sizeof log_levels / sizeof *log_levels, LOG_FACILITY_LOCAL0 = 16 };

bool log_level_parse(struct str word, enum log_level *out)
{
	for (unsigned i = 0; i < LOG_LEVEL_COUNT; i++)
		if (str_equal(word, str_of(log_levels[i].word))) {
			*out = (enum log_level)i;
			return true;
		}
	return false;
}

const char *log_level_word(enum log_level level)
{
	return log_levels[level].word;
}

void log_line_init(struct log_line *line, pid_t pid)
{
	*line = (struct log_line){.second = UINT64_MAX};
	line->tag_length = (size_t)snprintf(line->tag, sizeof line->tag, "lbd[%ld]: ", (long)pid);
}

size_t log_line_prefix(const struct log_line *line, enum log_level level, uint64_t wall_us, char *out)
{
	time_t seconds = (time_t)(wall_us / 1000000);
	struct tm t;
	gmtime_r(&seconds, &t);
	char text[LOG_LINE_PREFIX_MAX + 1];
	int n = snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03uZ %s %s", t.tm_year + 1900, t.tm_mon + 1,
		t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec, (unsigned)(wall_us / 1000 % 1000), log_levels[level].word,
		line->tag);
	size_t length = n < LOG_LINE_PREFIX_MAX ? (size_t)n : LOG_LINE_PREFIX_MAX;
	memcpy(out, text, length);
	return length;
}

size_t log_line_syslog_prefix(struct log_line *line, enum log_level level, uint64_t wall_us, char *out)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	uint64_t second = wall_us / 1000000;
	if (second != line->second) {
		time_t seconds = (time_t)second;
		struct tm t;
		localtime_r(&seconds, &t);
		snprintf(line->syslog_time, sizeof line->syslog_time, "%.3s %2u %02u:%02u:%02u", months + 3 * t.tm_mon,
			(unsigned)t.tm_mday % 100, (unsigned)t.tm_hour % 100, (unsigned)t.tm_min % 100,
			(unsigned)t.tm_sec % 100);
		line->second = second;
	}
	unsigned priority = LOG_FACILITY_LOCAL0 * 8 + log_levels[level].severity;
	char *at = out;
	*at++ = '<';
	*at++ = (char)('0' + priority / 100);
	*at++ = (char)('0' + priority / 10 % 10);
	*at++ = (char)('0' + priority % 10);
	*at++ = '>';
	at = mempcpy(at, line->syslog_time, 15);
	*at++ = ' ';
	at = mempcpy(at, line->tag, line->tag_length);
	return (size_t)(at - out);
}

void log_line_clean(char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			text[i] = ' ';
}

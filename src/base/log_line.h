/* What the writer puts in front of a line: "2026-11-21T01:02:03.456Z notice lbd[PID]: " in files and on terminals,
 * "<PRI>Nov 21 01:02:03 lbd[PID]: " (RFC 3164, local time, facility local0, no host name: HAProxy's form) for syslog.
 * Private to src/base/log*.c. */
#ifndef LBD_BASE_LOG_LINE_H
#define LBD_BASE_LOG_LINE_H

#include "base/log.h"

#include <sys/types.h>

enum { LOG_LINE_PREFIX_MAX = 64 };

/* Keeps the text of the current second. */
struct log_line {
	uint64_t second; /* of syslog_time; UINT64_MAX: none */
	char syslog_time[16];
	char tag[24]; /* lbd[PID]: and a blank */
	size_t tag_length;
};

void log_line_init(struct log_line *line, pid_t pid);
/* Both return the length, at most LOG_LINE_PREFIX_MAX; no NUL. */
size_t log_line_prefix(const struct log_line *line, enum log_level level, uint64_t wall_us, char *out);
size_t log_line_syslog_prefix(struct log_line *line, enum log_level level, uint64_t wall_us, char *out);
/* Makes a message one printable line in place: control bytes become blanks. */
void log_line_clean(char *text, size_t n);

#endif

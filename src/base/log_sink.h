/* One destination of log lines, with a buffer of its own, so that a target that does not take its lines (full disk, a
 * pipe that nobody reads, a syslog that hangs) holds up neither the writer nor the other targets. Lines are kept whole:
 * what does not fit is refused as a whole line. The writer's thread only. Private to src/base/log*.c. */
#ifndef LBD_BASE_LOG_SINK_H
#define LBD_BASE_LOG_SINK_H

#include "base/log.h"

#include <sys/socket.h>
#include <sys/un.h>

enum log_sink_kind { LOG_SINK_STDERR, LOG_SINK_STDOUT, LOG_SINK_FILE, LOG_SINK_SYSLOG, LOG_SINK_UDP };

enum { LOG_SINK_ROOM = 512 * 1024, LOG_SINK_WHY = 512 };

struct log_sink {
	struct log_sink *next;
	char *target; /* as written */
	const char *path;
	enum log_sink_kind kind;
	uint16_t number;   /* in the log */
	int fd;            /* -1: not open at the moment */
	bool pollable;     /* the descriptor may block, or say EAGAIN: a pipe, a terminal, a socket */
	bool can_block;    /* it could not be opened non-blocking: ask poll first, and send a page at most */
	bool wants_output; /* EAGAIN: POLLOUT tells when to go on */
	bool torn;         /* a part of the first waiting line was written */
	uint64_t retry_us; /* after an error: not before; 0: no error */
	uint64_t dropped;  /* lines that the target refused for good; the log counts them, and begins at 0 again */
	int error;         /* errno that keeps lines waiting; 0: none */
	int refused;       /* errno that cost lines, until it was told; 0: none */
	struct sockaddr_storage peer;
	socklen_t peer_length;
	char *data; /* LOG_SINK_ROOM bytes; lines with their ends */
	size_t start, end;
};

/* Opens files and makes sockets; stdout and stderr are taken by log_sink_begin. NULL: error says why. */
struct log_sink *log_sink_create(const char *target, char *error, size_t error_size) LBD_MUST_CHECK;
/* The writer starts (the process has its final descriptors now). */
void log_sink_begin(struct log_sink *sink);
void log_sink_free(struct log_sink *sink);
/* The first so many bytes of its path are gone. */
void log_sink_enter(struct log_sink *sink, size_t bytes);
/* Lines go out as datagrams with a header of RFC 3164. */
static inline bool log_sink_is_syslog(const struct log_sink *sink)
{
	return sink->kind == LOG_SINK_SYSLOG || sink->kind == LOG_SINK_UDP;
}

/* One line of three parts; false when there is no room for all of it. */
bool log_sink_add(struct log_sink *sink, struct str prefix, const struct str parts[2]) LBD_MUST_CHECK;
/* Writes what the target takes without waiting. */
void log_sink_flush(struct log_sink *sink, uint64_t now_us);
/* Bytes that wait. */
static inline size_t log_sink_waiting(const struct log_sink *sink)
{
	return sink->end - sink->start;
}

/* Lines that wait; a line of which a part was written counts. */
uint64_t log_sink_lines(const struct log_sink *sink);
/* A file is opened anew by its name; the old one stays when that fails: false, and why. */
bool log_sink_reopen(struct log_sink *sink, uint64_t now_us, char *why, size_t why_size) LBD_MUST_CHECK;

#endif

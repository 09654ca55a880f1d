/* Logging that never blocks who logs: each thread puts finished lines into a ring of its own, one writer thread takes
 * them out and writes them to their sinks. A full ring drops the line and counts it, and so does a sink that takes no
 * more (512 KiB wait for it); the process log tells the count.
 *
 * Process lines: "2026-11-21T01:02:03.456Z notice lbd[PID]: message" (UTC) on stderr, stdout and in files;
 * "<PRI>Nov 21 01:02:03 lbd[PID]: message" (RFC 3164, local time, facility local0) in datagrams to syslog:/PATH and
 * udp:HOST:PORT, where access lines get the same header. Files are appended to, mode 0640 when new; symbolic links
 * are not followed, and a directory that everybody can write is refused unless it is sticky.
 *
 * Threads: a ring has one producer. Sinks live until log_stop; a file that only root may open has to be opened before
 * privileges are dropped. */
#ifndef LBD_BASE_LOG_H
#define LBD_BASE_LOG_H

#include "base/attributes.h"
#include "base/str.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_NOTICE, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

struct log;      /* the writer and its sinks */
struct log_sink; /* one destination: stderr, stdout, a path, "syslog:/dev/log", "udp:HOST:PORT" */
struct log_ring; /* one thread's lines on their way to the writer */

/* Process lines go to stderr, at level info, until log_set_process_sink; before log_start always, by the caller itself.
 * NULL when memory is out. */
struct log *log_create(void) LBD_MUST_CHECK;
/* The same target gives the same sink. NULL: error says what was wrong with the target.
 * Before log_start, or by one thread (control) after it: a reload may name new targets; 64 at most. */
/* The form of a target, without opening it. False: error says what is expected. */
bool log_target_check(const char *target, char *error, size_t error_size) LBD_MUST_CHECK;
struct log_sink *log_open_sink(struct log *log, const char *target, char *error, size_t error_size) LBD_MUST_CHECK;
/* Any thread that knows that the log lives. */
void log_set_process_sink(struct log *log, struct log_sink *sink, enum log_level level);
/* bytes: rounded up to a power of two. NULL when memory is out. Before log_start. */
struct log_ring *log_add_ring(struct log *log, size_t bytes) LBD_MUST_CHECK;
/* Before log_start: the process has changed its root, and the first so many bytes of the paths of targets are gone. */
void log_enter(struct log *log, size_t bytes);
/* Starts the writer thread (all signals blocked in it); after any fork and any change of stdout and stderr. begin: what
 * it does first; may be NULL. */
bool log_start(struct log *log, void (*begin)(void)) LBD_MUST_CHECK;
/* Writes what is in the rings, bounded to 2 s when a sink does not take it; ends the thread; frees everything.
 * All producers have ended before. */
void log_stop(struct log *log);
/* The sinks that are files are opened anew (after logrotate); any thread. */
void log_reopen(struct log *log);

/* One line without its end for a sink; false: the ring was full, counted. syslog sinks get level as their priority.
 * wall_us: lines of several rings that wait at the same time are written in the order of it; one ring's stay in theirs.
 */
bool log_put_at(struct log_ring *ring, struct log_sink *sink, enum log_level level, uint64_t wall_us, struct str line);
/* The same, of now. */
bool log_put(struct log_ring *ring, struct log_sink *sink, enum log_level level, struct str line);
/* A line of the process log. The writer adds time, level word and "lbd[pid]: " as the sink needs it; control bytes
 * become blanks, 4 KiB is the most. Kicks. ring NULL: no log at hand, straight to stderr. */
void log_write(struct log_ring *ring, enum log_level level, const char *format, ...) LBD_PRINTF(3, 4);
/* Whether a line of this level would be written at all. */
bool log_wants(const struct log_ring *ring, enum log_level level);
/* At the end of a loop turn: wakes the writer when lines wait and it sleeps; at most one system call. */
void log_kick(struct log_ring *ring);
/* Lines lost so far in all rings; any thread. */
uint64_t log_dropped(const struct log *log);
/* error, warning, notice, info, debug. */
bool log_level_parse(struct str word, enum log_level *out) LBD_MUST_CHECK;
const char *log_level_word(enum log_level level);

#endif

#include "base/log.h"

#include "base/clock.h"
#include "base/log_line.h"
#include "base/log_ring.h"
#include "base/log_sink.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* The writer lingers a little after it found lines, so that a busy worker pays no system call for each turn; from there
 * only a ring that fills wakes it. */
enum { LOG_LINGER_MS = 5, LOG_TICK_MS = 100, LOG_MESSAGE_MAX = 4096, LOG_SINKS_MAX = 64 };
static const uint64_t log_stop_us = 2000000, log_report_us = 10000000;

/* What the writer does; whoever changes it from the other side takes on the duty to wake it. Both sides use
 * read-modify-write only, so the later one always sees what the earlier one did before: no wake-up is lost. */
enum log_writer_state { LOG_AWAKE = 0, LOG_LINGERING = 1, LOG_ASLEEP = 2 };

struct log {
	_Atomic(struct log_sink *) sinks; /* only ever added to, so that the writer may go through them any time */
	struct log_ring *rings;
	_Atomic(struct log_sink *) process_sink;
	_Atomic int process_level;
	_Alignas(LBD_CACHE_LINE) _Atomic int state;
	_Atomic bool started, stopping, reopening;
	_Atomic uint64_t sink_dropped; /* written by the writer only */
	_Alignas(LBD_CACHE_LINE) int wake_fd;
	pthread_t writer;
	void (*begin)(void);
	struct log_line line;
	unsigned sink_count;
	_Atomic(struct log_sink *) by_number[LOG_SINKS_MAX];
	uint64_t seen;           /* drops at the last look */
	uint64_t reported;       /* drops that the process log was told of */
	uint64_t reported_us;    /* and when */
	uint64_t stop_before_us; /* 0: not stopping */
};

struct log *log_create(void)
{
	struct log *log = aligned_alloc(LBD_CACHE_LINE, sizeof *log);
	if (!log)
		return NULL;
	*log = (struct log){.process_level = LOG_LEVEL_INFO, .wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
	char error[256];
	struct log_sink *sink = log->wake_fd < 0 ? NULL : log_open_sink(log, "stderr", error, sizeof error);
	if (!sink) {
		log_stop(log);
		return NULL;
	}
	log->process_sink = sink;
	return log;
}

static struct log_sink *log_first_sink(const struct log *log)
{
	return atomic_load_explicit(&log->sinks, memory_order_acquire);
}

struct log_sink *log_open_sink(struct log *log, const char *target, char *error, size_t error_size)
{
	for (struct log_sink *sink = log_first_sink(log); sink; sink = sink->next)
		if (strcmp(sink->target, target) == 0)
			return sink;
	if (log->sink_count == LOG_SINKS_MAX) {
		snprintf(error, error_size,
			"log target \"%s\": there are %d targets already, and none is given up before a restart",
			target, LOG_SINKS_MAX);
		return NULL;
	}
	struct log_sink *sink = log_sink_create(target, error, error_size);
	if (!sink)
		return NULL;
	if (atomic_load_explicit(&log->started, memory_order_relaxed))
		log_sink_begin(sink);
	sink->number = (uint16_t)log->sink_count++;
	atomic_store_explicit(&log->by_number[sink->number], sink, memory_order_release);
	sink->next = log_first_sink(log);
	atomic_store_explicit(&log->sinks, sink, memory_order_release);
	return sink;
}

void log_set_process_sink(struct log *log, struct log_sink *sink, enum log_level level)
{
	atomic_store_explicit(&log->process_sink, sink, memory_order_release);
	atomic_store_explicit(&log->process_level, (int)level, memory_order_relaxed);
}

struct log_ring *log_add_ring(struct log *log, size_t bytes)
{
	struct log_ring *ring = log_ring_create(log, bytes);
	if (ring) {
		ring->next = log->rings;
		log->rings = ring;
	}
	return ring;
}

/* The producers' side. */

/* Wakes the writer if it is in one of the states given by mask. */
static void log_wake(struct log *log, int mask)
{
	if (!(atomic_fetch_and_explicit(&log->state, ~mask, memory_order_acq_rel) & mask))
		return;
	uint64_t one = 1;
	while (write(log->wake_fd, &one, sizeof one) < 0 && errno == EINTR)
		;
}

void log_kick(struct log_ring *ring)
{
	uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
	if (head == ring->kicked)
		return;
	ring->kicked = head;
	log_wake(ring->log, LOG_ASLEEP);
}

/* The writer must not linger any more; told once for each quarter of the ring. */
static void log_hurry(struct log_ring *ring)
{
	uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
	if (head - ring->kicked <= ring->capacity / 4)
		return;
	ring->kicked = head;
	log_wake(ring->log, LOG_ASLEEP | LOG_LINGERING);
}

static bool log_put_record(struct log_ring *ring, struct log_record record, const char *text)
{
	bool put = log_ring_put(ring, record, text);
	if (log_ring_is_filling(ring)) {
		log_ring_look(ring); /* it may have been emptied since */
		if (log_ring_is_filling(ring))
			log_hurry(ring);
	}
	return put;
}

bool log_put_at(struct log_ring *ring, struct log_sink *sink, enum log_level level, uint64_t wall_us, struct str line)
{
	size_t size = line.n < UINT32_MAX ? line.n : UINT32_MAX;
	struct log_record record = {
		.size = (uint32_t)size, .level = (uint16_t)level, .sink = sink->number, .wall_us = wall_us};
	return log_put_record(ring, record, line.p);
}

bool log_wants(const struct log_ring *ring, enum log_level level)
{
	return (int)level <=
	       (ring ? atomic_load_explicit(&ring->log->process_level, memory_order_relaxed) : LOG_LEVEL_INFO);
}

bool log_put(struct log_ring *ring, struct log_sink *sink, enum log_level level, struct str line)
{
	return log_put_at(ring, sink, level, clock_wall_us(), line);
}

static void log_write_directly(enum log_level level, const char *message, size_t n)
{
	char line[LOG_LINE_PREFIX_MAX + LOG_MESSAGE_MAX + 1];
	struct log_line prefix;
	log_line_init(&prefix, getpid());
	size_t at = log_line_prefix(&prefix, level, clock_wall_us(), line);
	memcpy(line + at, message, n);
	line[at + n] = '\n';
	ssize_t written = write(STDERR_FILENO, line, at + n + 1);
	(void)written; /* there is nowhere else to say it */
}

void log_write(struct log_ring *ring, enum log_level level, const char *format, ...)
{
	if (!log_wants(ring, level))
		return;
	char message[LOG_MESSAGE_MAX];
	va_list args;
	va_start(args, format);
	int length = vsnprintf(message, sizeof message, format, args);
	va_end(args);
	size_t n = length < 0 ? 0 : (size_t)length < sizeof message ? (size_t)length : sizeof message - 1;
	log_line_clean(message, n);
	if (!ring || !atomic_load_explicit(&ring->log->started, memory_order_acquire)) {
		log_write_directly(level, message, n);
		return;
	}
	struct log_record record = {
		.size = (uint32_t)n, .level = (uint16_t)level, .sink = LOG_RECORD_PROCESS, .wall_us = clock_wall_us()};
	log_put_record(ring, record, message);
	log_kick(ring);
}

void log_reopen(struct log *log)
{
	atomic_store_explicit(&log->reopening, true, memory_order_release);
	log_wake(log, LOG_ASLEEP | LOG_LINGERING);
}

uint64_t log_dropped(const struct log *log)
{
	uint64_t dropped = atomic_load_explicit(&log->sink_dropped, memory_order_relaxed);
	for (const struct log_ring *ring = log->rings; ring; ring = ring->next)
		dropped += atomic_load_explicit(&ring->dropped, memory_order_relaxed);
	return dropped;
}

/* The writer's side. */

static void log_count_dropped(struct log *log, uint64_t lines)
{
	uint64_t dropped = atomic_load_explicit(&log->sink_dropped, memory_order_relaxed);
	atomic_store_explicit(&log->sink_dropped, dropped + lines, memory_order_relaxed);
}

/* False: the sink has no room. */
static bool log_deliver(struct log *log, const struct log_record *record, const struct str parts[2], uint64_t now_us)
{
	bool process = record->sink == LOG_RECORD_PROCESS;
	struct log_sink *sink = atomic_load_explicit(
		process ? &log->process_sink : &log->by_number[record->sink], memory_order_acquire);
	char prefix[LOG_LINE_PREFIX_MAX];
	size_t n = 0;
	if (log_sink_is_syslog(sink))
		n = log_line_syslog_prefix(&log->line, (enum log_level)record->level, record->wall_us, prefix);
	else if (process)
		n = log_line_prefix(&log->line, (enum log_level)record->level, record->wall_us, prefix);
	if (log_sink_add(sink, str_make(prefix, n), parts))
		return true;
	log_sink_flush(sink, now_us);
	if (log_sink_add(sink, str_make(prefix, n), parts))
		return true;
	sink->refused = sink->error ? sink->error : EAGAIN;
	return false;
}

static void log_look_at_ring(struct log_ring *ring)
{
	ring->waiting = ring->left && log_ring_peek(ring, &ring->record, ring->parts);
}

/* Writes the oldest lines of this ring, up to this time. */
static void log_drain_ring(struct log *log, struct log_ring *ring, uint64_t until_us, uint64_t now_us)
{
	do {
		uint64_t n = ring->record.size + sizeof ring->record;
		if (!log_deliver(log, &ring->record, ring->parts, now_us))
			log_count_dropped(log, 1);
		log_ring_take(ring, &ring->record);
		ring->left -= ring->left < n ? ring->left : n;
		log_look_at_ring(ring);
	} while (ring->waiting && ring->record.wall_us <= until_us);
}

/* True when there was anything. What waits in several rings is merged by its time; a line that comes into one ring
 * while another one's later lines are being written stands behind them, a turn of its loop at most. */
static bool log_drain(struct log *log, uint64_t now_us)
{
	for (struct log_ring *ring = log->rings; ring; ring = ring->next) {
		/* One ring full at most, so that a busy producer does not keep the writer from the sinks. */
		ring->left = ring->capacity;
		log_look_at_ring(ring);
	}
	for (bool any = false;; any = true) {
		struct log_ring *oldest = NULL;
		uint64_t until_us = UINT64_MAX;
		for (struct log_ring *ring = log->rings; ring; ring = ring->next) {
			if (!ring->waiting)
				continue;
			uint64_t us = ring->record.wall_us;
			if (!oldest || us < oldest->record.wall_us) {
				until_us = oldest ? oldest->record.wall_us : UINT64_MAX;
				oldest = ring;
			} else if (us < until_us) {
				until_us = us;
			}
		}
		if (!oldest)
			return any;
		log_drain_ring(log, oldest, until_us, now_us);
	}
}

static void log_report(struct log *log, enum log_level level, const char *message, uint64_t now_us)
{
	struct log_record record = {.level = (uint16_t)level, .sink = LOG_RECORD_PROCESS, .wall_us = clock_wall_us()};
	if ((int)level <= atomic_load_explicit(&log->process_level, memory_order_relaxed) &&
		!log_deliver(log, &record, (const struct str[2]){str_of(message), {NULL, 0}}, now_us))
		log_count_dropped(log, 1);
}

static bool log_must_report(const struct log *log)
{
	return log_dropped(log) != log->reported;
}

/* The first target that refused something since it was asked last, and why. */
static void log_take_refusal(struct log *log, char *out, size_t size)
{
	snprintf(out, size, "they came too fast");
	for (struct log_sink *sink = log_first_sink(log); sink; sink = sink->next) {
		if (!sink->refused)
			continue;
		snprintf(out, size, "log target \"%.200s\": %s", sink->target,
			sink->refused == EAGAIN  ? "it takes no more; its reader is slow or gone"
			: sink->refused == ENXIO ? "nobody reads it"
						 : strerror(sink->refused));
		sink->refused = 0;
		return;
	}
}

/* One line when the drops have ended, or every 10 s while they go on, and at the end. The line must not be a drop
 * itself: it waits until the process log takes lines. */
static void log_report_dropped(struct log *log, uint64_t now_us)
{
	uint64_t dropped = log_dropped(log);
	bool more = dropped != log->seen;
	log->seen = dropped;
	if (dropped == log->reported || (more && !log->stop_before_us && now_us - log->reported_us < log_report_us))
		return;
	struct log_sink *sink = atomic_load_explicit(&log->process_sink, memory_order_acquire);
	if (sink->wants_output || sink->retry_us || LOG_SINK_ROOM - log_sink_waiting(sink) < LOG_MESSAGE_MAX)
		return;
	char message[400], why[300];
	log_take_refusal(log, why, sizeof why);
	snprintf(message, sizeof message, "%llu log lines were dropped: %s",
		(unsigned long long)(dropped - log->reported), why);
	log->reported = dropped;
	log->reported_us = now_us;
	log_report(log, LOG_LEVEL_WARNING, message, now_us);
}

static void log_reopen_sinks(struct log *log, uint64_t now_us)
{
	for (struct log_sink *sink = log_first_sink(log); sink; sink = sink->next) {
		char message[1024], why[LOG_SINK_WHY];
		if (log_sink_reopen(sink, now_us, why, sizeof why))
			continue;
		snprintf(message, sizeof message,
			"log target \"%.300s\" cannot be opened anew: %s; the old file is kept", sink->target, why);
		log_report(log, LOG_LEVEL_ERROR, message, now_us);
	}
}

/* True while something waits in a sink. */
static bool log_flush(struct log *log, uint64_t now_us)
{
	bool waits = false;
	for (struct log_sink *sink = log_first_sink(log); sink; sink = sink->next) {
		log_sink_flush(sink, now_us);
		/* Some were dropped while there was no room, or while it was opened anew. */
		log_count_dropped(log, sink->dropped);
		sink->dropped = 0;
		waits |= log_sink_waiting(sink) != 0;
	}
	return waits;
}

/* Looked at after the state was announced: what is not seen here will wake the writer. */
static bool log_has_work(struct log *log, enum log_writer_state state)
{
	if (atomic_load_explicit(&log->reopening, memory_order_acquire))
		return true;
	if (atomic_load_explicit(&log->stopping, memory_order_acquire) && !log->stop_before_us)
		return true;
	for (struct log_ring *ring = log->rings; ring; ring = ring->next)
		if (log_ring_used(ring) > (state == LOG_ASLEEP ? 0 : ring->capacity / 2))
			return true;
	return false;
}

static int log_sleep_ms(const struct log *log, enum log_writer_state state, bool waits)
{
	int ms = state == LOG_LINGERING ? LOG_LINGER_MS : waits || log_must_report(log) ? LOG_TICK_MS : -1;
	/* A retry that is nearer than the tick: a syslog socket that was full. */
	for (const struct log_sink *sink = log_first_sink(log); sink; sink = sink->next)
		if (sink->kind == LOG_SINK_SYSLOG && sink->retry_us && ms > LOG_LINGER_MS)
			ms = LOG_LINGER_MS;
	return ms;
}

static void log_sleep(struct log *log, enum log_writer_state state, bool waits)
{
	struct pollfd fds[LOG_SINKS_MAX + 1] = {{.fd = log->wake_fd, .events = POLLIN}};
	nfds_t count = 1;
	for (struct log_sink *sink = log_first_sink(log); sink; sink = sink->next)
		if (sink->wants_output && sink->fd >= 0)
			fds[count++] = (struct pollfd){.fd = sink->fd, .events = POLLOUT};
	atomic_exchange_explicit(&log->state, (int)state, memory_order_acq_rel);
	if (!log_has_work(log, state))
		poll(fds, count, log_sleep_ms(log, state, waits));
	atomic_exchange_explicit(&log->state, LOG_AWAKE, memory_order_acq_rel);
	uint64_t kicks;
	if (fds[0].revents && read(log->wake_fd, &kicks, sizeof kicks) < 0)
		return; /* only its having been readable matters */
}

static void *log_writer_main(void *argument)
{
	struct log *log = argument;
	if (log->begin)
		log->begin();
	for (;;) {
		uint64_t now_us = clock_monotonic_us();
		bool stopping = atomic_load_explicit(&log->stopping, memory_order_acquire);
		if (stopping && !log->stop_before_us)
			log->stop_before_us = now_us + log_stop_us;
		/* Looked at before the rings: what was put before log_stop is taken. */
		bool any = log_drain(log, now_us);
		if (atomic_exchange_explicit(&log->reopening, false, memory_order_acq_rel))
			log_reopen_sinks(log, now_us);
		log_flush(log, now_us);
		log_report_dropped(log, now_us);
		bool waits = log_flush(log, now_us);
		if (stopping && (!waits || now_us >= log->stop_before_us))
			return NULL;
		log_sleep(log, any ? LOG_LINGERING : LOG_ASLEEP, waits);
	}
}

void log_enter(struct log *log, size_t bytes)
{
	for (struct log_sink *sink = log_first_sink(log); sink; sink = sink->next)
		log_sink_enter(sink, bytes);
}

bool log_start(struct log *log, void (*begin)(void))
{
	log->begin = begin;
	log_line_init(&log->line, getpid());
	for (struct log_sink *sink = log_first_sink(log); sink; sink = sink->next)
		log_sink_begin(sink);
	sigset_t all, before;
	sigfillset(&all);
	if (pthread_sigmask(SIG_SETMASK, &all, &before) != 0)
		return false;
	bool started = pthread_create(&log->writer, NULL, log_writer_main, log) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (started)
		pthread_setname_np(log->writer, "lbd-log");
	atomic_store_explicit(&log->started, started, memory_order_release);
	return started;
}

static void log_free(struct log *log)
{
	for (struct log_sink *sink = log_first_sink(log), *next; sink; sink = next) {
		next = sink->next;
		log_sink_free(sink);
	}
	for (struct log_ring *ring = log->rings, *next; ring; ring = next) {
		next = ring->next;
		log_ring_free(ring);
	}
	if (log->wake_fd >= 0)
		close(log->wake_fd);
	free(log);
}

void log_stop(struct log *log)
{
	if (atomic_load_explicit(&log->started, memory_order_acquire)) {
		atomic_store_explicit(&log->stopping, true, memory_order_release);
		log_wake(log, LOG_ASLEEP | LOG_LINGERING);
		struct timespec until;
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_sec += 1 + (time_t)(log_stop_us / 1000000);
		/* A regular file on a hung disk holds the writer in the kernel: then its memory must stay. */
		if (pthread_timedjoin_np(log->writer, NULL, &until) != 0)
			return;
	}
	uint64_t lost = log_dropped(log) - log->reported;
	for (const struct log_sink *sink = log_first_sink(log); sink; sink = sink->next)
		lost += log_sink_lines(sink);
	if (lost) {
		char message[96];
		int n = snprintf(
			message, sizeof message, "%llu log lines were dropped at the end", (unsigned long long)lost);
		struct pollfd ready = {.fd = STDERR_FILENO, .events = POLLOUT};
		if (poll(&ready, 1, 0) == 1 && (ready.revents & POLLOUT))
			log_write_directly(LOG_LEVEL_WARNING, message, (size_t)n);
	}
	log_free(log);
}

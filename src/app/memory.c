#include "app/memory.h"

#include "base/log.h"

#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { MEMORY_TRIM_US = 1000000, MEMORY_SIXTEENTHS = 16, MEMORY_NEAR_AT = 14, MEMORY_OVER_AT = 13, MEMORY_FULL_AT = 15 };

static uint64_t memory_part(const struct memory_watch *m, unsigned sixteenths)
{
	return m->limit / MEMORY_SIXTEENTHS * sixteenths;
}

uint64_t memory_used(const struct memory_watch *m)
{
	char text[128];
	ssize_t n = m->statm < 0 ? -1 : pread(m->statm, text, sizeof text - 1, 0);
	if (n <= 0)
		return 0;
	text[n] = 0;
	char *resident;
	(void)strtoull(text, &resident, 10); /* pages of address space come first */
	return strtoull(resident, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
}

bool memory_open(struct memory_watch *m, uint64_t limit, char *error, size_t error_size)
{
	*m = (struct memory_watch){.limit = limit, .statm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)};
	uint64_t used = memory_used(m);
	if (!limit)
		return true;
	if (!used)
		snprintf(error, error_size, "global.memory needs /proc/self/statm, which cannot be read");
	else if (used >= memory_part(m, MEMORY_OVER_AT))
		snprintf(error, error_size,
			"global.memory is %llu bytes, but the process has %llu before its first connection: at least "
			"%llu are needed, and some more for each client",
			(unsigned long long)limit, (unsigned long long)used,
			(unsigned long long)(used / MEMORY_OVER_AT * MEMORY_SIXTEENTHS + MEMORY_SIXTEENTHS));
	else
		return true;
	return false;
}

void memory_close(struct memory_watch *m)
{
	if (m->statm >= 0)
		close(m->statm);
	m->statm = -1;
}

static enum memory_level memory_level(const struct memory_watch *m, uint64_t used, enum memory_level before)
{
	if (used >= memory_part(m, MEMORY_FULL_AT))
		return MEMORY_FULL;
	/* Once it was near, it is over only when there is room for more than the next few connections. */
	return used >= memory_part(m, before == MEMORY_FREE ? MEMORY_NEAR_AT : MEMORY_OVER_AT) ? MEMORY_NEAR : MEMORY_FREE;
}

static void memory_say(
	struct memory_watch *m, const struct limits *limits, struct log_ring *log, bool near, uint64_t used, uint64_t now_us)
{
	unsigned long long refused = atomic_load_explicit(&limits->memory_refused, memory_order_relaxed);
	unsigned long long closed = atomic_load_explicit(&limits->memory_closed, memory_order_relaxed);
	int news = limits_look(&m->said, refused + closed, near, now_us);
	if (news > 0)
		log_write(log, LOG_LEVEL_WARNING,
			"The process has %llu bytes of memory, near its limit of %llu (global.memory): new connections "
			"are refused, and idle ones closed. So far %llu were refused and %llu closed.",
			(unsigned long long)used, (unsigned long long)m->limit, refused, closed);
	else if (news < 0)
		log_write(log, LOG_LEVEL_NOTICE,
			"There is memory again, %llu bytes are in use: connections are accepted. So far %llu were "
			"refused and %llu closed.",
			(unsigned long long)used, refused, closed);
}

/* Up to where sessions end that hold memory, each worker may use its part of what is left before the next look. */
static void memory_share_out(const struct memory_watch *m, struct limits *limits, uint64_t used, uint32_t workers)
{
	uint64_t full = memory_part(m, MEMORY_FULL_AT);
	atomic_store_explicit(&limits->budget.room, used < full ? (full - used) / workers : 0, memory_order_relaxed);
	atomic_fetch_add_explicit(&limits->budget.looks, 1, memory_order_relaxed);
}

bool memory_look(
	struct memory_watch *m, struct limits *limits, uint32_t workers, struct log_ring *log, uint64_t now_us)
{
	enum memory_level before = atomic_load_explicit(&limits->memory_level, memory_order_relaxed);
	uint64_t used = memory_used(m);
	enum memory_level level = memory_level(m, used, before);
	/* What was freed counts until malloc gives it back, which it does by itself only in parts. */
	if (level != MEMORY_FREE && now_us - m->trimmed_us >= MEMORY_TRIM_US) {
		m->trimmed_us = now_us;
		(void)malloc_trim(0);
		used = memory_used(m);
		level = memory_level(m, used, before);
	}
	atomic_store_explicit(&limits->memory_level, level, memory_order_relaxed);
	memory_share_out(m, limits, used, workers);
	memory_say(m, limits, log, level != MEMORY_FREE, used, now_us);
	return level != MEMORY_FREE;
}

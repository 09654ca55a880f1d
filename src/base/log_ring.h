/* One thread's log lines on their way to the writer: a ring of bytes with one producer and one consumer. Each line is
 * a header of 16 bytes and its text, rounded up to 16; headers never wrap, text may. Private to src/base/log*.c. */
#ifndef LBD_BASE_LOG_RING_H
#define LBD_BASE_LOG_RING_H

#include "base/log.h"

#include <stdatomic.h>

enum { LOG_RECORD_PROCESS = UINT16_MAX };

struct log_record {
	uint32_t size; /* bytes of text */
	uint16_t level;
	uint16_t sink;    /* number of its sink; LOG_RECORD_PROCESS: a line of the process log */
	uint64_t wall_us; /* by which lines of several rings are put in order */
};

struct log_ring {
	/* The producer's line. */
	_Alignas(LBD_CACHE_LINE) _Atomic uint64_t head; /* bytes ever put */
	uint64_t tail_seen;                             /* the consumer's tail when it was last looked at */
	uint64_t kicked;                                /* head when the writer was last told */
	_Atomic uint64_t dropped;
	struct log *log;
	char *data;
	uint64_t capacity;
	struct log_ring *next;
	/* The consumer's line. */
	_Alignas(LBD_CACHE_LINE) _Atomic uint64_t tail; /* bytes ever taken */
	struct log_record record;                       /* with waiting: the line that was peeked at */
	struct str parts[2];
	uint64_t left; /* bytes that it may still give in this pass */
	bool waiting;
};

struct log_ring *log_ring_create(struct log *log, size_t bytes) LBD_MUST_CHECK;
void log_ring_free(struct log_ring *ring);

/* Producer. False: no room; counted. */
bool log_ring_put(struct log_ring *ring, struct log_record record, const char *text);
/* Producer. Whether the ring is more than half full, as far as it last looked. */
static inline bool log_ring_is_filling(const struct log_ring *ring)
{
	return atomic_load_explicit(&ring->head, memory_order_relaxed) - ring->tail_seen > ring->capacity / 2;
}

/* Producer. Looks how far the consumer has come. */
static inline void log_ring_look(struct log_ring *ring)
{
	ring->tail_seen = atomic_load_explicit(&ring->tail, memory_order_acquire);
}

/* Consumer. The oldest line, its text in one or two parts; false when there is none. */
bool log_ring_peek(struct log_ring *ring, struct log_record *record, struct str parts[2]);
/* Consumer. The line that was peeked at is done; its memory is the producer's again. */
void log_ring_take(struct log_ring *ring, const struct log_record *record);
/* Consumer. Bytes that wait. */
uint64_t log_ring_used(struct log_ring *ring);

#endif

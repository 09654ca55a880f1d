#include "base/log_ring.h"

#include <stdlib.h>

enum { LOG_RING_UNIT = 16, LOG_RING_SMALLEST = 4096 };

_Static_assert(sizeof(struct log_record) == LOG_RING_UNIT, "a header fills one unit, so that it never wraps");

static uint64_t log_ring_room_of(uint32_t size)
{
	return LOG_RING_UNIT + (((uint64_t)size + LOG_RING_UNIT - 1) & ~(uint64_t)(LOG_RING_UNIT - 1));
}

struct log_ring *log_ring_create(struct log *log, size_t bytes)
{
	size_t capacity = LOG_RING_SMALLEST;
	while (capacity < bytes && capacity <= SIZE_MAX / 4)
		capacity *= 2;
	struct log_ring *ring = aligned_alloc(LBD_CACHE_LINE, sizeof *ring);
	char *data = malloc(capacity);
	if (!ring || !data) {
		free(ring);
		free(data);
		return NULL;
	}
	*ring = (struct log_ring){.log = log, .data = data, .capacity = capacity};
	return ring;
}

void log_ring_free(struct log_ring *ring)
{
	free(ring->data);
	free(ring);
}

bool log_ring_put(struct log_ring *ring, struct log_record record, const char *text)
{
	uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed), need = log_ring_room_of(record.size);
	if (head + need - ring->tail_seen > ring->capacity) {
		log_ring_look(ring);
		if (head + need - ring->tail_seen > ring->capacity) {
			uint64_t dropped = atomic_load_explicit(&ring->dropped, memory_order_relaxed);
			atomic_store_explicit(&ring->dropped, dropped + 1, memory_order_relaxed);
			return false;
		}
	}
	memcpy(ring->data + (head & (ring->capacity - 1)), &record, sizeof record);
	uint64_t at = (head + sizeof record) & (ring->capacity - 1), straight = ring->capacity - at;
	if (record.size <= straight) {
		memcpy(ring->data + at, text, record.size);
	} else {
		memcpy(ring->data + at, text, straight);
		memcpy(ring->data, text + straight, record.size - straight);
	}
	atomic_store_explicit(&ring->head, head + need, memory_order_release);
	return true;
}

bool log_ring_peek(struct log_ring *ring, struct log_record *record, struct str parts[2])
{
	uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
	if (atomic_load_explicit(&ring->head, memory_order_acquire) == tail)
		return false;
	memcpy(record, ring->data + (tail & (ring->capacity - 1)), sizeof *record);
	uint64_t at = (tail + sizeof *record) & (ring->capacity - 1), straight = ring->capacity - at;
	uint64_t first = record->size < straight ? record->size : straight;
	parts[0] = str_make(ring->data + at, first);
	parts[1] = str_make(ring->data, record->size - first);
	return true;
}

void log_ring_take(struct log_ring *ring, const struct log_record *record)
{
	uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
	atomic_store_explicit(&ring->tail, tail + log_ring_room_of(record->size), memory_order_release);
}

uint64_t log_ring_used(struct log_ring *ring)
{
	uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
	return atomic_load_explicit(&ring->head, memory_order_acquire) - tail;
}

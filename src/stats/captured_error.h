/* The last malformed message of a proxy, kept for show errors: what was wrong, at which byte, and the bytes around it.
 *
 * Threads: any. Whoever finds the slot busy only counts: a worker never waits for another one, or for the reader. */
#ifndef LBD_STATS_CAPTURED_ERROR_H
#define LBD_STATS_CAPTURED_ERROR_H

#include "base/text.h"
#include "net/address.h"

#include <pthread.h>
#include <stdatomic.h>

enum { CAPTURED_ERROR_BYTES = 1536, CAPTURED_ERROR_NAME = 64 };

struct captured_error {
	uint64_t wall_us;
	uint64_t number; /* of all that this proxy had, from 0 */
	struct address client;
	char other[CAPTURED_ERROR_NAME]; /* the proxy on the other side; empty: none was chosen yet */
	char server[CAPTURED_ERROR_NAME];
	uint32_t other_id, server_id;
	const char *word, *text; /* literals; text may be NULL */
	bool in_body;            /* the positions count from the body's first byte, else from the head's */
	uint64_t position;       /* of the byte at fault */
	uint64_t start;          /* of bytes[0] */
	uint64_t received;       /* bytes that were here, those that are not kept included */
	uint32_t length;
	char bytes[CAPTURED_ERROR_BYTES];
};

/* One for requests of a frontend, or for responses of a backend. */
struct error_slot {
	pthread_mutex_t lock;
	struct captured_error *last; /* NULL: none yet */
	_Atomic uint64_t count;
};

void error_slot_init(struct error_slot *slot);
void error_slot_end(struct error_slot *slot);
/* Keeps facts as the last one, with the part of input around facts->position; input begins at facts->start. number,
 * received and length are filled in here. */
void error_slot_put(struct error_slot *slot, const struct captured_error *facts, struct str input);
/* False: there was none. */
bool error_slot_get(struct error_slot *slot, struct captured_error *out) LBD_MUST_CHECK;
static inline uint64_t error_slot_count(const struct error_slot *slot)
{
	return atomic_load_explicit(&slot->count, memory_order_relaxed);
}

/* The bytes as HAProxy dumps them: a line for each line of the message, or for each 70 characters of a longer one, with
 * its position in front ('+' behind it: the line goes on), and escapes for what cannot be printed. */
void captured_error_dump(const struct captured_error *e, struct text *out);

#endif

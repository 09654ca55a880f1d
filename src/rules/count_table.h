/* How many of something each key holds at a time: a table of fixed size, shared by all workers without a lock.
 *
 * A key is one atomic word, 32 bits of its hash and 32 bits of count, in a set of 8 that its hash names: one cache line.
 * The hash must have a key that nobody knows, as in rate_table.h. Who takes remembers the word and gives it back there,
 * so that what is counted is exact whatever the others do.
 *
 * A key needs a word only while it holds something. When all words of its set are in use by others, it is let through
 * uncounted; that is counted. Nobody is refused because of others. */
#ifndef LBD_RULES_COUNT_TABLE_H
#define LBD_RULES_COUNT_TABLE_H

#include "base/attributes.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct count_table;
typedef _Atomic uint64_t count_word;

/* keys: that it can tell apart at a time, 1 or more: 16 to 32 bytes for each. NULL: memory is out. */
struct count_table *count_table_create(uint32_t keys) LBD_MUST_CHECK;
/* May be NULL. */
void count_table_destroy(struct count_table *t);
/* One more of the key with this hash. False: it has most already. Else *held is to be given back; NULL: it could not be
 * counted. Any thread. */
bool count_table_take(struct count_table *t, uint64_t hash, uint32_t most, count_word **held) LBD_MUST_CHECK;
/* May be NULL. Any thread. */
void count_table_give(count_word *held);
/* Those that could not be counted; any thread. */
uint64_t count_table_uncounted(const struct count_table *t);

#endif

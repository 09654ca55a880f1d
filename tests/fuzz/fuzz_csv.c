/* The table parser behind `show stat`: any bytes, in pieces whose size the first byte says. */
#include <stdint.h>
#include <stdlib.h>

#include "wire/snapshot.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct snapshot snap;
	size_t piece = size > 0 ? (size_t)data[0] % 64 + 1 : 1;

	if (!snap.text && !snapshot_init(&snap))
		abort();
	snapshot_reset(&snap);
	for (size_t at = 1; at < size; at += piece)
		snapshot_feed_stat(&snap, (const char *)data + at, piece < size - at ? piece : size - at);
	snapshot_finish(&snap);
	for (size_t i = 0; i < snap.count; i++)
		for (int field = 0; field < FT_COUNT; field++)
			for (const char *c = snapshot_text(&snap, &snap.rows[i], (enum field_text)field); *c; c++)
				if ((unsigned char)*c < 0x20 || *c == 0x7F)
					abort();
	return 0;
}

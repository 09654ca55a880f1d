/* The reply framer: what comes out does not depend on the pieces that the bytes came in. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wire/frame.h"
#include "wire/snapshot.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FUZZ_MAX = 65536 };

struct fuzz_body {
	size_t len;
	char bytes[FUZZ_MAX];
};

static void fuzz_take(void *arg, const char *bytes, size_t len)
{
	struct fuzz_body *body = arg;

	if (body->len + len > sizeof body->bytes)
		abort();
	memcpy(body->bytes + body->len, bytes, len);
	body->len += len;
}

static size_t fuzz_frame(struct fuzz_body *body, const char *bytes, size_t len, size_t piece)
{
	struct frame frame;
	bool end = false;
	size_t at = 0;

	body->len = 0;
	frame_begin(&frame, FRAME_PROMPT);
	while (at < len && !end) {
		size_t used =
			frame_feed(&frame, bytes + at, piece < len - at ? piece : len - at, fuzz_take, body, &end);
		if (used == 0)
			abort();
		at += used;
	}
	return at;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fuzz_body whole, pieces;
	static struct snapshot snap;

	if (size < 2 || size > FUZZ_MAX)
		return 0;
	const char *bytes = (const char *)data + 1;
	size_t taken = fuzz_frame(&whole, bytes, size - 1, size);
	if (fuzz_frame(&pieces, bytes, size - 1, (size_t)data[0] % 7 + 1) != taken || pieces.len != whole.len ||
		memcmp(pieces.bytes, whole.bytes, whole.len) != 0)
		abort();
	if (!snap.text && !snapshot_init(&snap))
		abort();
	snapshot_reset(&snap);
	snapshot_feed_info(&snap, whole.bytes, whole.len);
	snapshot_feed_level(&snap, whole.bytes, whole.len);
	return 0;
}

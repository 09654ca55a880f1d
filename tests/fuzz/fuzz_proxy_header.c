/* Fuzz target: any bytes as a PROXY header, whole and growing byte by byte: a verdict never changes, a complete header
 * is within its bounds, and what it says is the same when it is written and read again. */
#include "net/proxy_header.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void fuzz_same(const struct address *a, const struct address *b)
{
	if (a->length != b->length || (a->length && !address_equal(a, b)))
		abort();
}

/* In memory of its own size, so that a read beyond the end is seen. */
static enum proxy_header_result fuzz_read(struct proxy_header *h, const void *data, size_t n)
{
	char *copy = calloc(n ? n : 1, 1);
	if (!copy)
		abort();
	if (n)
		memcpy(copy, data, n);
	enum proxy_header_result result = proxy_header_read(h, copy, n);
	free(copy);
	if (result == PROXY_HEADER_COMPLETE && (h->size > n || h->size > PROXY_HEADER_MAX || !h->size))
		abort();
	if (result == PROXY_HEADER_MORE && n >= PROXY_HEADER_MAX)
		abort();
	if ((result == PROXY_HEADER_BAD) != (h->fault != NULL))
		abort();
	return result;
}

static void fuzz_write_again(const struct proxy_header *h)
{
	char out[PROXY_HEADER_WRITE_MAX];
	if (!h->source.length || h->source.as.any.sa_family == AF_UNIX)
		return;
	for (unsigned version = 1; version <= 2; version++) {
		struct proxy_header again;
		size_t n = proxy_header_write(out, version, &h->source, &h->destination);
		if (n > sizeof out || fuzz_read(&again, out, n) != PROXY_HEADER_COMPLETE || again.size != n)
			abort();
		fuzz_same(&h->source, &again.source);
		fuzz_same(&h->destination, &again.destination);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct proxy_header whole, part;
	enum proxy_header_result result = fuzz_read(&whole, data, n);
	for (size_t i = 0; i < n; i = i < 300 ? i + 1 : i + 97) {
		enum proxy_header_result early = fuzz_read(&part, data, i);
		if (early == PROXY_HEADER_MORE)
			continue;
		if (early != result || part.size != whole.size)
			abort();
		fuzz_same(&part.source, &whole.source);
		fuzz_same(&part.destination, &whole.destination);
	}
	if (result == PROXY_HEADER_COMPLETE)
		fuzz_write_again(&whole);
	return 0;
}

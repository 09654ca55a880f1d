/* Fuzz target: any bytes as a chunked body, at once and in pieces: the number of pieces (low 4 bits of a byte), their
 * sizes, the body. Verdict, place and data must be the same. */
#include "base/text.h"
#include "http/chunked.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static struct text fuzz_read(const uint8_t *pieces, size_t count, const char *p, size_t n)
{
	struct http_chunked c = {0};
	struct text out = {0}, trailers = {0};
	enum http_chunked_result result = HTTP_CHUNKED_MORE;
	enum http_error error = HTTP_ERROR_NONE;
	size_t at = 0;
	for (size_t i = 0; at < n && result == HTTP_CHUNKED_MORE; i++) {
		size_t size = count && pieces[i % count] ? pieces[i % count] : n, done = 0, used;
		size = size < n - at ? size : n - at;
		char *copy = malloc(size);
		struct str segment;
		if (!copy)
			abort();
		memcpy(copy, p + at, size);
		do {
			result = http_chunked_read(&c, copy + done, size - done, &used, &segment, &error);
			if (used > size - done || (result == HTTP_CHUNKED_DATA || result == HTTP_CHUNKED_TRAILERS) != (segment.n > 0))
				abort();
			if (segment.n && (segment.p < copy + done || segment.p + segment.n > copy + done + used))
				abort();
			text_add(result == HTTP_CHUNKED_TRAILERS ? &trailers : &out, segment);
			done += used;
		} while (result == HTTP_CHUNKED_DATA || result == HTTP_CHUNKED_TRAILERS);
		if (result == HTTP_CHUNKED_MORE && done != size)
			abort();
		free(copy);
		at += done;
	}
	text_format(&out, " %d %d %zu ", result, error, at);
	/* Of a body that breaks off, how much of a bad line was given depends on the cuts. */
	if (result == HTTP_CHUNKED_END)
		text_add(&out, text_str(&trailers));
	text_free(&trailers);
	return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	size_t count = n ? data[0] & 15 : 0;
	if (!n || n < 1 + count)
		return 0;
	const char *body = (const char *)data + 1 + count;
	struct text whole = fuzz_read(NULL, 0, body, n - 1 - count),
		    cut = fuzz_read(data + 1, count, body, n - 1 - count);
	if (!str_equal(text_str(&whole), text_str(&cut)))
		abort();
	text_free(&whole);
	text_free(&cut);
	return 0;
}

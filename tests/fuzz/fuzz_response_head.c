/* Fuzz target: any bytes as the head of a response, to a HEAD when bit 4 of the first byte is set. */
#include "support/http_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	http_fuzz_head(false, n && data[0] & 16 ? HTTP_METHOD_HEAD : HTTP_METHOD_GET, data, n);
	return 0;
}

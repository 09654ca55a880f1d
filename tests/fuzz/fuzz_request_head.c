/* Fuzz target: any bytes as the head of a request. */
#include "support/http_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	http_fuzz_head(true, HTTP_METHOD_GET, data, n);
	return 0;
}

/* What a fuzz target asserts of any bytes that may be a head. */
#ifndef LBD_TESTS_SUPPORT_HTTP_FUZZ_H
#define LBD_TESTS_SUPPORT_HTTP_FUZZ_H

#include "support/http_reading.h"

/* Input: the number of pieces (low 4 bits of a byte), their sizes, the bytes of the connection. The result must be the
 * same in these pieces as at once, and a message must survive its round trip. Aborts where it does not. */
void http_fuzz_head(bool is_request, enum http_method method, const uint8_t *data, size_t n);

#endif

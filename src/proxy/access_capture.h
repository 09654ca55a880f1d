/* Headers that the frontend's capture option asks for, as the access log prints them. A response's are copied when its
 * head is here; a request's are read from its fields when the exchange ends. Own worker only. */
#ifndef LBD_PROXY_ACCESS_CAPTURE_H
#define LBD_PROXY_ACCESS_CAPTURE_H

#include "base/arena.h"
#include "config/config.h"
#include "http/message.h"

/* The values of these headers: of each the last one, as HAProxy does, cut to length bytes, p NULL where it is missing.
 * Copied into the arena. NULL: no header is asked for, or memory is out. */
struct str *access_capture(
	struct arena *arena, const struct config_strings *names, uint32_t length, const struct http_fields *fields);
/* One of them, as a view. */
struct str access_capture_find(const struct http_fields *fields, const char *name, uint32_t length);

#endif

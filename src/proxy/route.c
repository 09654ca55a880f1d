#include "proxy/route.h"

struct verdict route_decide(const struct frontend *frontend, const struct http_request *request)
{
	struct backend *backend = atomic_load_explicit(&frontend->default_backend, memory_order_acquire);
	return (struct verdict){.backend = backend, .reason = backend ? REASON_NONE : REASON_NO_BACKEND};
}

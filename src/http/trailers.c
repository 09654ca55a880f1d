/* The trailer section of a chunked body: its lines, which the reader has checked, and which of them may go on. */
#include "http/chunked.h"

bool http_next_trailer(struct str *lines, struct http_field *field)
{
	const char *end = lines->n ? memchr(lines->p, '\n', lines->n) : NULL;
	const char *colon = end ? memchr(lines->p, ':', (size_t)(end - lines->p)) : NULL;
	if (!colon)
		return false;
	*field = (struct http_field){.name = str_make(lines->p, (size_t)(colon - lines->p)),
		.value = str_trim(str_make(colon + 1, (size_t)(end - colon) - 2))};
	*lines = str_make(end + 1, lines->n - (size_t)(end + 1 - lines->p));
	return true;
}

/* A name that ends in '*' stands for all that begin so. */
static const char *const trailers_unsafe[] = {
	/* framing and the connection */
	"Connection", "Content-*", "HTTP2-Settings", "Keep-Alive", "Proxy-*", "TE", "Trailer", "Transfer-Encoding", "Upgrade",
	/* routing, and who says so */
	"Forwarded", "Host", "Location", "Via", "X-Forwarded-*",
	/* authentication, and what browsers trust */
	"Access-Control-*", "Authentication-*", "Authorization", "Cookie*", "Origin", "Referer", "Sec-*", "Set-Cookie*",
	"Strict-Transport-Security", "WWW-Authenticate",
	/* how the message is to be treated */
	"Age", "Cache-Control", "Date", "Expect", "Expires", "If-*", "Max-Forwards", "Pragma", "Range", "Retry-After", "Status",
	"Vary", "Warning"};

bool http_trailer_is_safe(struct str name)
{
	for (size_t i = 0; i < sizeof trailers_unsafe / sizeof *trailers_unsafe; i++) {
		struct str unsafe = str_of(trailers_unsafe[i]), begin = name;
		if (unsafe.p[unsafe.n - 1] == '*' && name.n >= --unsafe.n)
			begin.n = unsafe.n;
		if (str_equal_folded(begin, unsafe))
			return false;
	}
	return true;
}

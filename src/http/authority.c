/* The host and port of Host and of absolute-form targets (RFC 3986 3.2.2, RFC 9110 4.2 and 7.2). Stricter than the
 * grammar where a reader could be misled: no comma, no user information, no IP literal of the future, no zone. */
#include "http/bytes.h"
#include "http/head_parts.h"

#include <arpa/inet.h>

static bool authority_is_hex(char c)
{
	return http_byte_is_digit(c) || (str_lower((unsigned char)c) >= 'a' && str_lower((unsigned char)c) <= 'f');
}

/* Where the name at p ends. */
static const char *authority_name_end(const char *p, const char *end)
{
	for (;; p += 3) {
		while (p < end && http_byte_is_host(*p))
			p++;
		if (end - p < 3 || *p != '%' || !authority_is_hex(p[1]) || !authority_is_hex(p[2]))
			return p;
	}
}

/* The text between the brackets. */
static bool authority_is_ipv6(struct str s)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr address;
	if (s.n >= sizeof text || memchr(s.p, '\0', s.n))
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = 0;
	return inet_pton(AF_INET6, text, &address) == 1;
}

/* Digits, up to 65535, or none at all (RFC 3986 3.2.3). */
static bool authority_port_is_valid(struct str port)
{
	uint32_t number = 0;
	for (size_t i = 0; i < port.n; i++) {
		if (!http_byte_is_digit(port.p[i]))
			return false;
		number = number * 10 + (uint32_t)(port.p[i] - '0');
		if (number > 65535)
			return false;
	}
	return true;
}

bool http_read_authority(struct http_authority *authority, struct str text)
{
	const char *end = text.p + text.n, *host_end;
	if (!text.n)
		return false;
	if (text.p[0] == '[') {
		const char *bracket = memchr(text.p, ']', text.n);
		if (!bracket || !authority_is_ipv6(str_make(text.p + 1, (size_t)(bracket - text.p - 1))))
			return false;
		host_end = bracket + 1;
	} else {
		host_end = authority_name_end(text.p, end);
		if (host_end == text.p)
			return false;
	}
	authority->host = str_make(text.p, (size_t)(host_end - text.p));
	authority->port = str_make(NULL, 0);
	if (host_end == end)
		return true;
	authority->port = str_make(host_end + 1, (size_t)(end - host_end - 1));
	return *host_end == ':' && authority_port_is_valid(authority->port);
}

static struct str authority_port(const struct http_authority *authority, struct str default_port)
{
	return authority->port.n ? authority->port : default_port;
}

bool http_authority_equal(const struct http_authority *a, const struct http_authority *b, struct str default_port)
{
	return str_equal_nocase(a->host, b->host) &&
	       str_equal(authority_port(a, default_port), authority_port(b, default_port));
}

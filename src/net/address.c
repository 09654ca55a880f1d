#include "net/address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>

static bool address_from_path(struct address *a, const char *path, char *error, size_t error_size)
{
	size_t n = strlen(path);
	if (n == 0 || n >= sizeof a->as.local.sun_path) {
		snprintf(error, error_size, "the path of a Unix socket has 1 to %zu bytes, '%s' has %zu",
			sizeof a->as.local.sun_path - 1, path, n);
		return false;
	}
	a->as.local.sun_family = AF_UNIX;
	memcpy(a->as.local.sun_path, path, n + 1);
	a->length = sizeof a->as.local;
	return true;
}

/* "host:port" or "[v6]:port" into its parts; false when it is neither. */
static bool address_split(const char *text, struct str *host, struct str *port)
{
	const char *colon;
	if (text[0] == '[') {
		const char *end = strchr(text, ']');
		if (!end || end[1] != ':')
			return false;
		*host = str_make(text + 1, (size_t)(end - text - 1));
		colon = end + 1;
	} else {
		colon = strrchr(text, ':');
		if (!colon)
			return false;
		*host = str_make(text, (size_t)(colon - text));
		if (memchr(host->p, ':', host->n))
			return false;
	}
	*port = str_of(colon + 1);
	return host->n > 0;
}

static bool address_look_up(struct address *a, const char *host, uint16_t port, char *error, size_t error_size)
{
	struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
	struct addrinfo *found = NULL;
	int status = getaddrinfo(host, NULL, &hints, &found);
	if (status != 0 || !found || found->ai_addrlen > sizeof a->as) {
		snprintf(error, error_size, "'%s' cannot be resolved: %s", host, gai_strerror(status));
		if (found)
			freeaddrinfo(found);
		return false;
	}
	memcpy(&a->as, found->ai_addr, found->ai_addrlen);
	a->length = found->ai_addrlen;
	freeaddrinfo(found);
	address_set_port(a, port);
	return true;
}

bool address_resolve(struct address *a, const char *text, char *error, size_t error_size)
{
	memset(a, 0, sizeof *a);
	if (str_starts_with(str_of(text), str_of("unix:")))
		return address_from_path(a, text + 5, error, error_size);
	struct str host, port;
	uint64_t number;
	char name[256];
	if (!address_split(text, &host, &port) || host.n >= sizeof name || !str_to_u64(port, UINT16_MAX, &number)) {
		snprintf(error, error_size,
			"'%s' is not an address; write HOST:PORT, [IPV6]:PORT, *:PORT or unix:/PATH", text);
		return false;
	}
	memcpy(name, host.p, host.n);
	name[host.n] = '\0';
	a->as.v4.sin_family = AF_INET;
	a->length = sizeof a->as.v4;
	if (strcmp(name, "*") != 0 && inet_pton(AF_INET, name, &a->as.v4.sin_addr) != 1) {
		memset(&a->as, 0, sizeof a->as);
		a->as.v6.sin6_family = AF_INET6;
		a->length = sizeof a->as.v6;
		if (inet_pton(AF_INET6, name, &a->as.v6.sin6_addr) != 1)
			return address_look_up(a, name, (uint16_t)number, error, error_size);
	}
	address_set_port(a, (uint16_t)number);
	return true;
}

size_t address_format_host(const struct address *a, char *out)
{
	const void *from = a->as.any.sa_family == AF_INET ? (const void *)&a->as.v4.sin_addr : &a->as.v6.sin6_addr;
	if (!a->length || a->as.any.sa_family == AF_UNIX ||
		!inet_ntop(a->as.any.sa_family, from, out, ADDRESS_TEXT_MAX))
		memcpy(out, "unix", 5);
	return strlen(out);
}

size_t address_format(const struct address *a, char *out)
{
	int n;
	if (!a->length || a->as.any.sa_family == AF_UNIX) {
		size_t path =
			a->length > offsetof(struct sockaddr_un, sun_path)
				? strnlen(a->as.local.sun_path, a->length - offsetof(struct sockaddr_un, sun_path))
				: 0;
		n = snprintf(out, ADDRESS_TEXT_MAX, "unix:%.*s", (int)path, a->as.local.sun_path);
	} else {
		char host[ADDRESS_TEXT_MAX];
		address_format_host(a, host);
		bool brackets = a->as.any.sa_family == AF_INET6;
		n = snprintf(out, ADDRESS_TEXT_MAX, "%s%s%s:%u", brackets ? "[" : "", host, brackets ? "]" : "",
			(unsigned)address_port(a));
	}
	return n < ADDRESS_TEXT_MAX ? (size_t)n : ADDRESS_TEXT_MAX - 1;
}

uint16_t address_port(const struct address *a)
{
	switch (a->length ? a->as.any.sa_family : AF_UNSPEC) {
	case AF_INET:
		return ntohs(a->as.v4.sin_port);
	case AF_INET6:
		return ntohs(a->as.v6.sin6_port);
	default:
		return 0;
	}
}

void address_set_port(struct address *a, uint16_t port)
{
	if (a->as.any.sa_family == AF_INET)
		a->as.v4.sin_port = htons(port);
	else if (a->as.any.sa_family == AF_INET6)
		a->as.v6.sin6_port = htons(port);
}

bool address_equal(const struct address *a, const struct address *b)
{
	char x[ADDRESS_TEXT_MAX], y[ADDRESS_TEXT_MAX];
	size_t n = address_format(a, x);
	return n == address_format(b, y) && memcmp(x, y, n) == 0;
}

bool address_to_in6(const struct address *a, struct in6_addr *out)
{
	if (a->as.any.sa_family == AF_INET6) {
		*out = a->as.v6.sin6_addr;
		return true;
	}
	if (a->as.any.sa_family != AF_INET)
		return false;
	memset(out, 0, sizeof *out);
	out->s6_addr[10] = out->s6_addr[11] = 0xff;
	memcpy(&out->s6_addr[12], &a->as.v4.sin_addr, 4);
	return true;
}

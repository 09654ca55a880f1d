#include "net/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

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

static bool address_error(const char *text, char *error, size_t error_size)
{
	snprintf(error, error_size, "'%s' is not an address; write HOST:PORT, [IPV6]:PORT, *:PORT or unix:/PATH", text);
	return false;
}

/* The parts of what is no path; name holds 256 bytes. */
static bool address_take_apart(const char *text, char *name, uint16_t *port)
{
	struct str host, digits;
	uint64_t number;
	if (!address_split(text, &host, &digits) || host.n >= 256 || !str_to_u64(digits, UINT16_MAX, &number))
		return false;
	memcpy(name, host.p, host.n);
	name[host.n] = '\0';
	*port = (uint16_t)number;
	return true;
}

static bool address_is_path(const char *text)
{
	return str_starts_with(str_of(text), str_of("unix:"));
}

static bool address_from_host(struct address *a, const char *host, uint16_t port)
{
	*a = (struct address){.length = sizeof a->as.v4, .as.v4.sin_family = AF_INET};
	if (strcmp(host, "*") != 0 && inet_pton(AF_INET, host, &a->as.v4.sin_addr) != 1) {
		*a = (struct address){.length = sizeof a->as.v6, .as.v6.sin6_family = AF_INET6};
		if (inet_pton(AF_INET6, host, &a->as.v6.sin6_addr) != 1)
			return false;
	}
	address_set_port(a, port);
	return true;
}

bool address_parse(struct address *a, const char *text, char *error, size_t error_size)
{
	char host[256];
	uint16_t port;
	*a = (struct address){0};
	if (address_is_path(text))
		return address_from_path(a, text + 5, error, error_size);
	return (address_take_apart(text, host, &port) && address_from_host(a, host, port)) ||
	       address_error(text, error, error_size);
}

bool address_is_name(const char *text)
{
	struct address a;
	char host[256];
	uint16_t port;
	return !address_is_path(text) && address_take_apart(text, host, &port) && !address_from_host(&a, host, port);
}

static void address_list_add(struct address_list *list, const struct address *a)
{
	for (uint32_t i = 0; i < list->count; i++)
		if (address_equal(&list->at[i], a))
			return;
	if (list->count < ADDRESS_LIST_MAX)
		list->at[list->count++] = *a;
}

static bool address_hosts_file_has(const char *host)
{
	char line[1024];
	bool found = false;
	FILE *file = fopen("/etc/hosts", "re");
	while (file && !found && fgets(line, sizeof line, file)) {
		line[strcspn(line, "#")] = '\0';
		found = strcasestr(line, host) != NULL;
	}
	if (file)
		fclose(file);
	return found;
}

/* RFC 6761 6.3: localhost is this machine, also where no hosts file says so, and no server of names is asked. */
static bool address_list_add_loopback(struct address_list *list, const char *host, uint16_t port)
{
	struct address a;
	if (strcasecmp(host, "localhost") != 0 || address_hosts_file_has(host))
		return false;
	if (address_from_host(&a, "127.0.0.1", port))
		address_list_add(list, &a);
	if (address_from_host(&a, "::1", port))
		address_list_add(list, &a);
	return true;
}

/* All families, also those that this machine seems not to have: AI_ADDRCONFIG would hide the loopback's. */
static bool address_list_look_up(
	struct address_list *list, const char *host, uint16_t port, char *error, size_t error_size)
{
	struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL;
	if (address_list_add_loopback(list, host, port))
		return true;
	int status = getaddrinfo(host, NULL, &hints, &found);
	for (struct addrinfo *i = status == 0 ? found : NULL; i; i = i->ai_next) {
		struct address a = {.length = i->ai_addrlen};
		if (i->ai_addrlen > sizeof a.as)
			continue;
		memcpy(&a.as, i->ai_addr, i->ai_addrlen);
		address_set_port(&a, port);
		address_list_add(list, &a);
	}
	if (status == 0)
		freeaddrinfo(found);
	if (list->count)
		return true;
	snprintf(error, error_size, "'%s' cannot be resolved: %s", host,
		status == EAI_SYSTEM ? strerror(errno) : gai_strerror(status));
	return false;
}

struct address_list *address_list_resolve(const char *text, char *error, size_t error_size)
{
	char host[256];
	uint16_t port;
	struct address_list *list = calloc(1, sizeof *list + ADDRESS_LIST_MAX * sizeof list->at[0]);
	if (!list) {
		snprintf(error, error_size, "out of memory");
		return NULL;
	}
	bool good;
	if (address_is_name(text)) {
		good = address_take_apart(text, host, &port) &&
		       address_list_look_up(list, host, port, error, error_size);
	} else {
		good = address_parse(&list->at[0], text, error, error_size);
		list->count = 1;
	}
	struct address_list *whole = good ? address_list_copy(list) : NULL;
	if (good && !whole)
		snprintf(error, error_size, "out of memory");
	free(list);
	return whole;
}

struct address_list *address_list_copy(const struct address_list *list)
{
	size_t size = sizeof *list + list->count * sizeof list->at[0];
	struct address_list *copy = malloc(size);
	if (copy)
		memcpy(copy, list, size);
	return copy;
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

/* "//" in a path is "/", and so is "/./". */
static void address_write_path(char *out, const char *path)
{
	for (; *path; path++) {
		while (path[0] == '/' && (path[1] == '/' || (path[1] == '.' && path[2] == '/')))
			path += path[1] == '/' ? 1 : 2;
		*out++ = *path;
	}
	*out = '\0';
}

void address_write_key(const struct address *a, char *out)
{
	if (a->as.any.sa_family == AF_UNIX) {
		address_write_path(out, a->as.local.sun_path);
		return;
	}
	size_t n = address_format(a, out);
	if (a->as.any.sa_family == AF_INET6 && a->as.v6.sin6_scope_id)
		snprintf(out + n, ADDRESS_KEY_MAX - n, "%%%u", (unsigned)a->as.v6.sin6_scope_id);
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

/* Socket addresses: IPv4, IPv6 and Unix paths, as written in configurations and shown to people. */
#ifndef LBD_NET_ADDRESS_H
#define LBD_NET_ADDRESS_H

#include "base/attributes.h"
#include "base/str.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

struct address {
	socklen_t length; /* 0: no address */
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
		struct sockaddr_un local;
	} as;
};

enum { ADDRESS_TEXT_MAX = 128, ADDRESS_KEY_MAX = ADDRESS_TEXT_MAX + 16, ADDRESS_LIST_MAX = 16 };

/* What one text stands for, without doubles, in the order in which to try them. */
struct address_list {
	uint32_t count; /* 1 or more */
	struct address at[];
};

/* "127.0.0.1:80", "[::1]:80", "*:80", "unix:/path"; a name is none. False: error says why. */
bool address_parse(struct address *a, const char *text, char *error, size_t error_size) LBD_MUST_CHECK;
/* The text is a name, which has to be looked up. */
bool address_is_name(const char *text);
/* The same, and "name:80": all addresses of it, at most ADDRESS_LIST_MAX, in the resolver's order (RFC 6724). Names are
 * looked up, which blocks: control at start or a thread of its own only. NULL: error says why; else for free(). */
struct address_list *address_list_resolve(const char *text, char *error, size_t error_size) LBD_MUST_CHECK;
struct address_list *address_list_copy(const struct address_list *list) LBD_MUST_CHECK;
/* "ip:port", "[v6]:port", "unix:/path", or "unix:" for an unnamed one. out holds ADDRESS_TEXT_MAX bytes; returns the
 * length. */
size_t address_format(const struct address *a, char *out);
/* Only the host part: "127.0.0.1", "::1", "unix". */
size_t address_format_host(const struct address *a, char *out);
/* 0 for Unix sockets. */
uint16_t address_port(const struct address *a);
void address_set_port(struct address *a, uint16_t port);
/* The same for all that is one place to listen at or to connect to, however it was written: as address_format, a scope
 * behind it, and a path without what does not count, such as the second of two slashes. out holds ADDRESS_KEY_MAX bytes. */
void address_write_key(const struct address *a, char *out);
bool address_equal(const struct address *a, const struct address *b);
/* IPv4 as v4-mapped; false for Unix sockets. */
bool address_to_in6(const struct address *a, struct in6_addr *out);

#endif

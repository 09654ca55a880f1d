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

enum { ADDRESS_TEXT_MAX = 128 };

/* "127.0.0.1:80", "[::1]:80", "*:80", "name:80", "unix:/path". Names are looked up: this blocks, so control at start or
 * a helper thread only. False: error says why. */
bool address_resolve(struct address *a, const char *text, char *error, size_t error_size) LBD_MUST_CHECK;
/* "ip:port", "[v6]:port", "unix:/path", or "unix:" for an unnamed one. out holds ADDRESS_TEXT_MAX bytes; returns the
 * length. */
size_t address_format(const struct address *a, char *out);
/* Only the host part: "127.0.0.1", "::1", "unix". */
size_t address_format_host(const struct address *a, char *out);
/* 0 for Unix sockets. */
uint16_t address_port(const struct address *a);
void address_set_port(struct address *a, uint16_t port);
bool address_equal(const struct address *a, const struct address *b);
/* IPv4 as v4-mapped; false for Unix sockets. */
bool address_to_in6(const struct address *a, struct in6_addr *out);

#endif

/* The syntax of addresses and networks. */
#include "config.h"

#include "config/address_syntax.h"

#include <arpa/inet.h>

enum { ADDRESS_HOST_MAX = 253, ADDRESS_UNIX_MAX = 107 };

static const char address_needed[] =
	"needed: HOST:PORT, [IPV6]:PORT or unix:/PATH, such as \"127.0.0.1:8080\" or \"[::1]:8080\"";

static const char *address_host_problem(struct str host, bool listener)
{
	char text[ADDRESS_HOST_MAX + 1];
	struct in_addr v4;
	if (host.n == 0)
		return listener ? "the host is missing; * stands for all addresses" : "the host is missing";
	if (host.n > ADDRESS_HOST_MAX)
		return "the host has more than 253 bytes";
	memcpy(text, host.p, host.n);
	text[host.n] = '\0';
	if (strcmp(text, "*") == 0)
		return listener ? NULL : "* is no server; name one address";
	if (text[strspn(text, "0123456789.")] == '\0')
		return inet_pton(AF_INET, text, &v4) == 1 ? NULL : "it is not an IPv4 address";
	if (strchr(text, ':'))
		return "an IPv6 address stands in brackets, such as \"[::1]:8080\"";
	if (text[strspn(text, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-_")] || *text == '-' ||
		*text == '.' || strstr(text, ".."))
		return "the host is neither an address nor a name";
	return NULL;
}

static const char *address_v6_problem(struct str host)
{
	char text[INET6_ADDRSTRLEN + 1];
	struct in6_addr v6;
	const char *scope = memchr(host.p, '%', host.n);
	size_t n = scope ? (size_t)(scope - host.p) : host.n;
	if (n >= sizeof(text) || (scope && host.n - n < 2))
		return "it is not an IPv6 address";
	memcpy(text, host.p, n);
	text[n] = '\0';
	return inet_pton(AF_INET6, text, &v6) == 1 ? NULL : "it is not an IPv6 address";
}

const char *config_address_problem(const char *text, bool listener)
{
	if (strncmp(text, "unix:", 5) == 0) {
		if (text[5] != '/')
			return "the path of a Unix socket begins with /, such as \"unix:/run/app.sock\"";
		return strlen(text + 5) > ADDRESS_UNIX_MAX ? "the path of a Unix socket has at most 107 bytes" : NULL;
	}
	if (strstr(text, "://"))
		return "a scheme is not part of an address; needed: HOST:PORT";
	const char *colon = strrchr(text, ':');
	uint64_t port;
	if (!colon || (*text == '[' && colon > text && colon[-1] != ']'))
		return *text == '[' || strchr(text, ':')
			       ? address_needed
			       : "the port is missing; needed: HOST:PORT, such as \"127.0.0.1:8080\"";
	if (!str_to_u64(str_of(colon + 1), 65535, &port) || (port == 0 && !listener))
		return listener ? "the port must be 0 to 65535 (0: the kernel chooses)" : "the port must be 1 to 65535";
	if (*text == '[')
		return address_v6_problem(str_make(text + 1, (size_t)(colon - text - 2)));
	return address_host_problem(str_make(text, (size_t)(colon - text)), listener);
}

/* Bits behind the prefix would be a host in the network, which is a slip more often than a wish. */
static bool network_has_host_bits(const struct config_network *n)
{
	for (unsigned bit = n->prefix; bit < 128; bit++)
		if (n->address.s6_addr[bit / 8] & 0x80 >> bit % 8)
			return true;
	return false;
}

const char *config_network_parse(const char *text, struct config_network *out)
{
	const char *slash = strchr(text, '/');
	size_t n = slash ? (size_t)(slash - text) : strlen(text);
	char host[INET6_ADDRSTRLEN + 1];
	struct in_addr v4;
	struct config_network network = {0};
	if (n >= sizeof(host))
		return "it is not an address";
	memcpy(host, text, n);
	host[n] = '\0';
	bool is_v4 = inet_pton(AF_INET, host, &v4) == 1;
	if (is_v4) {
		network.address.s6_addr[10] = network.address.s6_addr[11] = 0xff;
		memcpy(&network.address.s6_addr[12], &v4, sizeof(v4));
	} else if (inet_pton(AF_INET6, host, &network.address) != 1) {
		return "it is not a network; needed: ADDRESS/BITS, such as \"192.0.2.0/24\" or \"2001:db8::/32\"";
	}
	uint64_t bits = is_v4 ? 32 : 128;
	if (slash && !str_to_u64(str_of(slash + 1), bits, &bits))
		return is_v4 ? "the prefix must be 0 to 32" : "the prefix must be 0 to 128";
	network.prefix = (unsigned)bits + (is_v4 ? 96 : 0);
	if (network_has_host_bits(&network))
		return "the address has bits behind the prefix; write the network's own address";
	*out = network;
	return NULL;
}

/* Who the client is behind proxies: the chain of addresses in X-Forwarded-For or Forwarded (RFC 7239), read from its end,
 * where the proxy nearest to us wrote, as far as those who wrote are trusted. What stands in front of the first address
 * that is not trusted could be anybody's invention, and is not looked at. Pure. */
#ifndef LBD_PROXY_CLIENT_CHAIN_H
#define LBD_PROXY_CLIENT_CHAIN_H

#include "config/config.h"
#include "http/message.h"
#include "net/address.h"

/* More proxies than that are not believed in. */
enum { CLIENT_CHAIN_MAX = 32 };

/* The peer that sent these fields is trusted. The first address, from the end of the chain, that is not, or the last one
 * that could be read: an element that is none ends the chain. False: there is no such chain, and the peer is the client.
 * IPv4-mapped IPv6 is IPv4; port 0 where none was said. */
bool client_chain_read(const struct http_fields *fields, enum config_client_from from,
	const struct config_networks *trusted, struct address *client) LBD_MUST_CHECK;

#endif

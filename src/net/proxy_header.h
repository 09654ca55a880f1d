/* The header of the PROXY protocol, versions 1 and 2: who the client of a connection is, told by the proxy in front of
 * us, or by us to the server. After "The PROXY protocol, Versions 1 & 2" (W. Tarreau, doc/proxy-protocol.txt of
 * HAProxy), sections 2.1, 2.2 and 2.2.3. Strict: nothing is guessed and nothing repaired. Pure; any thread. */
#ifndef LBD_NET_PROXY_HEADER_H
#define LBD_NET_PROXY_HEADER_H

#include "net/address.h"

enum {
	PROXY_HEADER_MAX = 4096,     /* bytes of a header that is read; the rest is for TLVs */
	PROXY_HEADER_WRITE_MAX = 108 /* bytes of one that is written */
};

enum proxy_header_result { PROXY_HEADER_MORE, PROXY_HEADER_COMPLETE, PROXY_HEADER_BAD };

struct proxy_header {
	/* Length 0: the header says nothing, the addresses of the connection itself hold (LOCAL, UNKNOWN, UNSPEC). Of
	 * Unix sockets only the family is kept. */
	struct address source, destination;
	size_t size;       /* bytes of the header; what follows is the payload */
	const char *fault; /* of BAD: a literal word */
};

/* data[0..n): all that was received so far. The verdict comes as early as it can, and does not depend on how the bytes
 * were cut. With MORE fewer than PROXY_HEADER_MAX bytes are here. */
enum proxy_header_result proxy_header_read(struct proxy_header *h, const char *data, size_t n) LBD_MUST_CHECK;

/* Writes a header of version 1 or 2 to out, which holds PROXY_HEADER_WRITE_MAX bytes; returns its length. Without
 * Internet addresses on both sides it says UNKNOWN or UNSPEC. source NULL: the connection is our own (LOCAL in version
 * 2, UNKNOWN in version 1). */
size_t proxy_header_write(char *out, unsigned version, const struct address *source, const struct address *destination);

#endif

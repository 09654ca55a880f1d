/* Who is at the other end of a session: the peer of the connection, or whom a PROXY header tells of, which is read
 * here. */
#include "net/proxy_header.h"
#include "net/socket.h"
#include "proxy/exchange.h"
#include "proxy/session_parts.h"

#include <stdlib.h>

/* ---- addresses ---- */

struct session_address session_pack(const struct address *a)
{
	struct session_address packed = {.family = AF_UNIX};
	if (a->as.any.sa_family == AF_INET) {
		packed.family = AF_INET;
		packed.port = a->as.v4.sin_port;
		packed.host.v4 = a->as.v4.sin_addr;
	} else if (a->as.any.sa_family == AF_INET6) {
		packed.family = AF_INET6;
		packed.port = a->as.v6.sin6_port;
		packed.scope = a->as.v6.sin6_scope_id;
		packed.host.v6 = a->as.v6.sin6_addr;
	}
	return packed;
}

static void session_unpack(const struct session_address *packed, struct address *out)
{
	memset(out, 0, sizeof *out);
	out->as.any.sa_family = packed->family;
	if (packed->family == AF_INET) {
		out->as.v4.sin_port = packed->port;
		out->as.v4.sin_addr = packed->host.v4;
		out->length = sizeof out->as.v4;
	} else if (packed->family == AF_INET6) {
		out->as.v6.sin6_port = packed->port;
		out->as.v6.sin6_scope_id = packed->scope;
		out->as.v6.sin6_addr = packed->host.v6;
		out->length = sizeof out->as.v6;
	}
}

void session_peer(const struct session *s, struct address *out)
{
	session_unpack(&s->peer, out);
}

void session_client(const struct session *s, struct address *out)
{
	const struct session_address *told = s->exchange ? &s->exchange->client : NULL;
	session_unpack(told && told->family ? told : &s->peer, out);
}

void session_local(const struct session *s, struct address *out)
{
	if (s->proxied)
		session_unpack(s->proxied, out);
	else
		socket_local_address(s->client.io.fd, out);
}

/* ---- the PROXY header ---- */

bool session_owes_proxy_header(const struct config_peers *who, const struct address *peer)
{
	struct in6_addr address;
	if (who->all || !who->networks.count)
		return who->all;
	return address_to_in6(peer, &address) && config_networks_contain(&who->networks, &address);
}

/* Nothing that is not told who its client is may pass: reset, so that a proxy that is not set up sees it at once. */
void session_refuse_proxy(struct session *s, const char *detail)
{
	timeout_stop(&s->timeout);
	s->state = SESSION_BUSY;
	exchange_begin_refused(s, REASON_PROXY_HEADER, detail, 0);
}

static bool session_take_addresses(struct session *s, const struct proxy_header *header)
{
	if (!header->source.length)
		return true;
	s->proxied = malloc(sizeof *s->proxied);
	if (!s->proxied)
		return false;
	*s->proxied = session_pack(&header->destination);
	s->peer = session_pack(&header->source);
	return true;
}

void session_take_proxy(struct session *s)
{
	struct str input = channel_input(&s->client);
	struct proxy_header header;
	switch (proxy_header_read(&header, input.p, input.n)) {
	case PROXY_HEADER_BAD:
		session_refuse_proxy(s, header.fault);
		return;
	case PROXY_HEADER_MORE:
		/* Who says nothing has refused nothing: a port scan, or the probe of a balancer in front. */
		if ((s->eof || s->failed) && !input.n)
			session_close(s, s->failed);
		else if (s->eof || s->failed)
			session_refuse_proxy(s, "closed");
		return;
	case PROXY_HEADER_COMPLETE:
		break;
	}
	if (!session_take_addresses(s, &header)) {
		session_refuse_proxy(s, "out_of_memory");
		return;
	}
	struct worker *w = session_worker(s);
	/* A header without an address is the proxy's own connection. */
	if (header.source.length &&
		source_connects(s->bind->frontend, w->index, &header.source, w->loop.now_us, &s->counted)) {
		session_close(s, true);
		return;
	}
	channel_take(&s->client, header.size);
	s->state = SESSION_IDLE;
	if (s->bind->frontend->mode == CONFIG_MODE_TCP) {
		timeout_stop(&s->timeout);
		session_begin_tunnel(s);
	} else {
		/* The time for it began with the accept, and goes on in ticks. */
		if (atomic_load_explicit(&s->bind->frontend->conf, memory_order_acquire)->limits.min_rate)
			session_time_head(s);
		session_continue(s);
	}
}

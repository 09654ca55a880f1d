#include "proxy/identity.h"

#include "http/bytes.h"
#include "http/trace_context.h"
#include "proxy/client_chain.h"
#include "proxy/exchange.h"

/* What was made of the request's own words, once for each exchange, before they are dropped; in its arena. */
struct identity {
	struct str forwarded_for; /* to send: the list of a trusted peer, and the peer; empty: only the peer */
	struct str forwarded;     /* to send, with our element; empty: not wanted */
	struct str traceparent;   /* to send; empty: the received one, if any, goes on */
	bool has_proto, has_host, has_port; /* a trusted peer said so */
};

static const struct config_frontend *identity_conf(const struct exchange *x)
{
	return atomic_load_explicit(&x->frontend->conf, memory_order_acquire);
}

static struct http_field identity_field(const char *name, struct str value)
{
	return (struct http_field){.name = str_of(name), .value = value};
}

/* Whom to believe, and so who the client is: before anybody asks. */
static void identity_find_client(struct exchange *x, const struct config_frontend *conf)
{
	struct address peer, client;
	struct in6_addr address;
	if (!conf->trusted_proxies.count)
		return;
	session_peer(x->session, &peer);
	x->trusted = address_to_in6(&peer, &address) && config_networks_contain(&conf->trusted_proxies, &address);
	if (x->trusted && client_chain_read(&x->request.fields, conf->client_from, &conf->trusted_proxies, &client))
		x->client = session_pack(&client);
}

/* ---- the request's own fields ---- */

static void identity_drop(struct http_fields *fields, enum http_field_id id)
{
	for (uint32_t i = 0; i < fields->count; i++)
		if (fields->at[i].id == id)
			fields->at[i].drop = true;
}

static bool identity_has(const struct http_fields *fields, enum http_field_id id)
{
	for (uint32_t i = 0; i < fields->count; i++)
		if (fields->at[i].id == id && !fields->at[i].drop)
			return true;
	return false;
}

/* The only one of its kind, or an empty text. */
static struct str identity_single(const struct http_fields *fields, enum http_field_id id)
{
	struct str value = {NULL, 0};
	unsigned count = 0;
	for (uint32_t i = 0; i < fields->count; i++)
		if (fields->at[i].id == id && !fields->at[i].drop) {
			value = fields->at[i].value;
			count++;
		}
	return count == 1 ? value : str_make(NULL, 0);
}

/* All lines of a list field as one line, with own as the last element (RFC 9110 5.3). False: memory is out. */
static bool identity_merge(struct exchange *x, enum http_field_id id, struct str own, struct str *out)
{
	const struct http_fields *fields = &x->request.fields;
	size_t n = own.n;
	for (uint32_t i = 0; i < fields->count; i++)
		if (fields->at[i].id == id && !fields->at[i].drop && fields->at[i].value.n)
			n += fields->at[i].value.n + 2;
	char *start = arena_alloc(&x->arena, n), *at = start;
	if (!start)
		return false;
	for (uint32_t i = 0; i < fields->count; i++) {
		struct str value = fields->at[i].value;
		if (fields->at[i].id != id || fields->at[i].drop || !value.n)
			continue;
		memcpy(at, value.p, value.n);
		memcpy(at + value.n, ", ", 2);
		at += value.n + 2;
	}
	memcpy(at, own.p, own.n);
	*out = str_make(start, n);
	return true;
}

/* ---- what we say ---- */

static size_t identity_write_octet(char *at, unsigned octet)
{
	size_t n = 0;
	unsigned rest = octet;
	if (octet >= 100) {
		at[n++] = octet >= 200 ? '2' : '1';
		rest -= octet >= 200 ? 200 : 100;
	}
	if (octet >= 10) {
		at[n++] = (char)('0' + rest / 10);
		rest %= 10;
	}
	at[n++] = (char)('0' + rest);
	return n;
}

/* The client's address without port. IPv4 by hand: inet_ntop goes through printf, once for each request. */
static size_t identity_write_peer(const struct session *s, char out[ADDRESS_TEXT_MAX])
{
	if (s->peer.family != AF_INET) {
		struct address peer;
		session_peer(s, &peer);
		return address_format_host(&peer, out);
	}
	const unsigned char *octets = (const unsigned char *)&s->peer.host.v4;
	size_t n = 0;
	for (int i = 0; i < 4; i++) {
		n += identity_write_octet(out + n, octets[i]);
		out[n++] = '.';
	}
	return n - 1;
}

/* The port that the client connected to. */
static struct str identity_port(const struct session *s, char out[IDENTITY_PORT_MAX])
{
	if (!s->proxied)
		return str_make(s->bind->port, s->bind->port_length);
	struct address local;
	session_local(s, &local);
	unsigned port = address_port(&local);
	size_t n = IDENTITY_PORT_MAX;
	do {
		out[--n] = (char)('0' + port % 10);
		port /= 10;
	} while (port);
	/* A Unix socket has none. */
	bool none = local.as.any.sa_family != AF_INET && local.as.any.sa_family != AF_INET6;
	return str_make(out + n, none ? 0 : IDENTITY_PORT_MAX - n);
}

/* Our element of Forwarded (RFC 7239 4 and 6): IPv6 in brackets, and so in quotes; "unknown" for a Unix socket. */
static struct str identity_element(struct exchange *x)
{
	char peer[ADDRESS_TEXT_MAX];
	size_t n = identity_write_peer(x->session, peer);
	sa_family_t family = x->session->peer.family;
	bool v6 = family == AF_INET6, known = v6 || family == AF_INET;
	struct str host = x->request.host;
	bool quoted = false;
	for (size_t i = 0; i < host.n; i++) {
		quoted |= !http_byte_is_token(host.p[i]);
		/* The grammar of Host has neither. */
		if (host.p[i] == '"' || host.p[i] == '\\')
			host.n = 0;
	}
	const char *quote = quoted ? "\"" : "";
	char *text = arena_format(&x->arena, "for=%s%.*s%s%s%s%.*s%s;proto=http", v6 ? "\"[" : "", known ? (int)n : 7,
		known ? peer : "unknown", v6 ? "]\"" : "", host.n ? ";host=" : "", host.n ? quote : "", (int)host.n,
		host.n ? host.p : "", host.n ? quote : "");
	return text ? str_of(text) : str_make(NULL, 0);
}

static bool identity_take_forwarded(
	struct exchange *x, struct identity *id, const struct config_frontend *conf, bool trusted)
{
	if (conf->forwarded) {
		struct str own = identity_element(x);
		if (!own.p)
			return false;
		id->forwarded = own;
		if (trusted && !identity_merge(x, HTTP_FIELD_FORWARDED, own, &id->forwarded))
			return false;
	}
	if (conf->forwarded || !trusted)
		identity_drop(&x->request.fields, HTTP_FIELD_FORWARDED);
	return true;
}

/* A state without its parent means nothing, and one of a parent that is not valid must not go on (3.3). */
static bool identity_take_trace(struct exchange *x, struct identity *id)
{
	struct http_fields *fields = &x->request.fields;
	if (trace_parent_is_valid(identity_single(fields, HTTP_FIELD_TRACEPARENT)))
		return true;
	char *text = arena_alloc(&x->arena, TRACE_PARENT_LENGTH);
	if (!text)
		return false;
	struct random *random = &x->worker->random;
	const uint64_t numbers[3] = {random_next(random), random_next(random), random_next(random)};
	trace_parent_write(text, numbers);
	id->traceparent = str_make(text, TRACE_PARENT_LENGTH);
	identity_drop(fields, HTTP_FIELD_TRACEPARENT);
	identity_drop(fields, HTTP_FIELD_TRACESTATE);
	return true;
}

static bool identity_take_claims(struct exchange *x, struct identity *id, bool trusted)
{
	struct http_fields *fields = &x->request.fields;
	char text[ADDRESS_TEXT_MAX];
	struct str peer = str_make(text, identity_write_peer(x->session, text));
	if (trusted && !identity_merge(x, HTTP_FIELD_X_FORWARDED_FOR, peer, &id->forwarded_for))
		return false;
	identity_drop(fields, HTTP_FIELD_X_FORWARDED_FOR);
	if (!trusted) {
		identity_drop(fields, HTTP_FIELD_X_FORWARDED_PROTO);
		identity_drop(fields, HTTP_FIELD_X_FORWARDED_HOST);
		identity_drop(fields, HTTP_FIELD_X_FORWARDED_PORT);
	}
	id->has_proto = identity_has(fields, HTTP_FIELD_X_FORWARDED_PROTO);
	id->has_host = identity_has(fields, HTTP_FIELD_X_FORWARDED_HOST);
	id->has_port = identity_has(fields, HTTP_FIELD_X_FORWARDED_PORT);
	return true;
}

/* False: memory is out. */
static bool identity_take_id(struct exchange *x)
{
	struct str received = identity_single(&x->request.fields, HTTP_FIELD_X_REQUEST_ID);
	if (x->trusted && request_id_is_valid(received)) {
		x->request_id = received;
		return true;
	}
	char *text = arena_alloc(&x->arena, REQUEST_ID_LENGTH);
	if (!text)
		return false;
	const uint64_t numbers[2] = {random_next(&x->worker->random), random_next(&x->worker->random)};
	request_id_write(text, numbers);
	x->request_id = str_make(text, REQUEST_ID_LENGTH);
	return true;
}

static struct identity *identity_make(struct exchange *x)
{
	const struct config_frontend *conf = identity_conf(x);
	struct identity *id = arena_zero(&x->arena, 1, sizeof *id);
	bool trusted = x->trusted;
	/* The option may have come since the request did. */
	if (conf->request_id && !x->request_id.n && !identity_take_id(x))
		return NULL;
	if (!id || !identity_take_claims(x, id, trusted) || !identity_take_forwarded(x, id, conf, trusted) ||
		(conf->traceparent && !identity_take_trace(x, id)))
		return NULL;
	if (x->request_id.n)
		identity_drop(&x->request.fields, HTTP_FIELD_X_REQUEST_ID);
	return id;
}

/* Of our own names, whatever the list says. */
static bool identity_is_own(enum http_field_id id)
{
	return id == HTTP_FIELD_X_FORWARDED_FOR || id == HTTP_FIELD_X_FORWARDED_HOST ||
	       id == HTTP_FIELD_X_FORWARDED_PORT || id == HTTP_FIELD_X_FORWARDED_PROTO || id == HTTP_FIELD_FORWARDED;
}

/* Nobody but trusted proxies says who the client is, or what else the list has: rules and servers see none of it. */
static void identity_drop_claims(struct http_fields *fields, const struct config_field_names *claims)
{
	for (uint32_t i = 0; i < fields->count; i++) {
		struct http_field *field = &fields->at[i];
		if (identity_is_own(field->id) || config_field_names_contain(claims, field->name))
			field->drop = HTTP_FIELD_GONE;
	}
}

/* To a server that takes '_' for '-', X_Forwarded_For is what we write ourselves: that passes from nobody. */
static bool identity_looks_like_own(struct str name)
{
	static const char *const names[] = {
		"X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-Proto", "X-Request-Id"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (str_equal_folded(name, str_of(names[i])))
			return true;
	return false;
}

static void identity_drop_underscores(struct http_fields *fields, enum config_underscores option)
{
	for (uint32_t i = 0; i < fields->count; i++) {
		struct http_field *field = &fields->at[i];
		if (memchr(field->name.p, '_', field->name.n) &&
			(option != CONFIG_UNDERSCORES_PASS || identity_looks_like_own(field->name)))
			field->drop = HTTP_FIELD_GONE;
	}
}

void identity_begin(struct exchange *x)
{
	const struct config_frontend *conf = identity_conf(x);
	identity_find_client(x, conf);
	if (!x->trusted)
		identity_drop_claims(&x->request.fields, &conf->claims);
	if (x->request.underscores)
		identity_drop_underscores(&x->request.fields, conf->underscores);
	/* Without memory it has no id, and identity_fields will say so. */
	if (conf->request_id)
		(void)identity_take_id(x);
}

bool identity_passes_trailer(const struct exchange *x, struct str name)
{
	const struct config_frontend *conf = identity_conf(x);
	bool underscore = memchr(name.p, '_', name.n) != NULL;
	if ((underscore && conf->underscores != CONFIG_UNDERSCORES_PASS) || identity_looks_like_own(name))
		return false;
	return x->trusted || !config_field_names_contain(&conf->claims, name);
}

/* True when nothing has to be remembered of what the request said. */
static bool identity_is_plain(const struct exchange *x)
{
	const struct config_frontend *conf = identity_conf(x);
	return !x->identity && !x->trusted && !conf->forwarded && !conf->traceparent &&
	       !conf->request_id && !x->request_id.n;
}

int identity_fields(struct exchange *x, struct identity_texts *texts, struct http_field *at)
{
	static const struct identity plain;
	const struct identity *id = &plain;
	struct str peer = str_make(texts->peer, identity_write_peer(x->session, texts->peer));
	struct str port = identity_port(x->session, texts->port);
	int n = 0;
	if (!identity_is_plain(x)) {
		if (!x->identity)
			x->identity = identity_make(x);
		id = x->identity;
	}
	if (!id)
		return -1;
	at[n++] = identity_field("X-Forwarded-For", id->forwarded_for.n ? id->forwarded_for : peer);
	if (!id->has_proto)
		at[n++] = identity_field("X-Forwarded-Proto", str_of("http"));
	if (x->request.host.n && !id->has_host)
		at[n++] = identity_field("X-Forwarded-Host", x->request.host);
	/* Our port says nothing about a connection whose protocol or name somebody else told. */
	if (port.n && !id->has_proto && !id->has_host && !id->has_port)
		at[n++] = identity_field("X-Forwarded-Port", port);
	if (id->forwarded.n)
		at[n++] = identity_field("Forwarded", id->forwarded);
	if (x->request_id.n)
		at[n++] = identity_field("X-Request-Id", x->request_id);
	if (id->traceparent.n)
		at[n++] = identity_field("traceparent", id->traceparent);
	return n;
}

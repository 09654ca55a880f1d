#include "proxy/client_chain.h"

#include "http/bytes.h"

#include <arpa/inet.h>

/* ---- one address: 1.2.3.4, 1.2.3.4:80, 2001:db8::1, [2001:db8::1], [2001:db8::1]:80 ---- */

static bool chain_read_host(struct str host, struct address *out)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr v6;
	if (!host.n || host.n >= sizeof text || memchr(host.p, '\0', host.n))
		return false;
	memcpy(text, host.p, host.n);
	text[host.n] = '\0';
	*out = (struct address){.length = sizeof out->as.v4};
	out->as.v4.sin_family = AF_INET;
	if (inet_pton(AF_INET, text, &out->as.v4.sin_addr) == 1)
		return true;
	if (inet_pton(AF_INET6, text, &v6) != 1)
		return false;
	if (IN6_IS_ADDR_V4MAPPED(&v6)) {
		memcpy(&out->as.v4.sin_addr, &v6.s6_addr[12], 4);
		return true;
	}
	*out = (struct address){.length = sizeof out->as.v6};
	out->as.v6.sin6_family = AF_INET6;
	out->as.v6.sin6_addr = v6;
	return true;
}

/* A port may be hidden behind a word (RFC 7239 6.2 and 6.3); the address is good all the same. */
static bool chain_read_port(struct str text, uint16_t *port)
{
	uint64_t number = 0;
	*port = 0;
	if (text.n > 1 && text.p[0] == '_') {
		for (size_t i = 1; i < text.n; i++)
			if (!http_byte_is_token(text.p[i]))
				return false;
		return true;
	}
	if (!str_to_u64(text, UINT16_MAX, &number))
		return false;
	*port = (uint16_t)number;
	return true;
}

static bool chain_read_node(struct str node, struct address *out)
{
	struct str host = node, port = {NULL, 0};
	const char *colon = node.n ? memchr(node.p, ':', node.n) : NULL;
	if (node.n && node.p[0] == '[') {
		const char *end = memchr(node.p, ']', node.n);
		if (!end)
			return false;
		host = str_make(node.p + 1, (size_t)(end - node.p) - 1);
		port = str_make(end + 1, node.n - host.n - 2);
		if (!host.n || !memchr(host.p, ':', host.n) || (port.n && port.p[0] != ':'))
			return false;
	} else if (colon && !memchr(colon + 1, ':', node.n - (size_t)(colon - node.p) - 1)) {
		host = str_make(node.p, (size_t)(colon - node.p));
		port = str_make(colon, node.n - host.n);
	}
	uint16_t number = 0;
	if (port.n && !chain_read_port(str_make(port.p + 1, port.n - 1), &number))
		return false;
	if (!chain_read_host(host, out))
		return false;
	address_set_port(out, number);
	return true;
}

/* ---- Forwarded: for=VALUE among the pairs of an element ---- */

static struct str chain_next_pair(struct str *rest)
{
	bool quoted = false;
	for (size_t i = 0; i < rest->n; i++) {
		if (rest->p[i] == '"')
			quoted = !quoted;
		if (rest->p[i] != ';' || quoted)
			continue;
		struct str pair = str_make(rest->p, i);
		*rest = str_make(rest->p + i + 1, rest->n - i - 1);
		return str_trim(pair);
	}
	struct str pair = *rest;
	*rest = str_make(rest->p + rest->n, 0);
	return str_trim(pair);
}

/* False: there is none, or two, or one that is no token and not in quotes. No address needs a quoted pair. */
static bool chain_find_for(struct str element, struct str *node)
{
	bool found = false;
	while (element.n) {
		struct str pair = chain_next_pair(&element);
		if (pair.n < 4 || pair.p[3] != '=' || !str_equal_nocase(str_make(pair.p, 3), str_of("for")))
			continue;
		struct str value = str_make(pair.p + 4, pair.n - 4);
		if (found || memchr(value.p, '\\', value.n))
			return false;
		if (value.n > 1 && value.p[0] == '"' && value.p[value.n - 1] == '"')
			value = str_make(value.p + 1, value.n - 2);
		found = true;
		*node = value;
	}
	return found;
}

/* ---- the chain ---- */

/* Takes the last element off the list. From the end, what a proxy has appended is read without its being touched by
 * what stands in front of it: a quote that was left open there ends nothing here. */
static struct str chain_take_last(struct str *list, bool quotes)
{
	bool quoted = false;
	for (size_t i = list->n; i-- > 0;) {
		if (quotes && list->p[i] == '"' && !(quoted && i && list->p[i - 1] == '\\'))
			quoted = !quoted;
		if (list->p[i] != ',' || quoted)
			continue;
		struct str last = str_make(list->p + i + 1, list->n - i - 1);
		list->n = i;
		return str_trim(last);
	}
	struct str last = *list;
	list->n = 0;
	return str_trim(last);
}

struct chain {
	const struct config_networks *trusted;
	struct address *client;
	unsigned left; /* elements that may still be looked at */
	bool found;
};

/* The elements of one line. False: the chain ends here. */
static bool chain_read_line(struct chain *c, struct str list, bool forwarded)
{
	while (list.n) {
		struct str node = chain_take_last(&list, forwarded);
		struct address address;
		struct in6_addr in6;
		if (!c->left--)
			return false;
		if (!node.n) /* an empty element is none (RFC 9110 5.6.1) */
			continue;
		if ((forwarded && !chain_find_for(node, &node)) || !chain_read_node(node, &address))
			return false;
		*c->client = address;
		c->found = true;
		if (!address_to_in6(&address, &in6) || !config_networks_contain(c->trusted, &in6))
			return false;
	}
	return true;
}

/* Fields that Connection names were meant for us, and only for us: they are looked at. */
static bool chain_read_field(struct chain *c, const struct http_fields *fields, enum http_field_id id)
{
	bool there = false;
	for (uint32_t i = fields->count; i-- > 0;) {
		if (fields->at[i].id != id)
			continue;
		there = true;
		if (!chain_read_line(c, fields->at[i].value, id == HTTP_FIELD_FORWARDED))
			break;
	}
	return there;
}

bool client_chain_read(const struct http_fields *fields, enum config_client_from from,
	const struct config_networks *trusted, struct address *client)
{
	struct chain c = {.trusted = trusted, .client = client, .left = CLIENT_CHAIN_MAX};
	bool both = from == CONFIG_CLIENT_FROM_ANY, there = false;
	if (both || from == CONFIG_CLIENT_FROM_X_FORWARDED_FOR)
		there = chain_read_field(&c, fields, HTTP_FIELD_X_FORWARDED_FOR);
	if (from == CONFIG_CLIENT_FROM_FORWARDED || (both && !there))
		(void)chain_read_field(&c, fields, HTTP_FIELD_FORWARDED);
	return c.found;
}

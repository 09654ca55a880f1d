#include "rules/rule_key.h"

#include "rules/rule.h"

static const struct {
	const char *word; /* with a colon: a name follows */
	enum rule_key_kind kind;
} rule_keys[] = {{"src", RULE_KEY_SRC}, {"uri", RULE_KEY_URI}, {"path", RULE_KEY_PATH}, {"host", RULE_KEY_HOST},
	{"header:", RULE_KEY_HEADER}, {"cookie:", RULE_KEY_COOKIE}, {"query:", RULE_KEY_QUERY}};

struct rule_key rule_key_make(const char *text)
{
	struct rule_key key = {.v4_bits = 32, .v6_bits = 128};
	for (size_t i = 0; text && i < sizeof rule_keys / sizeof rule_keys[0]; i++)
		if (str_starts_with(str_of(text), str_of(rule_keys[i].word))) {
			key.kind = rule_keys[i].kind;
			key.name = str_of(text + strlen(rule_keys[i].word));
			break;
		}
	return key;
}

/* The bits that count; the others are 0. */
static struct in6_addr key_network(const struct rule_key *key, const struct in6_addr *address)
{
	struct in6_addr network = *address;
	uint32_t bits = IN6_IS_ADDR_V4MAPPED(address) ? 96 + key->v4_bits : key->v6_bits;
	for (uint32_t i = 0; i<sizeof network.s6_addr; i++, bits = bits> 8 ? bits - 8 : 0)
		if (bits < 8)
			network.s6_addr[i] &= (uint8_t)(0xff00u >> bits);
	return network;
}

static bool key_find_header(
	const struct rule_key *key, const struct rule_request *request, uint32_t *budget, struct str *value)
{
	if (str_equal_nocase(key->name, str_of("Host"))) {
		*value = request->host;
		return value->n > 0;
	}
	uint32_t index = 0;
	const struct http_field *field = rule_next_field(request->fields, &index, key->name, budget);
	if (field)
		*value = field->value;
	return field != NULL;
}

static bool key_find_cookie(
	const struct rule_key *key, const struct rule_request *request, uint32_t *budget, struct str *value)
{
	for (uint32_t i = 0; request->fields && i < request->fields->count; i++) {
		struct str list = request->fields->at[i].value, name;
		if (request->fields->at[i].id != HTTP_FIELD_COOKIE || request->fields->at[i].drop == HTTP_FIELD_GONE)
			continue;
		while (rule_next_cookie(&list, &name, value, budget))
			if (str_equal(name, key->name))
				return true;
	}
	return false;
}

/* As it was received, not decoded. */
static bool key_find_parameter(
	const struct rule_key *key, const struct rule_request *request, uint32_t *budget, struct str *value)
{
	struct str rest = request->query;
	while (rest.n && rule_charge(budget, 2)) {
		const char *end = memchr(rest.p, '&', rest.n);
		size_t n = end ? (size_t)(end - rest.p) : rest.n;
		struct str pair = str_make(rest.p, n);
		rest = end ? str_make(end + 1, rest.n - n - 1) : str_make(rest.p + n, 0);
		if (n > key->name.n && pair.p[key->name.n] == '=' && memcmp(pair.p, key->name.p, key->name.n) == 0) {
			*value = str_make(pair.p + key->name.n + 1, n - key->name.n - 1);
			return true;
		}
	}
	return false;
}

static bool key_find(
	const struct rule_key *key, const struct rule_request *request, uint32_t *budget, struct str *value)
{
	switch (key->kind) {
	case RULE_KEY_NONE:
	case RULE_KEY_SRC:
		break;
	case RULE_KEY_URI:
	case RULE_KEY_PATH:
		*value = request->path;
		return request->http;
	case RULE_KEY_HOST:
		*value = rule_host_name(request->host);
		return value->n > 0;
	case RULE_KEY_HEADER:
		return key_find_header(key, request, budget, value);
	case RULE_KEY_COOKIE:
		return key_find_cookie(key, request, budget, value);
	case RULE_KEY_QUERY:
		return key_find_parameter(key, request, budget, value);
	}
	return false;
}

/* Names of hosts are the same in any case of letters. */
static uint64_t key_hash_host(struct siphash_key own, struct str host)
{
	char lower[256];
	uint64_t hash = 0;
	do {
		size_t n = host.n < sizeof lower ? host.n : sizeof lower;
		for (size_t i = 0; i < n; i++)
			lower[i] = (char)str_lower((unsigned char)host.p[i]);
		own.k0 ^= hash;
		hash = siphash(&own, str_make(lower, n));
		host = str_make(host.p + n, host.n - n);
	} while (host.n);
	return hash;
}

bool rule_key_hash(const struct rule_key *key, const struct rule_request *request, const struct siphash_key *seed,
	uint32_t *budget, uint64_t *hash)
{
	/* So that no header can be written to be another kind of key. */
	struct siphash_key own = {seed->k0, seed->k1 ^ (uint64_t)key->kind};
	struct in6_addr network;
	struct str value = {NULL, 0};
	if (key->kind == RULE_KEY_SRC) {
		if (!request->has_src)
			return false;
		network = key_network(key, &request->src);
		value = str_make((const char *)network.s6_addr, sizeof network.s6_addr);
	} else if (key->kind != RULE_KEY_NONE && !key_find(key, request, budget, &value)) {
		return false;
	}
	if (!rule_charge(budget, value.n / RULE_BYTES_A_STEP))
		return false;
	*hash = key->kind == RULE_KEY_HOST ? key_hash_host(own, value) : siphash(&own, value);
	if (key->kind == RULE_KEY_URI && request->query.p) {
		if (!rule_charge(budget, request->query.n / RULE_BYTES_A_STEP))
			return false;
		own.k0 ^= *hash;
		*hash = siphash(&own, request->query);
	}
	return true;
}

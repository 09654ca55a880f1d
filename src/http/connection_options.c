/* What a message says about its connection (RFC 9110 7.6.1 and 7.8): the options and the hop-by-hop names of
 * Connection, the protocols of Upgrade, how long an idle one is kept, and whether its credentials are the connection's.
 */
#include "http/bytes.h"
#include "http/head_parts.h"

enum { CONNECTION_NAMES_MAX = 32 }; /* each costs a walk over all fields */

static bool connection_is_token(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!http_byte_is_token(s.p[i]))
			return false;
	return s.n > 0;
}

/* Fields that frame or address the message are written anew from what was parsed: naming them changes nothing. */
static void connection_drop(struct http_fields *fields, struct str name)
{
	for (uint32_t i = 0; i < fields->count; i++)
		if (str_equal_nocase(fields->at[i].name, name))
			fields->at[i].drop = HTTP_FIELD_GONE;
}

static enum http_error connection_read_list(
	struct head_connection *connection, struct http_fields *fields, struct str list, unsigned *names)
{
	struct str option;
	while (str_next_element(&list, &option)) {
		if (!option.n)
			continue;
		if (str_equal_nocase(option, str_of("keep-alive")))
			connection->keep_alive = true;
		else if (str_equal_nocase(option, str_of("close")))
			connection->close = true;
		else if (str_equal_nocase(option, str_of("upgrade")))
			connection->upgrade = true;
		else if (!connection_is_token(option) || ++*names > CONNECTION_NAMES_MAX)
			return HTTP_ERROR_CONNECTION;
		else
			connection_drop(fields, option);
	}
	return HTTP_ERROR_NONE;
}

enum http_error head_read_connection(
	struct head_connection *connection, struct http_fields *fields, const struct head_index *index, const char **at)
{
	*connection = (struct head_connection){.close = false};
	if (!head_has(index, HTTP_FIELD_CONNECTION))
		return HTTP_ERROR_NONE;
	unsigned names = 0;
	for (uint32_t i = index->first[HTTP_FIELD_CONNECTION]; i < fields->count; i++) {
		if (fields->at[i].id != HTTP_FIELD_CONNECTION)
			continue;
		*at = fields->at[i].value.p;
		enum http_error error = connection_read_list(connection, fields, fields->at[i].value, &names);
		if (error)
			return error;
	}
	return HTTP_ERROR_NONE;
}

/* Challenges and credentials begin with the name of their scheme. A list of challenges and the parameters in them are
 * both parted by commas: what begins a parameter names no scheme, since its name ends with '='. */
static bool connection_scheme_binds(struct str element)
{
	static const char *const schemes[] = {"NTLM", "Negotiate", "Nego2", "Kerberos", "CredSSP"};
	size_t n = 0;
	while (n < element.n && http_byte_is_token(element.p[n]))
		n++;
	for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
		if (str_equal_nocase(str_make(element.p, n), str_of(schemes[i])))
			return n == element.n || element.p[n] != '=';
	return false;
}

bool head_names_bound_scheme(const struct http_fields *fields, uint64_t ids)
{
	for (uint32_t i = 0; i < fields->count; i++) {
		struct str list = fields->at[i].value, element;
		while ((ids >> fields->at[i].id & 1) && str_next_element(&list, &element))
			if (connection_scheme_binds(element))
				return true;
	}
	return false;
}

uint32_t head_keeps_s(const struct http_fields *fields, const struct head_index *index)
{
	enum { PREFIX = sizeof "timeout=" - 1, MOST_S = 86400 };
	if (!head_has(index, HTTP_FIELD_KEEP_ALIVE))
		return 0;
	struct str list = head_first(fields, index, HTTP_FIELD_KEEP_ALIVE)->value, element;
	uint64_t s;
	while (str_next_element(&list, &element)) {
		if (element.n <= PREFIX || !str_equal_nocase(str_make(element.p, PREFIX), str_of("timeout=")))
			continue;
		struct str digits = str_make(element.p + PREFIX, element.n - PREFIX);
		return str_to_u64(digits, MOST_S, &s) ? (uint32_t)s : 0;
	}
	return 0;
}

struct str http_upgrade_name(struct str protocol)
{
	const char *slash = protocol.n ? memchr(protocol.p, '/', protocol.n) : NULL;
	return slash ? str_make(protocol.p, (size_t)(slash - protocol.p)) : protocol;
}

/* protocol = name [ "/" version ]; h2c would let a client tunnel past the rules with a server that speaks it. */
static bool upgrade_protocol_is_allowed(struct str protocol)
{
	struct str name = http_upgrade_name(protocol);
	if (!connection_is_token(name) || str_equal_nocase(name, str_of("h2c")))
		return false;
	return name.n == protocol.n || connection_is_token(str_make(name.p + name.n + 1, protocol.n - name.n - 1));
}

struct str head_upgrade_value(const struct http_fields *fields, const struct head_index *index)
{
	const struct str none = {NULL, 0};
	if (!head_has(index, HTTP_FIELD_UPGRADE) || head_has_repeated(index, HTTP_FIELD_UPGRADE))
		return none;
	struct str value = head_first(fields, index, HTTP_FIELD_UPGRADE)->value;
	struct str list = value, protocol;
	while (str_next_element(&list, &protocol))
		if (!upgrade_protocol_is_allowed(protocol))
			return none;
	return value;
}

static bool upgrade_list_holds(struct str list, struct str protocol)
{
	struct str element;
	while (str_next_element(&list, &element))
		if (str_equal_nocase(element, protocol))
			return true;
	return false;
}

bool http_upgrade_matches(struct str asked, struct str given)
{
	struct str protocol;
	if (!asked.n || !given.n)
		return false;
	while (str_next_element(&given, &protocol))
		if (!upgrade_list_holds(asked, protocol))
			return false;
	return true;
}

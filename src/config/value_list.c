/* Values that are lists, and addresses, which stand alone and in lists. What is read replaces what was there. */
#include "config.h"

#include "config/value.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "config/address_syntax.h"

static bool value_is_list(const config_setting_t *s)
{
	return s->type == CONFIG_TYPE_LIST || s->type == CONFIG_TYPE_ARRAY;
}

/* Reads every element with a function of its own; all bad elements are reported. */
struct value_elements {
	size_t size; /* of one element in the array */
	bool (*read)(struct config_reader *r, const struct config_option *o, const config_setting_t *s, void *element);
};

static bool value_read_elements(struct config_reader *r, const struct config_option *o, const config_setting_t *s,
	const struct value_elements *kind, void *field)
{
	if (!value_is_list(s))
		return config_value_mismatch(r, o, s);
	uint32_t count = config_value_length(s);
	char *elements = config_value_alloc(r, count, kind->size);
	if (!elements)
		return false;
	bool ok = true;
	for (uint32_t i = 0; i < count; i++) {
		const config_setting_t *element = config_value_elem(s, i);
		ok &= kind->read(r, o, element, elements + i * kind->size);
	}
	if (ok) {
		memcpy(field, &elements, sizeof(elements));
		memcpy((char *)field + sizeof(elements), &count, sizeof(count));
	}
	return ok;
}

static struct config_array value_array(const void *field)
{
	struct config_array array = {0};
	memcpy(&array.at, field, sizeof(array.at));
	memcpy(&array.count, (const char *)field + sizeof(array.at), sizeof(array.count));
	return array;
}

/* ---- texts and tokens ---- */

static bool value_read_text_element(
	struct config_reader *r, const struct config_option *o, const config_setting_t *s, void *element)
{
	if (s->type != CONFIG_TYPE_STRING)
		return config_value_fail(r, o, s, "each element must be a text in quotes");
	const char *text = config_setting_get_string(s);
	if (!config_value_check_text(r, o, s, text))
		return false;
	if (o->type == CONFIG_TYPE_OF_TOKENS && !config_text_is_token(text))
		return config_value_fail(r, o, s, "each element must be a word such as \"GET\"");
	if (o->type == CONFIG_TYPE_OF_FIELD_NAMES && (!config_text_is_token(text) || *text == '*'))
		return config_value_fail(
			r, o, s, "each element must be the name of a field, such as \"X-User\" or \"X-Auth-*\"");
	if (o->type == CONFIG_TYPE_OF_PROTOCOLS && !config_text_is_token(text))
		return config_value_fail(r, o, s, "each element must be the name of a protocol, such as \"websocket\"");
	if (o->type == CONFIG_TYPE_OF_PROTOCOLS && str_equal_nocase(str_of(text), str_of("h2c")))
		return config_value_fail(r, o, s, "h2c would carry requests past the rules, and is never allowed");
	return config_value_copy(r, text, element);
}

static bool value_read_texts(
	struct config_reader *r, const struct config_option *o, const config_setting_t *s, void *field)
{
	static const struct value_elements kind = {sizeof(const char *), value_read_text_element};
	return value_read_elements(r, o, s, &kind, field);
}

static void value_write_texts(const struct config_option *o, const void *field, struct text *out)
{
	struct config_array array = value_array(field);
	const char *const *texts = array.at;
	text_add_c(out, "[ ");
	for (uint32_t i = 0; i < array.count; i++) {
		text_add_c(out, i ? ", " : "");
		config_write_quoted(out, texts[i]);
	}
	text_add_c(out, array.count ? " ]" : "]");
}

static bool value_read_field_names(
	struct config_reader *r, const struct config_option *o, const config_setting_t *s, void *field)
{
	struct config_field_names names = {.initials = 0};
	if (!value_read_texts(r, o, s, &names.names))
		return false;
	for (uint32_t i = 0; i < names.names.count; i++)
		names.initials |= 1u << (names.names.at[i][0] & 31);
	memcpy(field, &names, sizeof(names));
	return true;
}

/* ---- protocols: true is the one that everybody means ---- */

static const char value_usual_protocol[] = "websocket";

static bool value_read_protocols(
	struct config_reader *r, const struct config_option *o, const config_setting_t *s, void *field)
{
	struct config_strings protocols = {.count = 0};
	if (s->type != CONFIG_TYPE_BOOL)
		return value_read_texts(r, o, s, field);
	if (config_setting_get_bool(s)) {
		protocols.count = 1;
		protocols.at = config_value_alloc(r, 1, sizeof(*protocols.at));
		if (!protocols.at || !config_value_copy(r, value_usual_protocol, protocols.at))
			return false;
	}
	memcpy(field, &protocols, sizeof(protocols));
	return true;
}

static void value_write_protocols(const struct config_option *o, const void *field, struct text *out)
{
	const struct config_strings *protocols = field;
	bool usual = protocols->count == 1 && strcmp(protocols->at[0], value_usual_protocol) == 0;
	if (usual || !protocols->count)
		text_add_c(out, usual ? "true" : "false");
	else
		value_write_texts(o, field, out);
}

/* ---- words: a bit for each ---- */

static bool value_read_words(
	struct config_reader *r, const struct config_option *o, const config_setting_t *s, void *field)
{
	if (!value_is_list(s))
		return config_value_mismatch(r, o, s);
	unsigned bits = 0;
	bool ok = true;
	for (unsigned i = 0; i < config_value_length(s); i++) {
		uint32_t index = 0;
		if (config_value_find_word(r, o, config_value_elem(s, i), &index))
			bits |= 1u << index;
		else
			ok = false;
	}
	if (ok)
		memcpy(field, &bits, sizeof(bits));
	return ok;
}

static void value_write_words(const struct config_option *o, const void *field, struct text *out)
{
	unsigned bits, n = 0;
	struct str word;
	memcpy(&bits, field, sizeof(bits));
	text_add_c(out, "[ ");
	for (uint32_t i = 0; config_word_at(o->words, i, &word); i++)
		if (bits & 1u << i)
			text_format(out, "%s\"%.*s\"", n++ ? ", " : "", (int)word.n, word.p);
	text_add_c(out, n ? " ]" : "]");
}

/* ---- addresses ---- */

static bool value_read_address_element(
	struct config_reader *r, const struct config_option *o, const config_setting_t *s, void *element)
{
	struct config_address *address = element;
	if (s->type != CONFIG_TYPE_STRING)
		return config_value_fail(r, o, s, "an address is a text in quotes, such as \"127.0.0.1:8080\"");
	const char *text = config_setting_get_string(s);
	const char *problem = config_address_problem(text, o->type == CONFIG_TYPE_OF_ADDRESSES);
	if (problem)
		return config_value_fail(r, o, s, "%s", problem);
	address->line = config_value_place(r, s).line;
	address->file = config_value_file(r, s);
	return config_value_copy(r, text, &address->text);
}

static void value_write_address(const struct config_option *o, const void *field, struct text *out)
{
	const struct config_address *address = field;
	config_write_quoted(out, address->text ? address->text : "");
}

static bool value_read_addresses(
	struct config_reader *r, const struct config_option *o, const config_setting_t *s, void *field)
{
	static const struct value_elements kind = {sizeof(struct config_address), value_read_address_element};
	return value_read_elements(r, o, s, &kind, field);
}

static void value_write_addresses(const struct config_option *o, const void *field, struct text *out)
{
	struct config_array array = value_array(field);
	const struct config_address *addresses = array.at;
	text_add_c(out, "[ ");
	for (uint32_t i = 0; i < array.count; i++) {
		text_add_c(out, i ? ", " : "");
		config_write_quoted(out, addresses[i].text);
	}
	text_add_c(out, array.count ? " ]" : "]");
}

/* ---- networks ---- */

static bool value_read_network(
	struct config_reader *r, const struct config_option *o, const config_setting_t *s, void *element)
{
	const char *problem = "a network is a text in quotes, such as \"192.0.2.0/24\"";
	if (s->type == CONFIG_TYPE_STRING)
		problem = config_network_parse(config_setting_get_string(s), element);
	return !problem || config_value_fail(r, o, s, "%s", problem);
}

static bool value_read_networks(
	struct config_reader *r, const struct config_option *o, const config_setting_t *s, void *field)
{
	static const struct value_elements kind = {sizeof(struct config_network), value_read_network};
	return value_read_elements(r, o, s, &kind, field);
}

static void value_write_network(const struct config_network *n, struct text *out)
{
	char host[INET6_ADDRSTRLEN] = "";
	bool is_v4 = IN6_IS_ADDR_V4MAPPED(&n->address) && n->prefix >= 96;
	inet_ntop(is_v4 ? AF_INET : AF_INET6, is_v4 ? &n->address.s6_addr[12] : n->address.s6_addr, host, sizeof(host));
	text_format(out, "\"%s/%u\"", host, n->prefix - (is_v4 ? 96 : 0));
}

static void value_write_networks(const struct config_option *o, const void *field, struct text *out)
{
	struct config_array array = value_array(field);
	const struct config_network *networks = array.at;
	text_add_c(out, "[ ");
	for (uint32_t i = 0; i < array.count; i++) {
		text_add_c(out, i ? ", " : "");
		value_write_network(&networks[i], out);
	}
	text_add_c(out, array.count ? " ]" : "]");
}

/* ---- peers: all, none, or those in some networks ---- */

static bool value_read_peers(
	struct config_reader *r, const struct config_option *o, const config_setting_t *s, void *field)
{
	struct config_peers peers = {.all = s->type == CONFIG_TYPE_BOOL && config_setting_get_bool(s)};
	if (s->type != CONFIG_TYPE_BOOL && !value_read_networks(r, o, s, &peers.networks))
		return false;
	memcpy(field, &peers, sizeof(peers));
	return true;
}

static void value_write_peers(const struct config_option *o, const void *field, struct text *out)
{
	const struct config_peers *peers = field;
	if (peers->all || !peers->networks.count)
		text_add_c(out, peers->all ? "true" : "false");
	else
		value_write_networks(o, &peers->networks, out);
}

/* ---- statuses: "200-399,404", or one as a number ---- */

static bool value_parse_status_range(const struct config_option *o, struct str text, struct config_status_range *out)
{
	const char *dash = text.n ? memchr(text.p, '-', text.n) : NULL;
	size_t n = dash ? (size_t)(dash - text.p) : text.n;
	uint64_t low, high;
	if (!str_to_u64(str_trim(str_make(text.p, n)), o->max, &low))
		return false;
	high = low;
	if (dash && !str_to_u64(str_trim(str_make(dash + 1, text.n - n - 1)), o->max, &high))
		return false;
	*out = (struct config_status_range){(uint16_t)low, (uint16_t)high};
	return low >= o->min && low <= high;
}

static bool value_read_statuses(
	struct config_reader *r, const struct config_option *o, const config_setting_t *s, void *field)
{
	char number[24];
	const char *text = number;
	if (s->type == CONFIG_TYPE_STRING)
		text = config_setting_get_string(s);
	else if (s->type == CONFIG_TYPE_INT || s->type == CONFIG_TYPE_INT64)
		snprintf(number, sizeof(number), "%lld",
			s->type == CONFIG_TYPE_INT ? config_setting_get_int(s) : config_setting_get_int64(s));
	else
		return config_value_mismatch(r, o, s);
	struct config_statuses statuses = {0};
	struct str rest = str_of(text), element;
	bool none = rest.n == 0 && *o->zero;
	for (const char *c = text; *c; c++)
		statuses.count += *c == ',';
	statuses.at = config_value_alloc(r, ++statuses.count, sizeof(*statuses.at));
	if (!statuses.at)
		return false;
	for (uint32_t i = 0; !none && i < statuses.count; i++)
		if (!str_next_element(&rest, &element) || !value_parse_status_range(o, element, &statuses.at[i]))
			return config_value_mismatch(r, o, s);
	statuses.count = none ? 0 : statuses.count;
	memcpy(field, &statuses, sizeof(statuses));
	return true;
}

static void value_write_statuses(const struct config_option *o, const void *field, struct text *out)
{
	const struct config_statuses *statuses = field;
	text_add_char(out, '"');
	for (uint32_t i = 0; i < statuses->count; i++) {
		const struct config_status_range *range = &statuses->at[i];
		text_format(out, "%s%u", i ? "," : "", range->low);
		if (range->high > range->low)
			text_format(out, "-%u", range->high);
	}
	text_add_char(out, '"');
}

const struct config_type_class config_class_texts = {
	"a list of texts, such as [ \"a\", \"b\" ]", value_read_texts, value_write_texts};
const struct config_type_class config_class_tokens = {
	"a list of words, such as [ \"GET\", \"HEAD\" ]", value_read_texts, value_write_texts};
const struct config_type_class config_class_words = {
	"a list of words, such as [ \"connect\", \"503\" ]", value_read_words, value_write_words};
const struct config_type_class config_class_addresses = {
	"a list of addresses, such as [ \"*:8080\", \"[::]:8080\" ]", value_read_addresses, value_write_addresses};
const struct config_type_class config_class_address = {
	"an address, such as \"127.0.0.1:8080\"", value_read_address_element, value_write_address};
const struct config_type_class config_class_networks = {
	"a list of networks, such as [ \"192.0.2.0/24\" ]", value_read_networks, value_write_networks};
const struct config_type_class config_class_field_names = {
	"a list of field names, such as [ \"X-User\", \"X-Auth-*\" ]", value_read_field_names, value_write_texts};
const struct config_type_class config_class_protocols = {
	"true, false or a list of protocols, such as [ \"websocket\" ]", value_read_protocols, value_write_protocols};
const struct config_type_class config_class_peers = {
	"true, false or a list of networks, such as [ \"192.0.2.0/24\" ]", value_read_peers, value_write_peers};
const struct config_type_class config_class_statuses = {
	"statuses from 100 to 599 as a text, such as \"200-399,404\"", value_read_statuses, value_write_statuses};

/* The chain of X-Forwarded-For and Forwarded: any lines. What is found is an address that can be written down, and what
 * a trusted proxy appends decides, whatever stands in front of it. */
#include <stdint.h>
#include <stdlib.h>

#include "config/address_syntax.h"
#include "proxy/client_chain.h"

enum { FIELDS = 8 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_split(const char *text, size_t n, enum http_field_id id, struct http_fields *fields)
{
	for (size_t i = 0, start = 0; i <= n && fields->count < FIELDS - 1; i++)
		if (i == n || text[i] == '\n') {
			fields->at[fields->count++] =
				(struct http_field){.value = str_make(text + start, i - start), .id = id};
			start = i + 1;
		}
}

static void fuzz_read(const struct http_fields *fields, const struct config_networks *trusted)
{
	char text[ADDRESS_TEXT_MAX];
	struct address client;
	if (client_chain_read(fields, CONFIG_CLIENT_FROM_ANY, trusted, &client) &&
		(address_format(&client, text) < strlen("[::]:0") || text[0] == 'u'))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum http_field_id ids[] = {HTTP_FIELD_X_FORWARDED_FOR, HTTP_FIELD_FORWARDED};
	static const char *const last[] = {"192.0.2.7:80", "for=\"192.0.2.7:80\""};
	struct config_network network;
	const struct config_networks trusted = {&network, 1};
	if (config_network_parse("10.0.0.0/8", &network))
		abort();
	/* Memory of exactly this size, so that a sanitizer sees each byte too far. */
	char *text = malloc(size ? size : 1), *whole = malloc(size + 32);
	if (!text || !whole)
		abort();
	if (size)
		memcpy(text, data, size);
	for (size_t i = 0; i < 2; i++) {
		struct http_field at[FIELDS];
		struct http_fields fields = {at, 0, FIELDS};
		fuzz_split(text, size, ids[i], &fields);
		fuzz_read(&fields, &trusted);
		/* On a line of its own, and behind the others on theirs. */
		if (size)
			memcpy(whole, data, size);
		memcpy(whole + size, ", ", 2);
		memcpy(whole + size + 2, last[i], strlen(last[i]));
		struct http_field one = {.value = str_make(whole, size + 2 + strlen(last[i])), .id = ids[i]};
		struct http_fields appended = {&one, 1, 1};
		struct address client;
		if (!client_chain_read(&appended, CONFIG_CLIENT_FROM_ANY, &trusted, &client) ||
			address_port(&client) != 80 || client.as.v4.sin_addr.s_addr != htonl(0xc0000207))
			abort();
	}
	free(text);
	free(whole);
	return 0;
}

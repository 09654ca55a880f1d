#include "net/proxy_header.h"

#include <arpa/inet.h>
#include <stdio.h>

/* Version 1: the longest line, with its CR LF. Version 2: signature, version and command, family and protocol, length;
 * the addresses of IPv4, IPv6 and Unix sockets; type and length of a TLV. */
enum {
	PROXY_LINE_MAX = 107,
	PROXY_FIXED = 16,
	PROXY_SIGNATURE = 12,
	PROXY_V4 = 12,
	PROXY_V6 = 36,
	PROXY_UNIX = 216,
	PROXY_TLV_HEAD = 3,
	PROXY_TLV_CRC32C = 0x03
};

static const char proxy_signature[] = "\r\n\r\n\0\r\nQUIT\n";
static const char proxy_word[] = "PROXY ";

static enum proxy_header_result proxy_header_bad(struct proxy_header *h, const char *fault)
{
	h->fault = fault;
	return PROXY_HEADER_BAD;
}

/* data begins with word, as far as it reaches. */
static bool proxy_begins(const char *data, size_t n, const char *word, size_t word_n)
{
	return memcmp(data, word, n < word_n ? n : word_n) == 0;
}

/* ---- version 1 ---- */

/* Cuts the next word off the line; false when it is empty or not followed as it must be. */
static bool proxy_line_word(struct str *line, struct str *word, bool last)
{
	const char *space = memchr(line->p, ' ', line->n);
	if (last == (space != NULL))
		return false;
	*word = str_make(line->p, space ? (size_t)(space - line->p) : line->n);
	*line = space ? str_make(space + 1, line->n - word->n - 1) : str_make(line->p + line->n, 0);
	return word->n > 0;
}

static bool proxy_line_host(struct str word, int family, struct address *out)
{
	char text[INET6_ADDRSTRLEN];
	if (word.n >= sizeof text || memchr(word.p, '\0', word.n))
		return false;
	memcpy(text, word.p, word.n);
	text[word.n] = '\0';
	out->as.any.sa_family = (sa_family_t)family;
	out->length = family == AF_INET ? sizeof out->as.v4 : sizeof out->as.v6;
	/* Takes no leading zeros, no scope, and no more than the address. */
	return inet_pton(family, text,
		       family == AF_INET ? (void *)&out->as.v4.sin_addr : (void *)&out->as.v6.sin6_addr) == 1;
}

static bool proxy_line_port(struct str word, struct address *out)
{
	uint64_t port;
	if ((word.n > 1 && word.p[0] == '0') || !str_to_u64(word, UINT16_MAX, &port))
		return false;
	address_set_port(out, (uint16_t)port);
	return true;
}

static enum proxy_header_result proxy_line_addresses(struct proxy_header *h, struct str line, int family)
{
	struct str source, destination, source_port, destination_port;
	if (!proxy_line_word(&line, &source, false) || !proxy_line_word(&line, &destination, false) ||
		!proxy_line_word(&line, &source_port, false) || !proxy_line_word(&line, &destination_port, true))
		return proxy_header_bad(h, "bad_line");
	if (!proxy_line_host(source, family, &h->source) || !proxy_line_host(destination, family, &h->destination))
		return proxy_header_bad(h, "bad_address");
	if (!proxy_line_port(source_port, &h->source) || !proxy_line_port(destination_port, &h->destination))
		return proxy_header_bad(h, "bad_port");
	return PROXY_HEADER_COMPLETE;
}

static enum proxy_header_result proxy_header_read_line(struct proxy_header *h, const char *data, size_t n)
{
	const char *end = memchr(data, '\n', n < PROXY_LINE_MAX ? n : PROXY_LINE_MAX);
	if (!end)
		return n < PROXY_LINE_MAX ? PROXY_HEADER_MORE : proxy_header_bad(h, "line_too_long");
	h->size = (size_t)(end - data) + 1;
	size_t length = h->size - 1;
	if (data[length - 1] != '\r' || memchr(data, '\r', length - 1))
		return proxy_header_bad(h, "bad_line_end");
	struct str line = str_make(data + sizeof proxy_word - 1, length - 1 - (sizeof proxy_word - 1));
	/* What stands behind UNKNOWN means nothing. */
	if (str_equal(line, str_of("UNKNOWN")) || str_starts_with(line, str_of("UNKNOWN ")))
		return PROXY_HEADER_COMPLETE;
	int family = str_starts_with(line, str_of("TCP4 "))   ? AF_INET
		     : str_starts_with(line, str_of("TCP6 ")) ? AF_INET6
							      : AF_UNSPEC;
	if (family == AF_UNSPEC)
		return proxy_header_bad(h, "bad_family");
	return proxy_line_addresses(h, str_make(line.p + 5, line.n - 5), family);
}

/* ---- version 2 ---- */

static uint16_t proxy_u16(const unsigned char *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

/* CRC-32C (RFC 3720 12.1) bit by bit: once for a connection, and only when its header carries one. */
static uint32_t proxy_crc32c(uint32_t crc, const unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		crc ^= p[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);
	}
	return crc;
}

/* Over the whole header, in which the sum itself counts as zeros. */
static bool proxy_sum_is_right(const unsigned char *header, size_t size, size_t at)
{
	static const unsigned char zeros[4];
	uint32_t told = (uint32_t)proxy_u16(header + at) << 16 | proxy_u16(header + at + 2);
	uint32_t crc = proxy_crc32c(UINT32_MAX, header, at);
	crc = proxy_crc32c(crc, zeros, sizeof zeros);
	crc = proxy_crc32c(crc, header + at + 4, size - at - 4);
	return ~crc == told;
}

/* Skips the TLVs that stand from at to the end: nothing but the checksum is of use here. */
static enum proxy_header_result proxy_header_skip_tlvs(struct proxy_header *h, const unsigned char *header, size_t at)
{
	bool summed = false;
	while (at < h->size) {
		if (h->size - at < PROXY_TLV_HEAD || h->size - at - PROXY_TLV_HEAD < proxy_u16(header + at + 1))
			return proxy_header_bad(h, "bad_tlv");
		size_t length = proxy_u16(header + at + 1), value = at + PROXY_TLV_HEAD;
		if (header[at] == PROXY_TLV_CRC32C) {
			/* A second one could not be right together with the first. */
			if (summed || length != 4 || !proxy_sum_is_right(header, h->size, value))
				return proxy_header_bad(h, "bad_checksum");
			summed = true;
		}
		at = value + length;
	}
	return PROXY_HEADER_COMPLETE;
}

static struct address proxy_binary_v4(const unsigned char *host, const unsigned char *port)
{
	struct address a = {.length = sizeof a.as.v4};
	a.as.v4.sin_family = AF_INET;
	memcpy(&a.as.v4.sin_addr, host, sizeof a.as.v4.sin_addr);
	memcpy(&a.as.v4.sin_port, port, sizeof a.as.v4.sin_port);
	return a;
}

static struct address proxy_binary_v6(const unsigned char *host, const unsigned char *port)
{
	struct address a = {.length = sizeof a.as.v6};
	a.as.v6.sin6_family = AF_INET6;
	memcpy(&a.as.v6.sin6_addr, host, sizeof a.as.v6.sin6_addr);
	memcpy(&a.as.v6.sin6_port, port, sizeof a.as.v6.sin6_port);
	return a;
}

static size_t proxy_binary_length(unsigned family)
{
	return family == 1 ? PROXY_V4 : family == 2 ? PROXY_V6 : PROXY_UNIX;
}

static void proxy_binary_addresses(struct proxy_header *h, const unsigned char *at, unsigned family)
{
	if (family == 1) {
		h->source = proxy_binary_v4(at, at + 8);
		h->destination = proxy_binary_v4(at + 4, at + 10);
	} else if (family == 2) {
		h->source = proxy_binary_v6(at, at + 32);
		h->destination = proxy_binary_v6(at + 16, at + 34);
	} else {
		h->source.length = h->destination.length = sizeof h->source.as.any.sa_family;
		h->source.as.any.sa_family = h->destination.as.any.sa_family = AF_UNIX;
	}
}

static enum proxy_header_result proxy_header_read_binary(struct proxy_header *h, const char *data, size_t n)
{
	const unsigned char *header = (const unsigned char *)data;
	/* Each byte is judged as soon as it is here. */
	if (n > 12 && header[12] >> 4 != 2)
		return proxy_header_bad(h, "bad_version");
	if (n > 12 && (header[12] & 15) > 1)
		return proxy_header_bad(h, "bad_command");
	if (n < PROXY_FIXED)
		return PROXY_HEADER_MORE;
	bool local = (header[12] & 15) == 0;
	unsigned family = header[13] >> 4, protocol = header[13] & 15;
	size_t length = proxy_u16(header + 14);
	/* A datagram does not come through a connection. */
	if (!local && (family > 3 || protocol > 1))
		return proxy_header_bad(h, "bad_family");
	bool silent = local || family == 0 || protocol == 0;
	if (PROXY_FIXED + length > PROXY_HEADER_MAX)
		return proxy_header_bad(h, "too_long");
	if (!silent && length < proxy_binary_length(family))
		return proxy_header_bad(h, "bad_length");
	if (n < PROXY_FIXED + length)
		return PROXY_HEADER_MORE;
	h->size = PROXY_FIXED + length;
	if (silent)
		return PROXY_HEADER_COMPLETE;
	proxy_binary_addresses(h, header + PROXY_FIXED, family);
	return proxy_header_skip_tlvs(h, header, PROXY_FIXED + proxy_binary_length(family));
}

enum proxy_header_result proxy_header_read(struct proxy_header *h, const char *data, size_t n)
{
	memset(h, 0, sizeof *h);
	if (!n)
		return PROXY_HEADER_MORE;
	if (proxy_begins(data, n, proxy_word, sizeof proxy_word - 1))
		return n < sizeof proxy_word - 1 ? PROXY_HEADER_MORE : proxy_header_read_line(h, data, n);
	if (proxy_begins(data, n, proxy_signature, PROXY_SIGNATURE))
		return n < PROXY_SIGNATURE ? PROXY_HEADER_MORE : proxy_header_read_binary(h, data, n);
	return proxy_header_bad(h, "no_proxy_header");
}

/* ---- writing ---- */

static bool proxy_is_internet(const struct address *a)
{
	return a && a->length && (a->as.any.sa_family == AF_INET || a->as.any.sa_family == AF_INET6);
}

static size_t proxy_header_write_line(char *out, const struct address *source, const struct address *destination)
{
	char from[ADDRESS_TEXT_MAX], to[ADDRESS_TEXT_MAX];
	struct in6_addr from6, to6;
	const char *family = "TCP4";
	if (!proxy_is_internet(source) || !proxy_is_internet(destination))
		return (size_t)snprintf(out, PROXY_HEADER_WRITE_MAX, "PROXY UNKNOWN\r\n");
	bool mixed = source->as.any.sa_family != destination->as.any.sa_family;
	if (!mixed) {
		address_format_host(source, from);
		address_format_host(destination, to);
	} else if (address_to_in6(source, &from6) && address_to_in6(destination, &to6)) {
		inet_ntop(AF_INET6, &from6, from, sizeof from);
		inet_ntop(AF_INET6, &to6, to, sizeof to);
	}
	if (mixed || source->as.any.sa_family == AF_INET6)
		family = "TCP6";
	return (size_t)snprintf(out, PROXY_HEADER_WRITE_MAX, "PROXY %s %s %s %u %u\r\n", family, from, to,
		(unsigned)address_port(source), (unsigned)address_port(destination));
}

static size_t proxy_header_write_binary(char *out, const struct address *source, const struct address *destination)
{
	unsigned char *at = (unsigned char *)out;
	size_t length = 0;
	memcpy(at, proxy_signature, PROXY_SIGNATURE);
	at[12] = source ? 0x21 : 0x20;
	at[13] = 0;
	if (proxy_is_internet(source) && proxy_is_internet(destination)) {
		bool v4 = source->as.any.sa_family == AF_INET && destination->as.any.sa_family == AF_INET;
		uint16_t ports[2] = {htons(address_port(source)), htons(address_port(destination))};
		struct in6_addr hosts[2];
		if (v4) {
			memcpy(at + PROXY_FIXED, &source->as.v4.sin_addr, 4);
			memcpy(at + PROXY_FIXED + 4, &destination->as.v4.sin_addr, 4);
		} else if (address_to_in6(source, &hosts[0]) && address_to_in6(destination, &hosts[1])) {
			memcpy(at + PROXY_FIXED, hosts, sizeof hosts);
		}
		at[13] = v4 ? 0x11 : 0x21;
		length = v4 ? PROXY_V4 : PROXY_V6;
		memcpy(at + PROXY_FIXED + length - sizeof ports, ports, sizeof ports);
	}
	at[14] = 0;
	at[15] = (unsigned char)length;
	return PROXY_FIXED + length;
}

size_t proxy_header_write(char *out, unsigned version, const struct address *source, const struct address *destination)
{
	return version == 1 ? proxy_header_write_line(out, source, destination)
			    : proxy_header_write_binary(out, source, destination);
}

#include "net/proxy_header.h"

#include <criterion/criterion.h>

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define V4        "\x0a\0\0\x01\x0a\0\0\x02\x04\0\x01\xbb"
#define V6        "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02\x04\0\x01\xbb"
#define BYTES(s)  s, sizeof s - 1

struct case_of_header {
	const char *bytes;
	size_t n;
	enum proxy_header_result result;
	size_t size;                      /* of COMPLETE */
	const char *source, *destination; /* of COMPLETE; "" when the header says nothing */
	const char *fault;                /* of BAD */
};

static const struct case_of_header cases[] = {
	/* version 1 */
	{BYTES("PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\nGET"), PROXY_HEADER_COMPLETE, 45, "192.0.2.1:56324",
		"198.51.100.2:443", NULL},
	{BYTES("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n"), PROXY_HEADER_COMPLETE, 56,
		"255.255.255.255:65535", "255.255.255.255:65535", NULL},
	{BYTES("PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n"), PROXY_HEADER_COMPLETE, 32, "0.0.0.0:0", "0.0.0.0:0", NULL},
	{BYTES("PROXY TCP6 2001:DB8::1 ::1 1 2\r\n"), PROXY_HEADER_COMPLETE, 32, "[2001:db8::1]:1", "[::1]:2", NULL},
	{BYTES("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe 65535 65534"
	       "\r\n"),
		PROXY_HEADER_COMPLETE, 104, "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535",
		"[ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe]:65534", NULL},
	{BYTES("PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n"), PROXY_HEADER_COMPLETE, 37, "[::ffff:192.0.2.1]:1", "[::1]:2",
		NULL},
	{BYTES("PROXY UNKNOWN\r\n"), PROXY_HEADER_COMPLETE, 15, "", "", NULL},
	{BYTES("PROXY UNKNOWN any thing \xff at all\r\n\r\n"), PROXY_HEADER_COMPLETE, 34, "", "", NULL},
	{BYTES("P"), PROXY_HEADER_MORE, 0, NULL, NULL, NULL},
	{BYTES(""), PROXY_HEADER_MORE, 0, NULL, NULL, NULL},
	{BYTES("PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r"), PROXY_HEADER_MORE, 0, NULL, NULL, NULL},
	{BYTES("GET / HTTP/1.1\r\n"), PROXY_HEADER_BAD, 0, NULL, NULL, "no_proxy_header"},
	{BYTES("PROX "), PROXY_HEADER_BAD, 0, NULL, NULL, "no_proxy_header"},
	{BYTES("proxy TCP4 1.1.1.1 2.2.2.2 1 2\r\n"), PROXY_HEADER_BAD, 0, NULL, NULL, "no_proxy_header"},
	{BYTES(" PROXY UNKNOWN\r\n"), PROXY_HEADER_BAD, 0, NULL, NULL, "no_proxy_header"},
	{BYTES("PROXY\r\n"), PROXY_HEADER_BAD, 0, NULL, NULL, "no_proxy_header"},
	{BYTES("PROXY \r\n"), PROXY_HEADER_BAD, 0, NULL, NULL, "bad_family"},
	{BYTES("PROXY UNKNOWNS\r\n"), PROXY_HEADER_BAD, 0, NULL, NULL, "bad_family"},
	{BYTES("PROXY UDP4 1.1.1.1 2.2.2.2 1 2\r\n"), PROXY_HEADER_BAD, 0, NULL, NULL, "bad_family"},
	{BYTES("PROXY tcp4 1.1.1.1 2.2.2.2 1 2\r\n"), PROXY_HEADER_BAD, 0, NULL, NULL, "bad_family"},
	{BYTES("PROXY TCP4\r\n"), PROXY_HEADER_BAD, 0, NULL, NULL, "bad_family"},
	{BYTES("PROXY  TCP4 1.1.1.1 2.2.2.2 1 2\r\n"), PROXY_HEADER_BAD, 0, NULL, NULL, "bad_family"},
	{BYTES("PROXY TCP4 1.1.1.1 2.2.2.2 1 2\n"), PROXY_HEADER_BAD, 0, NULL, NULL, "bad_line_end"},
	{BYTES("PROXY TCP4 1.1.1.1 2.2.2.2\r 1 2\r\n"), PROXY_HEADER_BAD, 0, NULL, NULL, "bad_line_end"},
	{BYTES("PROXY UNKNOWN \r \r\n"), PROXY_HEADER_BAD, 0, NULL, NULL, "bad_line_end"},
	{BYTES("PROXY \n"), PROXY_HEADER_BAD, 0, NULL, NULL, "bad_line_end"},
	{BYTES("PROXY TCP4 1.1.1.1 2.2.2.2 1\r\n"), PROXY_HEADER_BAD, 0, NULL, NULL, "bad_line"},
	{BYTES("PROXY TCP4 1.1.1.1 2.2.2.2 1 2 3\r\n"), PROXY_HEADER_BAD, 0, NULL, NULL, "bad_line"},
	{BYTES("PROXY TCP4 1.1.1.1 2.2.2.2 1 2 \r\n"), PROXY_HEADER_BAD, 0, NULL, NULL, "bad_line"},
	{BYTES("PROXY TCP4 1.1.1.1  2.2.2.2 1 2\r\n"), PROXY_HEADER_BAD, 0, NULL, NULL, "bad_line"},
	{BYTES("PROXY TCP4 1.1.1.01 2.2.2.2 1 2\r\n"), PROXY_HEADER_BAD, 0, NULL, NULL, "bad_address"},
	{BYTES("PROXY TCP4 1.1.1.256 2.2.2.2 1 2\r\n"), PROXY_HEADER_BAD, 0, NULL, NULL, "bad_address"},
	{BYTES("PROXY TCP4 1.1.1 2.2.2.2 1 2\r\n"), PROXY_HEADER_BAD, 0, NULL, NULL, "bad_address"},
	{BYTES("PROXY TCP4 ::1 2.2.2.2 1 2\r\n"), PROXY_HEADER_BAD, 0, NULL, NULL, "bad_address"},
	{BYTES("PROXY TCP6 1.1.1.1 ::1 1 2\r\n"), PROXY_HEADER_BAD, 0, NULL, NULL, "bad_address"},
	{BYTES("PROXY TCP6 ::1%lo ::1 1 2\r\n"), PROXY_HEADER_BAD, 0, NULL, NULL, "bad_address"},
	{BYTES("PROXY TCP6 ::1::1 ::1 1 2\r\n"), PROXY_HEADER_BAD, 0, NULL, NULL, "bad_address"},
	{BYTES("PROXY TCP4 1.1.1.1\0 2.2.2.2 1 2\r\n"), PROXY_HEADER_BAD, 0, NULL, NULL, "bad_address"},
	{BYTES("PROXY TCP4 1.1.1.1 2.2.2.2 01 2\r\n"), PROXY_HEADER_BAD, 0, NULL, NULL, "bad_port"},
	{BYTES("PROXY TCP4 1.1.1.1 2.2.2.2 1 65536\r\n"), PROXY_HEADER_BAD, 0, NULL, NULL, "bad_port"},
	{BYTES("PROXY TCP4 1.1.1.1 2.2.2.2 +1 2\r\n"), PROXY_HEADER_BAD, 0, NULL, NULL, "bad_port"},
	{BYTES("PROXY TCP4 1.1.1.1 2.2.2.2 -1 2\r\n"), PROXY_HEADER_BAD, 0, NULL, NULL, "bad_port"},
	{BYTES("PROXY UNKNOWN 1234567890123456789012345678901234567890123456789012345678901234567890123456789012345678"
	       "9012345\r\n"),
		PROXY_HEADER_BAD, 0, NULL, NULL, "line_too_long"},
	/* version 2 */
	{BYTES(SIGNATURE "\x21\x11\0\x0c" V4 "GET"), PROXY_HEADER_COMPLETE, 28, "10.0.0.1:1024", "10.0.0.2:443", NULL},
	{BYTES(SIGNATURE "\x21\x21\0\x24" V6), PROXY_HEADER_COMPLETE, 52, "[2001:db8::1]:1024", "[2001:db8::2]:443",
		NULL},
	{BYTES(SIGNATURE "\x20\0\0\0"), PROXY_HEADER_COMPLETE, 16, "", "", NULL},
	{BYTES(SIGNATURE "\x20\x11\0\x0c" V4), PROXY_HEADER_COMPLETE, 28, "", "", NULL},
	{BYTES(SIGNATURE "\x20\xff\0\x02xx"), PROXY_HEADER_COMPLETE, 18, "", "", NULL},
	{BYTES(SIGNATURE "\x21\0\0\0"), PROXY_HEADER_COMPLETE, 16, "", "", NULL},
	{BYTES(SIGNATURE "\x21\0\0\x03xxx"), PROXY_HEADER_COMPLETE, 19, "", "", NULL},
	{BYTES(SIGNATURE "\x21\x10\0\x0c" V4), PROXY_HEADER_COMPLETE, 28, "", "", NULL},
	{BYTES(SIGNATURE "\x21\x11\0\x13" V4 "\x04\0\x04pads"), PROXY_HEADER_COMPLETE, 35, "10.0.0.1:1024",
		"10.0.0.2:443", NULL},
	{BYTES(SIGNATURE "\x21\x11\0\x12" V4 "\x04\0\0\xe0\0\0"), PROXY_HEADER_COMPLETE, 34, "10.0.0.1:1024",
		"10.0.0.2:443", NULL},
	{BYTES(SIGNATURE), PROXY_HEADER_MORE, 0, NULL, NULL, NULL},
	{BYTES(SIGNATURE "\x21\x11\0\x0c" V4), PROXY_HEADER_COMPLETE, 28, "10.0.0.1:1024", "10.0.0.2:443", NULL},
	{BYTES(SIGNATURE "\x21\x11\0\x0c"), PROXY_HEADER_MORE, 0, NULL, NULL, NULL},
	{BYTES("\r\n\r\n\0\r\nQUIT\r"), PROXY_HEADER_BAD, 0, NULL, NULL, "no_proxy_header"},
	{BYTES("\r\n\r\nGET / HTTP/1.1"), PROXY_HEADER_BAD, 0, NULL, NULL, "no_proxy_header"},
	{BYTES(SIGNATURE "\x11"), PROXY_HEADER_BAD, 0, NULL, NULL, "bad_version"},
	{BYTES(SIGNATURE "\x31"), PROXY_HEADER_BAD, 0, NULL, NULL, "bad_version"},
	{BYTES(SIGNATURE "\x22"), PROXY_HEADER_BAD, 0, NULL, NULL, "bad_command"},
	{BYTES(SIGNATURE "\x2f"), PROXY_HEADER_BAD, 0, NULL, NULL, "bad_command"},
	{BYTES(SIGNATURE "\x21\x41\0\x0c" V4), PROXY_HEADER_BAD, 0, NULL, NULL, "bad_family"},
	{BYTES(SIGNATURE "\x21\x12\0\x0c" V4), PROXY_HEADER_BAD, 0, NULL, NULL, "bad_family"},
	{BYTES(SIGNATURE "\x21\x13\0\x0c" V4), PROXY_HEADER_BAD, 0, NULL, NULL, "bad_family"},
	{BYTES(SIGNATURE "\x21\x11\0\x0b" V4), PROXY_HEADER_BAD, 0, NULL, NULL, "bad_length"},
	{BYTES(SIGNATURE "\x21\x21\0\x0c" V4), PROXY_HEADER_BAD, 0, NULL, NULL, "bad_length"},
	{BYTES(SIGNATURE "\x21\x31\0\x24" V6), PROXY_HEADER_BAD, 0, NULL, NULL, "bad_length"},
	{BYTES(SIGNATURE "\x21\x11\x0f\xf1"), PROXY_HEADER_BAD, 0, NULL, NULL, "too_long"},
	{BYTES(SIGNATURE "\x20\0\xff\xff"), PROXY_HEADER_BAD, 0, NULL, NULL, "too_long"},
	{BYTES(SIGNATURE "\x21\x11\x0f\xf0"), PROXY_HEADER_MORE, 0, NULL, NULL, NULL},
	{BYTES(SIGNATURE "\x21\x11\0\x0d" V4 "\x04"), PROXY_HEADER_BAD, 0, NULL, NULL, "bad_tlv"},
	{BYTES(SIGNATURE "\x21\x11\0\x10" V4 "\x04\0\x02x"), PROXY_HEADER_BAD, 0, NULL, NULL, "bad_tlv"},
	{BYTES(SIGNATURE "\x21\x11\0\x13" V4 "\x03\0\x04\x01\x02\x03\x04"), PROXY_HEADER_BAD, 0, NULL, NULL,
		"bad_checksum"},
	{BYTES(SIGNATURE "\x21\x11\0\x12" V4 "\x03\0\x03\x01\x02\x03"), PROXY_HEADER_BAD, 0, NULL, NULL,
		"bad_checksum"},
};

static void expect_address(const struct address *a, const char *text, size_t i)
{
	char seen[ADDRESS_TEXT_MAX] = "";
	if (a->length)
		address_format(a, seen);
	cr_expect_str_eq(seen, text, "case %zu", i);
}

Test(proxy_header, cases)
{
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct case_of_header *c = &cases[i];
		struct proxy_header h;
		enum proxy_header_result result = proxy_header_read(&h, c->bytes, c->n);
		cr_expect_eq(result, c->result, "case %zu: %d, %s", i, result, h.fault ? h.fault : "");
		if (result == PROXY_HEADER_COMPLETE && c->result == result) {
			cr_expect_eq(h.size, c->size, "case %zu: %zu", i, h.size);
			expect_address(&h.source, c->source, i);
			expect_address(&h.destination, c->destination, i);
		}
		if (result == PROXY_HEADER_BAD && c->result == result)
			cr_expect_str_eq(h.fault, c->fault, "case %zu", i);
	}
}

/* Whatever is judged whole must not have been judged otherwise when less of it was here. */
Test(proxy_header, fragments_change_nothing)
{
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct case_of_header *c = &cases[i];
		struct proxy_header h;
		for (size_t n = 0; n < c->n; n++) {
			enum proxy_header_result result = proxy_header_read(&h, c->bytes, n);
			if (result == PROXY_HEADER_MORE)
				continue;
			cr_expect_eq(result, c->result, "case %zu at %zu", i, n);
			if (result == PROXY_HEADER_COMPLETE)
				cr_expect(n >= h.size && h.size == c->size, "case %zu at %zu", i, n);
		}
	}
}

static struct address address_at(const char *text)
{
	struct address a;
	char error[128];
	cr_assert(address_parse(&a, text, error, sizeof error), "%s", error);
	return a;
}

Test(proxy_header, unix_sockets_keep_their_family)
{
	char bytes[16 + 216] = SIGNATURE "\x21\x31\0\xd8";
	struct proxy_header h;
	cr_assert_eq(proxy_header_read(&h, bytes, sizeof bytes), PROXY_HEADER_COMPLETE);
	cr_expect_eq(h.size, sizeof bytes);
	cr_expect(h.source.length && h.source.as.any.sa_family == AF_UNIX);
	cr_expect(h.destination.length && h.destination.as.any.sa_family == AF_UNIX);
}

/* The sum is made bit by bit here, by the definition. */
Test(proxy_header, checksum_is_verified)
{
	char bytes[] = SIGNATURE "\x21\x11\0\x13" V4 "\x03\0\x04\0\0\0";
	struct proxy_header h;
	uint32_t crc = UINT32_MAX;
	for (size_t i = 0; i < sizeof bytes; i++)
		for (int bit = 0; bit < 8; bit++) {
			uint32_t in = ((unsigned char)bytes[i] >> bit & 1) ^ (crc & 1);
			crc = in ? crc >> 1 ^ 0x82f63b78u : crc >> 1;
		}
	crc = ~crc;
	for (int i = 0; i < 4; i++)
		bytes[31 + i] = (char)(crc >> (24 - 8 * i));
	cr_assert_eq(proxy_header_read(&h, bytes, sizeof bytes), PROXY_HEADER_COMPLETE);
	for (size_t i = 16; i < sizeof bytes; i++) {
		if (i == 28)
			continue; /* the type: without it there is no sum */
		bytes[i] ^= 1;
		cr_expect_eq(proxy_header_read(&h, bytes, sizeof bytes), PROXY_HEADER_BAD, "%zu", i);
		bytes[i] ^= 1;
	}
}

Test(proxy_header, what_is_written_is_read_back)
{
	static const struct {
		unsigned version;
		const char *source, *destination, *read_source, *read_destination;
	} writes[] = {
		{1, "192.0.2.1:1", "192.0.2.2:65535", "192.0.2.1:1", "192.0.2.2:65535"},
		{2, "192.0.2.1:1", "192.0.2.2:65535", "192.0.2.1:1", "192.0.2.2:65535"},
		{1, "[2001:db8::1]:1", "[::1]:2", "[2001:db8::1]:1", "[::1]:2"},
		{2, "[2001:db8::1]:1", "[::1]:2", "[2001:db8::1]:1", "[::1]:2"},
		{1, "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535",
			"[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535",
			"[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535",
			"[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535"},
		{1, "192.0.2.1:1", "[::1]:2", "[::ffff:192.0.2.1]:1", "[::1]:2"},
		{2, "[::1]:2", "192.0.2.1:1", "[::1]:2", "[::ffff:192.0.2.1]:1"},
		{1, "unix:/a", "192.0.2.1:1", "", ""},
		{2, "unix:/a", "unix:/b", "", ""},
	};
	for (size_t i = 0; i < sizeof writes / sizeof writes[0]; i++) {
		struct address source = address_at(writes[i].source), destination = address_at(writes[i].destination);
		char out[PROXY_HEADER_WRITE_MAX];
		size_t n = proxy_header_write(out, writes[i].version, &source, &destination);
		struct proxy_header h;
		cr_assert_eq(proxy_header_read(&h, out, n), PROXY_HEADER_COMPLETE, "case %zu: %s", i, h.fault);
		cr_expect_eq(h.size, n);
		expect_address(&h.source, writes[i].read_source, i);
		expect_address(&h.destination, writes[i].read_destination, i);
	}
	char out[PROXY_HEADER_WRITE_MAX];
	cr_expect_eq(proxy_header_write(out, 1, NULL, NULL), 15u);
	cr_expect_arr_eq(out, "PROXY UNKNOWN\r\n", 15);
	cr_expect_eq(proxy_header_write(out, 2, NULL, NULL), 16u);
	cr_expect_arr_eq(out, SIGNATURE "\x20\0\0\0", 16);
}

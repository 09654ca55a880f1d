#include "http/trace_context.h"

#include "http/bytes.h"

static bool trace_byte_is_hex(char c)
{
	return http_byte_is_digit(c) || (c >= 'a' && c <= 'f');
}

/* Lower case hexadecimal digits only; any: one of them is not 0. */
static bool trace_part_is_hex(struct str part, bool *any)
{
	*any = false;
	for (size_t i = 0; i < part.n; i++) {
		if (!trace_byte_is_hex(part.p[i]))
			return false;
		*any |= part.p[i] != '0';
	}
	return true;
}

bool trace_parent_is_valid(struct str value)
{
	static const struct {
		size_t at, n;
		bool not_zero;
	} parts[] = {{0, 2, false}, {3, 32, true}, {36, 16, true}, {53, 2, false}};
	if (value.n < TRACE_PARENT_LENGTH || value.n > TRACE_PARENT_MAX)
		return false;
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		bool any;
		if (!trace_part_is_hex(str_make(value.p + parts[i].at, parts[i].n), &any) ||
			(parts[i].not_zero && !any))
			return false;
		if (parts[i].at && value.p[parts[i].at - 1] != '-')
			return false;
	}
	if (memcmp(value.p, "ff", 2) == 0)
		return false;
	if (value.n == TRACE_PARENT_LENGTH)
		return true;
	/* Later versions may add to it. */
	for (size_t i = TRACE_PARENT_LENGTH; i < value.n; i++)
		if (value.p[i] <= ' ' || value.p[i] > '~')
			return false;
	return memcmp(value.p, "00", 2) != 0 && value.p[TRACE_PARENT_LENGTH] == '-';
}

static char *trace_write_hex(char *at, uint64_t value)
{
	for (int shift = 60; shift >= 0; shift -= 4)
		*at++ = "0123456789abcdef"[value >> shift & 15];
	return at;
}

void trace_parent_write(char *out, const uint64_t random[3])
{
	memcpy(out, "00-", 3);
	/* All zeros would be no identity. */
	trace_write_hex(trace_write_hex(out + 3, random[0]), random[1] | 1);
	out[35] = '-';
	trace_write_hex(out + 36, random[2] | 1);
	memcpy(out + 52, "-01", 3);
}

bool request_id_is_valid(struct str value)
{
	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i];
		bool letter = (str_lower((unsigned char)c) >= 'a' && str_lower((unsigned char)c) <= 'z');
		if (!letter && !http_byte_is_digit(c) && (!c || !strchr("-._~:/+=@", c)))
			return false;
	}
	return value.n > 0 && value.n <= REQUEST_ID_MAX;
}

void request_id_write(char *out, const uint64_t random[2])
{
	char hex[32];
	uint64_t high = (random[0] & ~UINT64_C(0xf000)) | 0x4000;
	uint64_t low = (random[1] & ~(UINT64_C(3) << 62)) | UINT64_C(1) << 63;
	trace_write_hex(trace_write_hex(hex, high), low);
	for (size_t i = 0; i < sizeof hex; i++) {
		if (i == 8 || i == 12 || i == 16 || i == 20)
			*out++ = '-';
		*out++ = hex[i];
	}
}

/* The knobs of the demo server: one row each in origin_knobs.def, everything here loops over the rows. */
#include "config.h"

#include "origin_knobs.h"

#include <stdio.h>
#include <string.h>

struct knob_row {
	const char *name;
	size_t len;
	size_t offset;
	long preset;
	const char *help;
};

static const struct knob_row knob_rows[] = {
#define KNOB(name, preset, help) {#name, sizeof #name - 1, offsetof(struct knobs, name), preset, help},
#include "origin_knobs.def"
#undef KNOB
};

enum { KNOB_COUNT = sizeof knob_rows / sizeof knob_rows[0] };

static long *knob_at(struct knobs *knobs, const struct knob_row *row)
{
	return (long *)(void *)((char *)knobs + row->offset);
}

void knobs_init(struct knobs *knobs)
{
	for (int i = 0; i < KNOB_COUNT; i++)
		*knob_at(knobs, &knob_rows[i]) = knob_rows[i].preset;
}

static bool knob_number(const char *text, size_t len, long *out)
{
	bool minus = len > 0 && text[0] == '-';
	size_t at = minus ? 1 : 0;
	long value = 0;
	if (at == len || len - at > 15)
		return false;
	for (; at < len; at++) {
		if (text[at] < '0' || text[at] > '9')
			return false;
		value = value * 10 + (text[at] - '0');
	}
	*out = minus ? -value : value;
	return true;
}

bool knobs_set(struct knobs *knobs, const char *text, size_t len)
{
	const char *equals = memchr(text, '=', len);
	if (equals == NULL)
		return false;
	size_t name = (size_t)(equals - text);
	for (int i = 0; i < KNOB_COUNT; i++) {
		const struct knob_row *row = &knob_rows[i];
		if (row->len == name && memcmp(row->name, text, name) == 0)
			return knob_number(equals + 1, len - name - 1, knob_at(knobs, row));
	}
	return false;
}

int knobs_set_query(struct knobs *knobs, const char *query, size_t len)
{
	int taken = 0;
	while (len > 0) {
		const char *end = memchr(query, '&', len);
		size_t part = end != NULL ? (size_t)(end - query) : len;
		taken += knobs_set(knobs, query, part);
		part += end != NULL;
		query += part;
		len -= part;
	}
	return taken;
}

size_t knobs_print(const struct knobs *knobs, char *out, size_t size)
{
	size_t at = 0;
	for (int i = 0; i < KNOB_COUNT && at < size; i++) {
		long value;
		memcpy(&value, (const char *)knobs + knob_rows[i].offset, sizeof value);
		at += (size_t)snprintf(
			out + at, size - at, "%s\"%s\":%ld", i == 0 ? "{" : ",", knob_rows[i].name, value);
	}
	if (at + 3 > size)
		return 0;
	memcpy(out + at, "}\n", 3);
	return at + 2;
}

void knobs_help(void)
{
	for (int i = 0; i < KNOB_COUNT; i++)
		printf("  %-13s %5ld  %s\n", knob_rows[i].name, knob_rows[i].preset, knob_rows[i].help);
}

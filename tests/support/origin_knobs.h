/* What the demo server does with a request, as numbers that the command line, a query or /_set may change. */
#ifndef ORIGIN_KNOBS_H
#define ORIGIN_KNOBS_H

#include <stdbool.h>
#include <stddef.h>

struct knobs {
#define KNOB(name, preset, help) long name;
#include "origin_knobs.def"
#undef KNOB
};

void knobs_init(struct knobs *knobs);

/* Reads NAME=VALUE; false if there is no such knob or the value is not a number. */
bool knobs_set(struct knobs *knobs, const char *text, size_t len);

/* Reads NAME=VALUE&NAME=VALUE; names that are no knobs are left to others. Returns how many were taken. */
int knobs_set_query(struct knobs *knobs, const char *query, size_t len);

/* Writes the knobs as a JSON object; returns its length, always below size. */
size_t knobs_print(const struct knobs *knobs, char *out, size_t size);

void knobs_help(void);

#endif

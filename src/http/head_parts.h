/* The parts of the head parser that requests and responses share; private to src/http. Pure. */
#ifndef LBD_HTTP_HEAD_PARTS_H
#define LBD_HTTP_HEAD_PARTS_H

#include "http/message.h"

/* Which of the known fields stand in a head, noted while the lines are read, so that what comes after looks only at
 * those that matter. */
struct head_index {
	uint64_t seen, repeated;          /* a bit for each enum http_field_id */
	bool underscores;                 /* in some name */
	uint32_t first[HTTP_FIELD_COUNT]; /* place in fields; set where seen has the bit */
};

_Static_assert(HTTP_FIELD_COUNT <= 64, "struct head_index has a bit for each known field");

static inline bool head_has(const struct head_index *index, enum http_field_id id)
{
	return index->seen >> id & 1;
}

static inline bool head_has_repeated(const struct head_index *index, enum http_field_id id)
{
	return index->repeated >> id & 1;
}

static inline struct http_field *head_first(
	const struct http_fields *fields, const struct head_index *index, enum http_field_id id)
{
	return &fields->at[index->first[id]];
}

/* Reads the field lines at *at and the empty line behind them, which must stand in front of end. *at is behind it then,
 * and on an error the position of the fault. */
enum http_error head_read_fields(
	struct http_fields *fields, struct head_index *index, const char **at, const char *end) LBD_MUST_CHECK;

/* The known field of this name, which is a token. */
enum http_field_id head_field_id(const char *name, size_t n);

/* "chunked, chunked", in one field or two: what some servers say whose body is coded once. */
bool head_is_chunked_twice(const struct http_fields *fields) LBD_MUST_CHECK;
/* The one decision on the framing of a body (RFC 9112 6.3); *at: the value at fault. UNTIL_CLOSE is not decided here:
 * NONE means that neither field was there. */
enum http_error head_decide_framing(struct http_framing *framing, const struct http_fields *fields,
	const struct head_index *index, uint8_t minor, const char **at) LBD_MUST_CHECK;

/* What Connection says; the fields that it names are marked to be dropped. */
struct head_connection {
	bool close, keep_alive, upgrade;
};

enum http_error head_read_connection(struct head_connection *connection, struct http_fields *fields,
	const struct head_index *index, const char **at) LBD_MUST_CHECK;

/* Whether one of the fields with these ids (bits), Authenticate or Authorization, names a scheme that authenticates the
 * connection instead of the request. */
bool head_names_bound_scheme(const struct http_fields *fields, uint64_t ids) LBD_COLD;
static inline bool head_binds_connection(
	const struct http_fields *fields, const struct head_index *index, uint64_t ids)
{
	return (index->seen & ids) && head_names_bound_scheme(fields, ids);
}

/* The parameter timeout of Keep-Alive, in s; 0: there is none, or nonsense. */
uint32_t head_keeps_s(const struct http_fields *fields, const struct head_index *index);

/* Trailer tells what follows a chunked body: where trailers may go on, it does, unless Connection takes it away. */
static inline void head_keep_trailer(struct http_fields *fields, const struct head_index *index)
{
	for (uint32_t i = head_has(index, HTTP_FIELD_TRAILER) ? index->first[HTTP_FIELD_TRAILER] : fields->count;
		i < fields->count; i++)
		if (fields->at[i].id == HTTP_FIELD_TRAILER && fields->at[i].drop != HTTP_FIELD_GONE)
			fields->at[i].drop = HTTP_FIELD_KEPT;
}

/* The value of Upgrade, when it is a single field, a list of protocols, and h2c is not among them; else empty. */
struct str head_upgrade_value(const struct http_fields *fields, const struct head_index *index);

/* A version of the form HTTP/1.[0-9] at [at, end), and nothing about what follows it; *minor is 0 or 1. */
bool head_read_version(const char *at, const char *end, uint8_t *minor) LBD_MUST_CHECK;

/* A host and an optional port: what Host and an absolute-form target may hold. Never empty, without user information,
 * IPv6 literals in brackets. */
struct http_authority {
	struct str host, port; /* port is empty without one */
};

bool http_read_authority(struct http_authority *authority, struct str text) LBD_MUST_CHECK;
/* The same host and port, where no port is the default one. */
bool http_authority_equal(const struct http_authority *a, const struct http_authority *b, struct str default_port);

#endif

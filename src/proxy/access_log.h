/* One line for each exchange (or TCP session), in HAProxy's httplog or tcplog layout to the byte, or as one JSON
 * object. The record is filled by the data path; formatting is pure. */
#ifndef LBD_PROXY_ACCESS_LOG_H
#define LBD_PROXY_ACCESS_LOG_H

#include "base/str.h"
#include "config/config.h"
#include "http/message.h"
#include "net/address.h"
#include "proxy/reason.h"

enum { ACCESS_LOG_LINE_MAX = 8192 };

/* Times are us; ACCESS_LOG_NEVER: the phase was not reached. */
#define ACCESS_LOG_NEVER UINT64_MAX

/* What a worker knows of the time: the date of the last line, and its time zone, whose offset holds for a quarter of an
 * hour, as zones change at quarters only. Starts cleared; one for each thread. */
struct access_date {
	uint64_t quarter; /* since 1970, and one; 0: none yet */
	int64_t offset;   /* seconds east of UTC */
	uint64_t second;  /* that text is of, and one; 0: none yet */
	uint64_t json_second;
	char text[23]; /* " [20/Nov/2026:23:11:27." */
	char json[29]; /* "{"time":"2026-11-20T23:11:27." */
};

struct access_record {
	struct access_date *date; /* the caller's, kept between lines; NULL: the zone is asked anew */
	const struct address *client, *peer;
	uint64_t accept_wall_us; /* wall clock of the accept (tcplog) or of the first request byte (httplog) */
	const char *frontend;
	const char *backend; /* the frontend's name when none was chosen */
	const char *server;  /* NULL: none was chosen (<NOSRV>) */
	uint64_t t_request, t_queue, t_connect, t_response, t_total;
	int status; /* -1: nothing was sent */
	uint64_t bytes_in, bytes_out;
	enum reason reason;
	const char *detail;  /* more of the reason, e.g. an http_error word; may be NULL */
	char termination[2]; /* cause and phase, "--" when all is well */
	uint32_t active, frontend_active, backend_active, server_active; /* sessions at this moment */
	uint32_t retries;
	bool redispatched;
	uint32_t server_queue, backend_queue;
	struct str method, host, path, query, target; /* method.n == 0: the request was unparsable (<BADREQ>) */
	uint8_t version_minor;
	struct str request_id; /* may be empty */
	/* Captured headers: which; NULL, or empty lists, when none are asked for. */
	const struct config_capture *capture;
	const struct http_fields *request_fields; /* NULL: the request was unparsable */
	const struct str *captured;               /* values of capture->response; NULL: there was no response */
};

/* Returns the length, at most ACCESS_LOG_LINE_MAX; a line that is longer loses the end of its target. No line end. */
size_t access_log_format(
	enum config_access_log_format format, const struct access_record *record, char out[ACCESS_LOG_LINE_MAX]);

#endif

/* The configuration as the rest of the program reads it: immutable, complete (every default filled in), checked, and in
 * one arena. Text becomes this in src/config only; nobody else knows libconfig.
 *
 * Durations are microseconds (the file's granularity is 1 ms), sizes bytes, percentages 0..100 or as said. Lists are
 * arrays with a count. Strings end in NUL and are never NULL; an empty one means "not set". Workers reach it through
 * snapshots: what outlives a loop turn keeps no pointer into it. */
#ifndef LBD_CONFIG_CONFIG_H
#define LBD_CONFIG_CONFIG_H

#include "base/arena.h"
#include "base/log.h"

#include <netinet/in.h>
#include <stddef.h>

struct config_strings {
	const char **at;
	uint32_t count;
};

/* An address as written, and where it stands. Resolved later, by net/address. What remembers its line remembers the
 * file too, which is an included one perhaps. */
struct config_address {
	const char *text;
	const char *file;
	unsigned line;
};

struct config_network { /* CIDR; IPv4 as v4-mapped IPv6 */
	struct in6_addr address;
	unsigned prefix; /* of 128 */
};

struct config_networks {
	struct config_network *at;
	uint32_t count;
};

struct config_field_names { /* one that ends in '*' stands for all that begin so */
	struct config_strings names;
	uint32_t initials; /* a bit for the low five bits of each first letter: most fields are none of these */
};

struct config_peers { /* of a listener */
	bool all;
	struct config_networks networks; /* without all: those in here */
};

struct config_log {
	const char *target;
	enum log_level level;
	unsigned line; /* 0: not written; likewise below */
	const char *file;
};

enum config_level { CONFIG_LEVEL_USER, CONFIG_LEVEL_OPERATOR, CONFIG_LEVEL_ADMIN };

struct config_stats_socket {
	const char *path;
	unsigned mode; /* permission bits */
	enum config_level level;
	uint32_t max_clients;
	uint64_t timeout;
	unsigned line;
	const char *file;
};

enum config_sandbox { CONFIG_SANDBOX_AUTO, CONFIG_SANDBOX_OFF, CONFIG_SANDBOX_REQUIRED };

struct config_global {
	uint32_t threads; /* as written; 0: one for each CPU */
	uint32_t maxconn;
	struct config_strings plugin_path;
	const char *user, *group, *chroot; /* "": not asked for */
	enum config_sandbox sandbox;
	uint64_t memory; /* bytes; 0: no limit */
	uint64_t shutdown_timeout;
	bool watch;
	struct config_log log;
	struct config_stats_socket *stats_sockets;
	uint32_t stats_socket_count;
};

enum config_mode { CONFIG_MODE_HTTP, CONFIG_MODE_TCP };
enum config_forward_path { CONFIG_PATH_RECEIVED, CONFIG_PATH_NORMALIZED };
enum config_costly { CONFIG_COSTLY_REFUSE, CONFIG_COSTLY_PASS };

struct config_timeouts { /* us; 0 is off where the table allows it */
	uint64_t connect, server, client, http_request, keep_alive, queue, tunnel, request, client_fin;
};

enum config_access_log_format {
	CONFIG_ACCESS_LOG_OFF,
	CONFIG_ACCESS_LOG_HTTPLOG,
	CONFIG_ACCESS_LOG_TCPLOG,
	CONFIG_ACCESS_LOG_JSON
};

struct config_access_log {
	enum config_access_log_format format;
	const char *target;
	unsigned line;
	const char *file;
};

/* Headers for the access log, in the order in which it has them. */
struct config_capture {
	struct config_strings request, response; /* names, CONFIG_CAPTURES_MAX at most */
	uint32_t length;                         /* bytes of a value that are kept */
};

enum { CONFIG_CAPTURES_MAX = 16 };

/* Of one source, over all workers; 0: unlimited. */
struct config_source_limits {
	uint32_t connections;                             /* at a time */
	uint32_t connection_rate, requests, bad_requests; /* in per */
	uint64_t per;
	uint32_t v4_prefix, v6_prefix, keys;
};

struct config_unix_socket {
	unsigned mode;            /* permission bits; 0: as the umask leaves them */
	const char *user, *group; /* names or numbers; "": of the process */
};

struct config_limits {
	uint32_t request_line, header_bytes, headers;
	uint64_t body;     /* 0: unlimited */
	uint64_t min_rate; /* bytes a second; 0: off */
	struct config_source_limits source;
};

struct config_split {
	const char *backend;
	uint32_t weight; /* 0: receives nothing */
	unsigned line;
	const char *file;
};

struct config_rate_limit {
	uint32_t rate; /* requests in per; 0: there is no limit */
	uint64_t per;
	uint32_t burst;  /* 0: rate */
	const char *key; /* as in config_algorithm; "": all requests together */
	uint32_t v4_prefix, v6_prefix;
	unsigned status;
	uint32_t keys;
	bool dry_run;
};

/* One rule; a condition that was not written is NULL, empty or 0. All texts are as written; rules/ compiles them. */
struct config_rule {
	unsigned line;
	const char *file;
	const char *path, *raw_path, *host, *query; /* patterns */
	struct config_strings method;
	struct config_networks src, peer;
	const char *header_name, *header_match; /* pattern in header_match */
	const char *cookie_name, *cookie_match;
	const char *not_path, *not_raw_path, *not_host, *not_query; /* the same, when they must not hold */
	struct config_strings not_method;
	struct config_networks not_src, not_peer;
	const char *not_header_name, *not_header_match;
	const char *not_cookie_name, *not_cookie_match;
	const char *backend; /* actions from here */
	struct config_split *split;
	uint32_t split_count;
	const char *split_key; /* as in config_algorithm; NULL: none */
	unsigned deny;         /* status */
	struct config_rate_limit rate_limit;
	const char *redirect_to;
	unsigned redirect_status;
	unsigned return_status;
	const char *return_body;
	const char *set_header_name, *set_header_value;
	const char *add_header_name, *add_header_value;
	const char *del_header;
	const char *rewrite_path;
	const char *host_header;
};

/* Which field names the client of a request that a trusted proxy sends on. */
enum config_client_from {
	CONFIG_CLIENT_FROM_ANY, /* X-Forwarded-For, and only without one Forwarded */
	CONFIG_CLIENT_FROM_X_FORWARDED_FOR,
	CONFIG_CLIENT_FROM_FORWARDED,
	CONFIG_CLIENT_FROM_PEER /* none */
};

enum config_underscores { CONFIG_UNDERSCORES_DROP, CONFIG_UNDERSCORES_REFUSE, CONFIG_UNDERSCORES_PASS };

struct config_frontend {
	const char *name;
	unsigned line;
	const char *file;
	enum config_mode mode;
	struct config_timeouts timeouts;
	struct config_address *bind;
	uint32_t bind_count;
	const char *default_backend; /* "": none, 503 for what no rule sends elsewhere */
	uint32_t maxconn;
	struct config_peers accept_proxy;
	struct config_networks trusted_proxies;
	enum config_client_from client_from;
	struct config_field_names claims;
	enum config_underscores underscores;
	bool forwarded, request_id, traceparent;
	struct config_strings upgrade; /* protocols, without their versions; never h2c */
	bool connect;
	const char *via; /* "": none */
	bool x_reason;
	struct config_access_log access_log;
	struct config_capture capture;
	struct config_unix_socket unix_socket;
	struct config_limits limits;
	struct config_rule *rules;
	uint32_t rule_count;
	enum config_costly on_costly;
	enum config_forward_path forward_path;
	bool path_strict;
};

struct config_server {
	const char *name;
	unsigned line;
	const char *file;
	struct config_address address;
	uint32_t weight; /* 0..256 */
	uint32_t maxconn;
	bool backup, disabled;
};

struct config_algorithm {
	const char *name;
	const char *key;       /* "": none; else src, uri, path, host, header:NAME, cookie:NAME, query:NAME */
	uint32_t bounded_load; /* percent; 0: off */
	unsigned line;
	const char *file;
};

enum config_check_type {
	CONFIG_CHECK_NONE,
	CONFIG_CHECK_TCP,
	CONFIG_CHECK_HTTP,
	CONFIG_CHECK_REDIS,
	CONFIG_CHECK_PGSQL,
	CONFIG_CHECK_MYSQL,
	CONFIG_CHECK_SMTP
};

/* Statuses as ranges, e.g. "200-399,404". */
struct config_status_range {
	uint16_t low, high;
};

struct config_statuses {
	struct config_status_range *at;
	uint32_t count;
};

struct config_check {
	enum config_check_type type; /* NONE: no check group was written */
	const char *path, *method, *host;
	struct config_statuses expect_status;
	const char *expect_body; /* pattern; "": any */
	const char *send;        /* of type tcp; "": nothing */
	const char *expect;      /* of type tcp: a pattern; "": nothing */
	uint32_t port;           /* 0: the server's */
	uint64_t interval, fast_interval, down_interval, timeout;
	uint32_t rise, fall, steady, jitter;
	unsigned line;
	const char *file;
};

struct config_passive {
	uint32_t window, min_requests, degraded, failed, consecutive, recover;
	uint64_t eject, max_eject;
	uint32_t max_ejected;
};

struct config_breaker {
	bool enabled; /* the group was written */
	uint64_t window;
	uint32_t min_requests, error_percent, consecutive;
	uint64_t slow;
	uint32_t slow_percent;
	uint64_t open, max_open;
	uint32_t trials;
	uint64_t ramp;
};

enum {
	CONFIG_RETRY_CONNECT = 1,
	CONFIG_RETRY_RESET = 2,
	CONFIG_RETRY_TIMEOUT = 4,
	CONFIG_RETRY_502 = 8,
	CONFIG_RETRY_503 = 16,
	CONFIG_RETRY_504 = 32
};

struct config_retry {
	uint32_t attempts, same_server, budget;
	uint64_t pause, connect_for;
	struct config_strings methods;
	unsigned on; /* CONFIG_RETRY_* */
	uint64_t body;
};

enum config_reuse { CONFIG_REUSE_NEVER, CONFIG_REUSE_SAFE, CONFIG_REUSE_ALWAYS };

struct config_pool {
	enum config_reuse reuse;
	uint32_t max_idle;
	uint64_t idle;
	uint32_t max_requests;
};

enum config_host_header { CONFIG_HOST_PRESERVE, CONFIG_HOST_SERVER, CONFIG_HOST_NAME };

struct config_backend {
	const char *name;
	unsigned line;
	const char *file;
	enum config_mode mode;
	struct config_timeouts timeouts;
	struct config_algorithm algorithm;
	struct config_server *servers;
	uint32_t server_count;
	enum config_host_header host_header;
	const char *host_name; /* for CONFIG_HOST_NAME */
	struct config_check check;
	struct config_statuses failure_statuses;
	struct config_passive passive;
	struct config_breaker breaker;
	uint64_t slow_start;
	uint64_t buffer_request; /* bytes; 0: off */
	struct config_retry retry;
	uint32_t queue_max;
	struct config_pool pool;
	const char *sticky_cookie; /* "": none */
	unsigned send_proxy;       /* 0, 1, 2 */
	bool lenient;
};

struct config {
	struct arena arena; /* holds everything below */
	const char *file;
	struct config_global global;
	struct config_frontend *frontends; /* in the order of the file */
	uint32_t frontend_count;
	struct config_backend *backends;
	uint32_t backend_count;
};

/* Reads, checks and completes a configuration; never exits, blocks or crashes whatever the file is. Messages
 * ("FILE:LINE: error: ..." or "warning: ...") are appended to messages, one a line. NULL when there was an error. Any
 * thread; not two at a time. */
struct text;
struct config *config_load(const char *file, struct text *messages) LBD_MUST_CHECK;
/* The same for bytes that were read already: FILE names them in messages, and relative includes are looked for beside
 * it. */
struct config *config_load_text(const char *file, struct str content, struct text *messages) LBD_MUST_CHECK;
/* The form without a file: lbd -b ADDRESS [-a ALGORITHM] [-s SOCKET] SERVER... algorithm and socket may be NULL. */
struct config *config_from_arguments(const char *bind, const char *algorithm, const char *socket,
	const char *const *servers, uint32_t server_count, struct text *messages) LBD_MUST_CHECK;
/* The effective configuration with every default, as a file that config_load reads to the same configuration. */
void config_dump(const struct config *config, struct text *out);
/* --list=options: one row a line with group, name, type, default, unit, help. */
void config_list_options(struct text *out);
void config_free(struct config *config); /* NULL is fine */
/* "FILE:LINE: error: MESSAGE", for what only shows when something is made of a configuration. line 0: FILE alone. */
void config_write_error(char *out, size_t size, const char *file, unsigned line, const char *format, ...)
	LBD_PRINTF(5, 6);
/* Of the library that parses, for -V. */
const char *config_library_version(void);
const struct config_backend *config_find_backend(const struct config *config, const char *name);
bool config_networks_contain(const struct config_networks *networks, const struct in6_addr *address);
/* In any case of letters, and with '_' for '-'. */
bool config_field_names_find(const struct config_field_names *names, struct str name);
static inline bool config_field_names_contain(const struct config_field_names *names, struct str name)
{
	return name.n && names->initials >> (name.p[0] & 31) & 1 && config_field_names_find(names, name);
}
bool config_statuses_contain(const struct config_statuses *statuses, unsigned status);

#endif

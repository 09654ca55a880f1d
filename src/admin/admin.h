/* The stats socket: lines of commands in, answers out, HAProxy's Runtime API. On control's loop: answers never block a
 * worker, and a client that does not read costs one bounded buffer. */
#ifndef LBD_ADMIN_ADMIN_H
#define LBD_ADMIN_ADMIN_H

#include "proxy/worker.h"

struct admin;

/* Figures of the process that only app knows; asked for at each show info. */
struct process_info {
	const char *node; /* host name */
	uint32_t threads;
	uint64_t started_wall_us, uptime_us;
	uint32_t maxconn;      /* sessions at a time */
	uint32_t hard_maxconn; /* that the descriptors allow */
	uint32_t max_sockets;  /* descriptors with as many sessions as that, each with an upstream */
	uint32_t descriptor_limit;
	uint64_t limit_waits; /* times that a listener had to wait for a place */
	uint64_t descriptor_shortages;
	uint64_t memory_limit, memory_used;      /* bytes; 0: none, unknown */
	uint64_t memory_refused, memory_closed; /* connections, near the limit */
	uint32_t connections; /* sessions now */
	uint64_t connections_total, requests_total, bytes_out_total;
	uint32_t connection_rate, connection_rate_max;
	uint32_t listeners;
	uint32_t idle_percent; /* of the workers' time */
	uint64_t log_dropped;
	uint64_t generation; /* of the configuration, from 1 */
	bool stopping;
};

struct admin_host {
	struct loop *loop;
	struct proxies *proxies;
	struct limits *limits; /* of the process */
	struct log_ring *log;
	void *context;
	void (*process_info)(void *context, struct process_info *out);
	void (*frontend_changed)(void *context); /* paused or shut of some frontend did; may be NULL */
	void (*stop)(void *context);             /* the process ends gracefully; may be NULL */
	pid_t replaces; /* the process whose sockets admin_publish takes over; 0: nobody may answer there */
	/* The workers; NULL: that one has ended. */
	struct worker *(*worker)(void *context, uint32_t index);
	uint32_t worker_count;
	struct list *jobs;     /* of commands that wait for workers; an empty list at first, or NULL without workers */
	struct admin *sockets; /* those that are open; NULL at first, then admin_open and admin_close keep it */
};

/* Opens one socket of the configuration. NULL: error says why. One that another process has keeps that until
 * admin_publish. */
struct admin *admin_open(
	struct admin_host *host, const struct config_stats_socket *conf, char *error, size_t error_size) LBD_MUST_CHECK;
bool admin_publish(struct admin *admin, char *error, size_t error_size) LBD_MUST_CHECK;
/* Ends it and its clients, and removes the file, unless it is another's by now. */
void admin_close(struct admin *admin);
/* The worker's thread ended: who waits for it goes on. host->worker says NULL for it from now on. */
void admin_worker_ended(struct admin_host *host, uint32_t index);
/* After the sockets are closed and the workers joined. */
void admin_end_jobs(struct admin_host *host);
/* --list=commands: one row a line with level, usage and help. */
struct text;
void admin_list_commands(struct text *out);
/* Fits lbd's version into the level of HAProxy's interface: "2.6.0-lbd0.1.0". */
const char *admin_version(void);

#endif

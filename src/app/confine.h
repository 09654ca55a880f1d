/* Who the process becomes, and what it keeps: global.user, group, chroot and sandbox. Everything that only root can open
 * is opened before confine_drop, everything that has to be made again later (listeners, sockets, pidfile) after it, as
 * the user: so that what works at the start works later too. Control, before the threads start. */
#ifndef LBD_APP_CONFINE_H
#define LBD_APP_CONFINE_H

#include "app/sandbox.h"
#include "base/text.h"
#include "config/config.h"

#include <sys/types.h>

struct confine {
	const char *jail; /* global.chroot; "": none */
	uid_t user;
	gid_t group;
	gid_t *groups; /* all that the user is in */
	int group_count;
	bool changes; /* another user or group */
	bool lowered;
	enum config_sandbox sandbox;
	bool control_listed; /* control has its list of system calls */
	unsigned workers_hold; /* SANDBOX_...: what holds for all of them */
	char name[80]; /* "user 'x'", for messages */
};

/* What a configuration asks for, checked without doing it. Appends "FILE: error: ..." lines. */
bool confine_check(struct config *config, struct text *messages) LBD_MUST_CHECK;
/* False: error says what is not there, or cannot be done by who runs this. */
bool confine_begin(struct confine *c, const struct config *config, char *error, size_t error_size) LBD_MUST_CHECK;
/* The process is its user for a while, and root again: to see what that user can open. False and errno. */
bool confine_lower(struct confine *c) LBD_MUST_CHECK;
bool confine_raise(struct confine *c) LBD_MUST_CHECK;
/* For good. Of the capabilities only those stay that are needed to make the sockets. */
bool confine_drop(struct confine *c, char *error, size_t error_size) LBD_MUST_CHECK;
/* The sockets are made. What stays is what allows to listen on ports below 1024; a root that stays root may still pass
 * over permissions of files. Threads that begin from now on lack the system calls that none of them needs. */
bool confine_settle(struct confine *c) LBD_MUST_CHECK;
/* What a thread of another kind than control gives up: all capabilities; the log's writer keeps those for files. A
 * worker is put into its sandbox too, and returns which parts of it hold. */
unsigned confine_worker(bool sandbox);
void confine_log_writer(void);
/* A worker said what holds. False: global.sandbox is "required", and not all of it does. */
bool confine_worker_began(struct confine *c, unsigned holds) LBD_MUST_CHECK;
void confine_end(struct confine *c);
/* A sentence for the log: who the process is, and what it kept. */
void confine_describe(const struct confine *c, struct text *out);
/* A line for -V: which of it this kernel can do, whoever asks. */
void confine_describe_kernel(struct text *out);

/* confine_paths.c: how much of a path inside of the chroot is its own name. */
size_t confine_jail_length(const char *jail);
/* The name of this path inside of a chroot; NULL: it is outside. */
const char *confine_inside(const char *jail, const char *path);
/* Complains of each path of the configuration that is outside of its chroot. */
bool confine_check_paths(struct config *config, struct text *messages) LBD_MUST_CHECK;
/* Every path but those of logs, which are open, becomes one inside. False: memory is out. */
bool confine_enter_paths(struct config *config) LBD_MUST_CHECK;

#endif

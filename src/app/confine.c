#include "config.h"

#include "app/confine.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { CONFINE_GROUPS_MAX = 65536 };

/* ---- names ---- */

static bool confine_find_group(struct confine *c, const char *name, char *error, size_t error_size)
{
	const struct group *group = getgrnam(name);
	if (group)
		c->group = group->gr_gid;
	else
		snprintf(error, error_size, "global.group: there is no group '%s' here", name);
	return group != NULL;
}

static bool confine_list_groups(struct confine *c, const char *user)
{
	c->group_count = 1;
	if (user)
		for (int room = 32; room <= CONFINE_GROUPS_MAX; room = c->group_count > room ? c->group_count : room * 2) {
			free(c->groups);
			c->groups = calloc((size_t)room, sizeof *c->groups);
			c->group_count = room;
			if (!c->groups || getgrouplist(user, c->group, c->groups, &c->group_count) >= 0)
				return c->groups != NULL;
		}
	c->groups = calloc(1, sizeof *c->groups);
	c->group_count = 1;
	if (c->groups)
		c->groups[0] = c->group;
	return c->groups != NULL;
}

static bool confine_resolve(struct confine *c, const struct config *config, char *error, size_t error_size)
{
	const struct config_global *conf = &config->global;
	*c = (struct confine){.jail = conf->chroot,
		.user = geteuid(),
		.group = getegid(),
		.sandbox = conf->sandbox,
		.workers_hold = SANDBOX_WHOLE};
	if (conf->chroot[0] && conf->chroot[0] != '/') {
		snprintf(error, error_size, "global.chroot '%.200s' must be an absolute path", conf->chroot);
		return false;
	}
	if (conf->chroot[0] && !conf->user[0]) {
		snprintf(error, error_size, "global.chroot needs global.user: root can leave a chroot again");
		return false;
	}
	if (conf->user[0]) {
		const struct passwd *user = getpwnam(conf->user);
		if (!user) {
			snprintf(error, error_size, "global.user: there is no user '%s' here", conf->user);
			return false;
		}
		c->user = user->pw_uid;
		c->group = user->pw_gid;
	}
	if (conf->group[0] && !confine_find_group(c, conf->group, error, error_size))
		return false;
	if (conf->user[0])
		snprintf(c->name, sizeof c->name, "user '%s'", conf->user);
	else
		snprintf(c->name, sizeof c->name, "user %lu", (unsigned long)c->user);
	c->changes = c->user != geteuid() || c->group != getegid();
	return true;
}

bool confine_check(struct config *config, struct text *messages)
{
	struct confine c;
	char error[256], line[512];
	bool good = confine_resolve(&c, config, error, sizeof error);
	if (!good) {
		config_write_error(line, sizeof line, config->file, 0, "%s", error);
		text_format(messages, "%s\n", line);
	}
	return confine_check_paths(config, messages) && good;
}

bool confine_begin(struct confine *c, const struct config *config, char *error, size_t error_size)
{
	char why[256];
	if (!confine_resolve(c, config, why, sizeof why)) {
		config_write_error(error, error_size, config->file, 0, "%s", why);
		return false;
	}
	if ((c->changes || c->jail[0]) && geteuid() != 0) {
		config_write_error(error, error_size, config->file, 0,
			"global.%s: only root can do that; start lbd as root, or leave it out",
			c->jail[0] ? "chroot" : "user");
		return false;
	}
	if (c->sandbox == CONFIG_SANDBOX_REQUIRED && sandbox_can() != SANDBOX_WHOLE) {
		config_write_error(error, error_size, config->file, 0,
			"global.sandbox is \"required\", but there is no %s here (lbd -V); \"auto\" takes what there is",
			sandbox_can() & SANDBOX_SECCOMP ? "Landlock" : "seccomp");
		return false;
	}
	if (c->changes && !confine_list_groups(c, config->global.user[0] ? config->global.user : NULL)) {
		snprintf(error, error_size, "lbd: memory is out");
		return false;
	}
	return true;
}

void confine_end(struct confine *c)
{
	free(c->groups);
	c->groups = NULL;
}

/* ---- for a while ---- */

bool confine_lower(struct confine *c)
{
	if (!c->changes || c->lowered)
		return true;
	if (setgroups((size_t)c->group_count, c->groups) < 0 || setegid(c->group) < 0 || seteuid(c->user) < 0)
		return false;
	c->lowered = true;
	return true;
}

bool confine_raise(struct confine *c)
{
	if (!c->lowered)
		return true;
	if (seteuid(0) < 0 || setegid(getgid()) < 0)
		return false;
	c->lowered = false;
	return true;
}

/* ---- for good ---- */

/* Of those that the thread has; capset says nothing about the others. */
static bool confine_keep_capabilities(uint64_t mask)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];
	if (syscall(SYS_capget, &header, data) < 0)
		return false;
	for (int i = 0; i < 2; i++) {
		uint32_t part = (uint32_t)(mask >> (32 * i));
		data[i].permitted &= part;
		data[i].effective = data[i].permitted;
		data[i].inheritable = 0;
	}
	return syscall(SYS_capset, &header, data) == 0;
}

static uint64_t confine_capability(unsigned number)
{
	return UINT64_C(1) << number;
}

static uint64_t confine_wanted(void)
{
	uint64_t files = geteuid() == 0 ? confine_capability(CAP_DAC_OVERRIDE) : 0;
	return confine_capability(CAP_NET_BIND_SERVICE) | files;
}

/* What a program that this one starts could have at most. */
static void confine_bound(void)
{
	for (unsigned long i = 0; i < 64; i++)
		if (i != CAP_NET_BIND_SERVICE && prctl(PR_CAPBSET_READ, i, 0, 0, 0) == 1)
			(void)prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
}

static bool confine_become(const struct confine *c)
{
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 || setgroups((size_t)c->group_count, c->groups) < 0 ||
		setresgid(c->group, c->group, c->group) < 0 || setresuid(c->user, c->user, c->user) < 0)
		return false;
	/* The leak checkers of sanitizers look at the threads as a debugger does. */
#ifdef LBD_SANITIZED
	(void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
#endif
	return prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) == 0;
}

/* A descriptor of a directory outside would be a way out: there is none. */
static bool confine_enter(const struct confine *c)
{
	return !c->jail[0] || (chdir(c->jail) == 0 && chroot(".") == 0 && chdir("/") == 0);
}

bool confine_drop(struct confine *c, char *error, size_t error_size)
{
	const char *what = "become root again";
	bool good = confine_raise(c);
	if (good) {
		what = "change into global.chroot";
		good = confine_enter(c);
	}
	if (good) {
		what = "become global.user";
		confine_bound();
		good = !c->changes || confine_become(c);
	}
	if (good) {
		what = "give capabilities up";
		good = confine_keep_capabilities(confine_wanted() | confine_capability(CAP_CHOWN)) &&
		       prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
	}
	if (!good)
		snprintf(error, error_size, "lbd: cannot %s: %s", what, strerror(errno));
	return good;
}

bool confine_settle(struct confine *c)
{
	c->control_listed = c->sandbox != CONFIG_SANDBOX_OFF && sandbox_enter_control();
	return confine_keep_capabilities(confine_wanted());
}

unsigned confine_worker(bool sandbox)
{
	(void)confine_keep_capabilities(0);
	return sandbox ? sandbox_enter_worker() : 0;
}

bool confine_worker_began(struct confine *c, unsigned holds)
{
	c->workers_hold &= holds;
	return c->sandbox != CONFIG_SANDBOX_REQUIRED || holds == SANDBOX_WHOLE;
}

void confine_log_writer(void)
{
	(void)confine_keep_capabilities(confine_wanted() & confine_capability(CAP_DAC_OVERRIDE));
}

static void confine_describe_sandbox(const struct confine *c, struct text *out)
{
	const char *listed = c->control_listed ? "seccomp for control and workers" : "seccomp for workers";
	if (c->sandbox == CONFIG_SANDBOX_OFF)
		text_add_c(out, "; no sandbox, since global.sandbox is off");
	else if (!c->workers_hold)
		text_add_c(out, "; no sandbox here");
	else
		text_format(out, "; sandbox: %s, %s", c->workers_hold & SANDBOX_SECCOMP ? listed : "no seccomp",
			c->workers_hold & SANDBOX_LANDLOCK ? "Landlock for workers" : "no Landlock");
}

void confine_describe(const struct confine *c, struct text *out)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {{0}};
	(void)syscall(SYS_capget, &header, data);
	text_format(out, "%s, group %lu%s%s", c->name, (unsigned long)c->group, c->jail[0] ? ", chroot " : "", c->jail);
	text_format(out, "; capabilities: %s%s for control, none for workers",
		data[0].permitted & confine_capability(CAP_NET_BIND_SERVICE) ? "CAP_NET_BIND_SERVICE" : "none",
		data[0].permitted & confine_capability(CAP_DAC_OVERRIDE) ? " and CAP_DAC_OVERRIDE" : "");
	text_add_c(out, prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? "; no_new_privs" : "");
	confine_describe_sandbox(c, out);
}

/* Each is asked in a way that changes nothing. */
void confine_describe_kernel(struct text *out)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];
	const struct {
		const char *name;
		bool can;
	} rows[] = {
		{"user", setresuid((uid_t)-1, (uid_t)-1, (uid_t)-1) == 0},
		{"group", setresgid((gid_t)-1, (gid_t)-1, (gid_t)-1) == 0},
		/* Without a path it cannot succeed: a kernel that has it complains of the path. */
		{"chroot", syscall(SYS_chroot, NULL) < 0 && errno == EFAULT},
		{"capabilities", syscall(SYS_capget, &header, data) == 0},
		{"no_new_privs", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) >= 0},
		{"seccomp", sandbox_can() & SANDBOX_SECCOMP},
		{"landlock", sandbox_can() & SANDBOX_LANDLOCK},
	};
	text_add_c(out, "confinement:");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		text_format(out, " %s=%s", rows[i].name, rows[i].can ? "yes" : "no");
	text_add_char(out, '\n');
}

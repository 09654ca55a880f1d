/* Asks the kernel for what a balancing algorithm has no business with, by the name in $ASKS_KERNEL, and tells on stderr
 * what it got: at each pick, on a worker, and at each prepare, on control. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "plugin_base.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static long asks_open(void)
{
	return syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY | O_CLOEXEC);
}

static long asks_netlink(void)
{
	return syscall(SYS_socket, AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
}

static long asks_code(void)
{
	return syscall(SYS_mmap, NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static long asks_signal(void)
{
	return syscall(SYS_tgkill, getppid(), getppid(), 0);
}

static long asks_io_uring(void)
{
	return syscall(SYS_io_uring_setup, 0, NULL);
}

static long asks_exec(void)
{
	return syscall(SYS_execve, "/nowhere", NULL, NULL);
}

/* As a broken invariant does. */
static long asks_abort(void)
{
	abort();
}

static const struct {
	const char *name;
	long (*ask)(void);
} asks[] = {
	{"open", asks_open},
	{"netlink", asks_netlink},
	{"code", asks_code},
	{"signal", asks_signal},
	{"io_uring", asks_io_uring},
	{"exec", asks_exec},
	{"abort", asks_abort},
};

enum { ASKS = sizeof asks / sizeof *asks };

static void asks_now(const void *instance, const char *where)
{
	const size_t *what = instance;
	char line[128];
	int error = asks[*what].ask() < 0 ? errno : 0;
	int n = snprintf(line, sizeof line, "%s %s: %d\n", where, asks[*what].name, error);
	(void)!write(STDERR_FILENO, line, (size_t)n);
}

static void *asks_create(const struct lbd_setup *setup, char *error, size_t error_size)
{
	const char *name = getenv("ASKS_KERNEL");
	size_t *what = calloc(1, sizeof *what);
	while (what && name && *what < ASKS - 1 && strcmp(name, asks[*what].name) != 0)
		++*what;
	return what;
}

static void *asks_prepare(void *instance, const struct lbd_set *set, char *error, size_t error_size)
{
	const size_t *what = instance;
	if (asks[*what].ask != asks_abort)
		asks_now(instance, "control");
	return instance;
}

static uint32_t asks_pick(
	void *instance, const void *table, const struct lbd_set *set, const struct lbd_pick *pick)
{
	if (!(pick->flags & LBD_PEEK))
		asks_now(instance, "worker");
	return base_pick(instance, table, set, pick);
}

const struct lbd_algorithm lbd_algorithm = {
	.abi_major = LBD_ABI_MAJOR,
	.abi_minor = LBD_ABI_MINOR,
	.struct_size = sizeof(struct lbd_algorithm),
	.name = "asks_kernel",
	.summary = "for tests",
	.create = asks_create,
	.destroy = free,
	.prepare = asks_prepare,
	.release = base_release,
	.pick = asks_pick,
};

#include "config.h"

#include "app/sandbox.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Sanitizers open files for their reports, in whichever thread they find something, and look at threads as a debugger
 * does: of all this only the list of workers is left, and a longer one. */
#ifdef LBD_SANITIZED
enum { SANDBOX_REPORTS = 1 };
#else
enum { SANDBOX_REPORTS = 0 };
#endif

/* ---- the list of system calls ---- */

/* Numbers mean something only together with a machine. On others there is no list. */
#if defined(__x86_64__)
#define SANDBOX_MACHINE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define SANDBOX_MACHINE AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define SANDBOX_MACHINE AUDIT_ARCH_RISCV64
#else
#define SANDBOX_MACHINE 0
#endif

/* Numbers of x32 programs, which this machine may take from every program. */
enum { SANDBOX_X32 = 0x40000000 };

enum sandbox_test { SANDBOX_ANY, SANDBOX_IS, SANDBOX_WITHOUT, SANDBOX_OWN_PROCESS };

struct sandbox_row {
	uint32_t call;
	uint32_t argument;
	enum sandbox_test test;
	uint32_t value;
	uint32_t action;
};

static const struct sandbox_row sandbox_worker_rows[] = {
#define ALLOW(name, why)                    {SYS_##name, 0, SANDBOX_ANY, 0, SECCOMP_RET_ALLOW},
#define ALLOW_IF(name, n, test, value, why) {SYS_##name, n, SANDBOX_##test, value, SECCOMP_RET_ALLOW},
#define REFUSE(name, why)                   {SYS_##name, 0, SANDBOX_ANY, 0, SECCOMP_RET_ERRNO | ENOSYS},
#define NEVER(name, why)                    {SYS_##name, 0, SANDBOX_ANY, 0, SECCOMP_RET_KILL_PROCESS},
#define CONTROL(name, why)                  NEVER(name, why)
#include "app/system_calls.def"
};

/* Modules of libc, for names, run in control: for what they might try nothing ends. */
static const struct sandbox_row sandbox_control_rows[] = {
#define NEVER(name, why) {SYS_##name, 0, SANDBOX_ANY, 0, SECCOMP_RET_ERRNO | EPERM},
#include "app/system_calls.def"
};

enum {
	SANDBOX_WORKER_ROWS = sizeof sandbox_worker_rows / sizeof *sandbox_worker_rows,
	SANDBOX_CONTROL_ROWS = sizeof sandbox_control_rows / sizeof *sandbox_control_rows,
	SANDBOX_STEPS = 5 * (SANDBOX_WORKER_ROWS + SANDBOX_CONTROL_ROWS) + 16
};

struct sandbox_program {
	struct sock_filter step[SANDBOX_STEPS];
	unsigned short count;
};

static void sandbox_add(struct sandbox_program *p, uint16_t code, uint8_t if_true, uint8_t if_false, uint32_t k)
{
	p->step[p->count++] = (struct sock_filter){code, if_true, if_false, k};
}

static void sandbox_load(struct sandbox_program *p, size_t offset)
{
	sandbox_add(p, BPF_LD | BPF_W | BPF_ABS, 0, 0, (uint32_t)offset);
}

static void sandbox_return(struct sandbox_program *p, uint32_t action)
{
	sandbox_add(p, BPF_RET | BPF_K, 0, 0, action);
}

/* The number of the call is loaded, before and after. */
static void sandbox_add_row(struct sandbox_program *p, const struct sandbox_row *row)
{
	uint32_t value = row->test == SANDBOX_OWN_PROCESS ? (uint32_t)getpid() : row->value;
	bool without = row->test == SANDBOX_WITHOUT;
	sandbox_add(p, BPF_JMP | BPF_JEQ | BPF_K, 0, row->test == SANDBOX_ANY ? 1 : 4, row->call);
	if (row->test != SANDBOX_ANY) {
		/* The lower half, which is all that these arguments have; the machine is little-endian. */
		sandbox_load(p, offsetof(struct seccomp_data, args) + row->argument * sizeof(uint64_t));
		sandbox_add(p, BPF_JMP | (without ? BPF_JSET : BPF_JEQ) | BPF_K, without, !without, value);
	}
	sandbox_return(p, row->action);
	if (row->test != SANDBOX_ANY)
		sandbox_load(p, offsetof(struct seccomp_data, nr));
}

/* rest: for calls that have no row. */
static void sandbox_write(struct sandbox_program *p, const struct sandbox_row *rows, size_t count, uint32_t rest)
{
	p->count = 0;
	/* Calls of another kind of program have other numbers. */
	sandbox_load(p, offsetof(struct seccomp_data, arch));
	sandbox_add(p, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, SANDBOX_MACHINE);
	sandbox_return(p, SECCOMP_RET_ERRNO | EPERM);
	sandbox_load(p, offsetof(struct seccomp_data, nr));
	sandbox_add(p, BPF_JMP | BPF_JGE | BPF_K, 0, 1, SANDBOX_X32);
	sandbox_return(p, SECCOMP_RET_ERRNO | EPERM);
	for (size_t i = 0; i < count; i++)
		sandbox_add_row(p, &rows[i]);
	sandbox_return(p, rest);
}

/* LOG: the kernel's log tells what was refused. SPEC_ALLOW: older kernels would slow the thread down, for the sake of
 * programs that run code of strangers. Kernels that know neither have the list all the same. */
static bool sandbox_install(struct sandbox_program *p)
{
	struct sock_fprog program = {.len = p->count, .filter = p->step};
	unsigned long flags = SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_SPEC_ALLOW;
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program) == 0 ||
	       (errno == EINVAL && syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0ul, &program) == 0);
}

static bool sandbox_can_seccomp(void)
{
	/* Without a program it cannot succeed: a kernel that has it complains of that. */
	return SANDBOX_MACHINE != 0 && syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0ul, NULL) < 0 && errno == EFAULT;
}

/* ---- files ---- */

/* Numbers and the struct stand here, because headers of older systems lack them; every machine has the same numbers. */
enum { SANDBOX_LANDLOCK_CREATE = 444, SANDBOX_LANDLOCK_RESTRICT = 446, SANDBOX_LANDLOCK_VERSION = 1 };

/* The beginning of struct landlock_ruleset_attr, which every version takes. */
struct sandbox_files {
	uint64_t handled; /* these rights are gone where no rule gives them back, and there is no rule */
};

/* 0: the kernel has no Landlock, or it is not in use. */
static int sandbox_landlock_version(void)
{
	long version = SANDBOX_REPORTS ? 0 : syscall(SANDBOX_LANDLOCK_CREATE, NULL, 0, SANDBOX_LANDLOCK_VERSION);
	return version > 0 ? (int)version : 0;
}

/* Every right that this version of the kernel knows. */
static uint64_t sandbox_landlock_rights(int version)
{
	static const uint8_t count[] = {0, 13, 14, 15, 15, 16};
	int newest = sizeof count / sizeof *count - 1;
	return (UINT64_C(1) << count[version < newest ? version : newest]) - 1;
}

static bool sandbox_leave_files(void)
{
	int version = sandbox_landlock_version();
	if (!version)
		return false;
	struct sandbox_files files = {.handled = sandbox_landlock_rights(version)};
	int fd = (int)syscall(SANDBOX_LANDLOCK_CREATE, &files, sizeof files, 0);
	bool good = fd >= 0 && syscall(SANDBOX_LANDLOCK_RESTRICT, fd, 0) == 0;
	if (fd >= 0)
		close(fd);
	return good;
}

/* ---- both ---- */

unsigned sandbox_can(void)
{
	return (sandbox_can_seccomp() ? SANDBOX_SECCOMP : 0) | (sandbox_landlock_version() ? SANDBOX_LANDLOCK : 0);
}

bool sandbox_enter_control(void)
{
	struct sandbox_program p;
	sandbox_write(&p, sandbox_control_rows, SANDBOX_CONTROL_ROWS, SECCOMP_RET_ALLOW);
	return !SANDBOX_REPORTS && sandbox_can_seccomp() && sandbox_install(&p);
}

unsigned sandbox_enter_worker(void)
{
	struct sandbox_program p;
	unsigned holds = sandbox_leave_files() ? SANDBOX_LANDLOCK : 0;
	sandbox_write(&p, sandbox_worker_rows, SANDBOX_WORKER_ROWS, SECCOMP_RET_ERRNO | ENOSYS);
	return holds | (sandbox_can_seccomp() && sandbox_install(&p) ? SANDBOX_SECCOMP : 0);
}

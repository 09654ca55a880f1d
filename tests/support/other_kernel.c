/* Preloaded into the daemon: the kernel is another one. $OTHER_KERNEL has words of:
 * strict        what stands on no list of system calls ends the process, instead of failing where nobody may look at it
 * no_seccomp, no_landlock
 *               the kernel does not have that
 * With LBD_WRAPPER="env OTHER_KERNEL=strict LD_PRELOAD=BUILD/tests/support/.libs/other_kernel.so" any test of a build
 * without a sanitizer proves that the list has all that it needs. */
#include <dlfcn.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { LANDLOCK_FIRST = 444, LANDLOCK_LAST = 446 };

static int other_kernel_is(const char *word)
{
	const char *words = getenv("OTHER_KERNEL");
	return words && strstr(words, word);
}

__attribute__((visibility("default"))) long syscall(long number, ...)
{
	union {
		void *found;
		long (*syscall)(long, ...);
	} next = {dlsym(RTLD_NEXT, "syscall")};
	long given[6];
	va_list all;
	va_start(all, number);
	for (int i = 0; i < 6; i++)
		given[i] = va_arg(all, long);
	va_end(all);
	if ((number == SYS_seccomp && other_kernel_is("no_seccomp")) ||
		(number >= LANDLOCK_FIRST && number <= LANDLOCK_LAST && other_kernel_is("no_landlock"))) {
		errno = ENOSYS;
		return -1;
	}
	if (number == SYS_seccomp && given[2] && other_kernel_is("strict")) {
		struct sock_fprog *program = (struct sock_fprog *)given[2];
		struct sock_filter *last = &program->filter[program->len - 1];
		if (last->k == (SECCOMP_RET_ERRNO | ENOSYS))
			last->k = SECCOMP_RET_KILL_PROCESS;
	}
	return next.syscall(number, given[0], given[1], given[2], given[3], given[4], given[5]);
}

#include "app/detach.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static _Noreturn void detach_wait(int from)
{
	char word;
	ssize_t n;
	do
		n = read(from, &word, 1);
	while (n < 0 && errno == EINTR);
	_exit(n == 1 ? 0 : 1);
}

bool detach_begin(struct detach *d, const struct arguments *arguments)
{
	int ends[2];
	d->parent = d->null = -1;
	if (!arguments->detach)
		return true;
	d->null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (pipe2(ends, O_CLOEXEC) < 0) {
		fprintf(stderr, "lbd: cannot detach: %s\n", strerror(errno));
		return false;
	}
	pid_t child = fork();
	if (child > 0) {
		close(ends[1]);
		detach_wait(ends[0]);
	}
	close(ends[0]);
	if (child < 0) {
		fprintf(stderr, "lbd: cannot detach: %s\n", strerror(errno));
		close(ends[1]);
		return false;
	}
	setsid();
	d->parent = ends[1];
	return true;
}

/* Files, and sockets such as the journal's, were given on purpose. A terminal is left; who reads a pipe waits for its
 * end. */
static bool detach_keeps(int fd)
{
	struct stat st;
	return fstat(fd, &st) == 0 && (S_ISREG(st.st_mode) || S_ISSOCK(st.st_mode));
}

static void detach_leave_terminal(int null)
{
	if (null < 0)
		return;
	dup2(null, STDIN_FILENO);
	if (!detach_keeps(STDOUT_FILENO))
		dup2(null, STDOUT_FILENO);
	if (!detach_keeps(STDERR_FILENO))
		dup2(null, STDERR_FILENO);
	close(null);
}

void detach_ready(struct detach *d)
{
	if (d->parent < 0)
		return;
	detach_leave_terminal(d->null);
	(void)!write(d->parent, "y", 1);
	close(d->parent);
	d->parent = -1;
}

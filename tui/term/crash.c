/*
 * The one place with static state that changes: a signal handler has nothing else to find it by. It is written before
 * the handlers are installed, and `crash_armed` is atomic to the handler.
 */
#include "term/crash.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

enum { CRASH_UNDO_MAX = 512, CRASH_STACK = 65536 };

static struct {
	int fd;
	struct termios saved;
	char undo[CRASH_UNDO_MAX];
	size_t len;
	char stack[CRASH_STACK];
} crash_state;

static volatile sig_atomic_t crash_armed;

static void crash_on_signal(int signal_number)
{
	if (crash_armed) {
		crash_armed = 0;
		ssize_t written = write(crash_state.fd, crash_state.undo, crash_state.len);
		(void)written;
		tcsetattr(crash_state.fd, TCSANOW, &crash_state.saved);
	}
	signal(signal_number, SIG_DFL);
	raise(signal_number);
}

int crash_arm(int fd, const struct termios *saved, const char *undo, size_t len)
{
	static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
	struct sigaction action = {.sa_handler = crash_on_signal, .sa_flags = SA_ONSTACK | SA_NODEFER};
	stack_t stack = {.ss_sp = crash_state.stack, .ss_size = sizeof crash_state.stack};

	if (len > sizeof crash_state.undo)
		return 0;
	crash_state.fd = fd;
	crash_state.saved = *saved;
	memcpy(crash_state.undo, undo, len);
	crash_state.len = len;
	sigemptyset(&action.sa_mask);
	if (sigaltstack(&stack, NULL) < 0)
		return 0;
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
		if (sigaction(faults[i], &action, NULL) < 0)
			return 0;
	crash_armed = 1;
	return 1;
}

void crash_disarm(void)
{
	crash_armed = 0;
}

void crash_rearm(void)
{
	crash_armed = crash_state.len > 0;
}

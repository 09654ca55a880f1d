#include "config.h"

#include "app/takeover.h"

#include "net/address.h"
#include "net/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/time.h>
#include <unistd.h>

enum { TAKEOVER_PATIENCE_S = 5, TAKEOVER_ANSWER = 512 };

static bool takeover_connect(struct takeover *t, char *error, size_t error_size)
{
	struct address address;
	char text[sizeof address.as.local + 8], why[256];
	bool done;
	struct ucred peer = {0};
	socklen_t length = sizeof peer;
	struct timeval patience = {.tv_sec = TAKEOVER_PATIENCE_S};
	snprintf(text, sizeof text, "unix:%s", t->path);
	if (strlen(t->path) + sizeof "unix:" > sizeof text || !address_parse(&address, text, why, sizeof why)) {
		snprintf(error, error_size, "-x %s: that is no path of a Unix socket", t->path);
		return false;
	}
	t->fd = socket_connect(&address, &done);
	if (t->fd < 0 || !done) {
		snprintf(error, error_size, "-x %s: nobody answers on this stats socket: %s. Start without -x", t->path,
			strerror(errno));
		return false;
	}
	(void)setsockopt(t->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	(void)fcntl(t->fd, F_SETFL, 0);
	if (getsockopt(t->fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0)
		t->process = peer.pid;
	if (t->process <= 0)
		t->process = -1; /* of another namespace */
	return true;
}

/* What the other side answers to one command, without its prompt; false: nothing came in time, or an end. */
static bool takeover_ask(const struct takeover *t, const char *command, char *answer)
{
	static const char prompt[] = "\n> ";
	size_t n = 0, prompt_n = sizeof prompt - 1;
	if (write(t->fd, command, strlen(command)) != (ssize_t)strlen(command))
		return false;
	while (n < TAKEOVER_ANSWER - 1) {
		ssize_t got = read(t->fd, answer + n, TAKEOVER_ANSWER - 1 - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		n += (size_t)got;
		answer[n] = '\0';
		if (n < prompt_n || memcmp(answer + n - prompt_n, prompt, prompt_n) != 0)
			continue;
		answer[n - prompt_n] = '\0';
		answer[strcspn(answer, "\n")] = '\0';
		return true;
	}
	return false;
}

bool takeover_begin(struct takeover *t, const char *path, char *error, size_t error_size)
{
	char answer[TAKEOVER_ANSWER];
	*t = (struct takeover){.path = path, .fd = -1};
	if (!path)
		return true;
	if (!takeover_connect(t, error, error_size))
		return false;
	if (!takeover_ask(t, "prompt\n", answer) || !takeover_ask(t, "set timeout cli 1h\n", answer) ||
		!takeover_ask(t, "show cli level\n", answer)) {
		snprintf(error, error_size, "-x %s: the process %ld behind it does not answer as a stats socket does",
			path, (long)t->process);
		return false;
	}
	if (strcmp(answer, "admin") == 0)
		return true;
	snprintf(error, error_size,
		"-x %s: this stats socket has the level %s, and to take over level = \"admin\" is needed", path, answer);
	return false;
}

void takeover_finish(struct takeover *t, struct log_ring *log)
{
	char answer[TAKEOVER_ANSWER];
	if (!takeover_is_asked(t))
		return;
	if (!takeover_ask(t, "shutdown process\n", answer))
		log_write(log, LOG_LEVEL_ERROR,
			"Process %ld, which was to be taken over, does not answer on %s: when it still runs, it gets a "
			"part of the connections. End it.",
			(long)t->process, t->path);
	else if (answer[0])
		log_write(log, LOG_LEVEL_WARNING, "Process %ld, which was to be taken over, answers: %s",
			(long)t->process, answer);
	else
		log_write(log, LOG_LEVEL_NOTICE, "Took over from process %ld, which finishes what it has.",
			(long)t->process);
	takeover_end(t);
}

void takeover_end(struct takeover *t)
{
	if (t->path && t->fd >= 0)
		close(t->fd);
	t->fd = -1;
}

/* splice(2) is Linux's own, and hidden without this. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "net/splice_pipe.h"

#include "base/invariant.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* For so long no pipe is tried to be made after one could not be. */
enum { SPLICE_RETRY_US = 1000000 };

void splice_pipes_init(struct splice_pipes *pipes)
{
	*pipes = (struct splice_pipes){.most = SPLICE_PIPES, .worth = SPLICE_WORTH};
}

static bool splice_pipe_make(struct splice_pipe *pipe)
{
	int fds[2];
	if (pipe2(fds, O_NONBLOCK | O_CLOEXEC) < 0)
		return false;
	*pipe = (struct splice_pipe){.out = fds[0], .in = fds[1]};
	/* Above the limits of pipe pages for a user it keeps the size that it has, which may be a page. */
	(void)fcntl(pipe->in, F_SETPIPE_SZ, SPLICE_PIPE_BYTES);
	int size = fcntl(pipe->in, F_GETPIPE_SZ);
	if (size >= SPLICE_PIPE_LEAST) {
		pipe->size = (uint32_t)size;
		return true;
	}
	close(pipe->out);
	close(pipe->in);
	return false;
}

static void splice_pipe_close(struct splice_pipes *pipes, struct splice_pipe *pipe)
{
	close(pipe->out);
	close(pipe->in);
	*pipe = (struct splice_pipe){0};
	pipes->made--;
}

void splice_pipes_trim(struct splice_pipes *pipes)
{
	if (pipes->spare)
		splice_pipe_close(pipes, &pipes->at[pipes->spare - 1]);
	pipes->spare = 0;
}

uint8_t splice_pipe_get(struct splice_pipes *pipes, uint64_t now_us)
{
	uint8_t number = (uint8_t)pipes->spare;
	if (number) {
		pipes->spare = 0;
		return number;
	}
	if (pipes->made >= pipes->most || now_us < pipes->retry_us)
		return 0;
	while (pipes->at[number].size)
		number++;
	if (!splice_pipe_make(&pipes->at[number])) {
		pipes->retry_us = now_us + SPLICE_RETRY_US;
		return 0;
	}
	pipes->made++;
	return (uint8_t)(number + 1);
}

void splice_pipe_put(struct splice_pipes *pipes, uint8_t number)
{
	struct splice_pipe *pipe = &pipes->at[number - 1];
	if (pipe->held || pipes->spare)
		splice_pipe_close(pipes, pipe);
	else
		pipes->spare = number;
}

ssize_t splice_pipe_fill(struct splice_pipes *pipes, uint8_t number, int socket, uint64_t limit)
{
	struct splice_pipe *pipe = &pipes->at[number - 1];
	LBD_INVARIANT(pipe->size && !pipe->held);
	size_t most = limit < pipe->size ? (size_t)limit : pipe->size;
	ssize_t got = splice(socket, NULL, pipe->in, NULL, most, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
	if (got > 0)
		pipe->held = (uint32_t)got;
	return got;
}

int splice_pipe_drain(struct splice_pipes *pipes, uint8_t number, int socket)
{
	struct splice_pipe *pipe = &pipes->at[number - 1];
	while (pipe->held) {
		ssize_t sent = splice(pipe->out, NULL, socket, NULL, pipe->held, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
		if (sent < 0)
			return errno == EAGAIN || errno == EINTR ? 0 : errno;
		/* It holds something, so this is none of the answers that splice has. */
		if (sent == 0)
			return EIO;
		pipe->held -= (uint32_t)sent;
	}
	return 0;
}

int splice_pipe_read(struct splice_pipes *pipes, uint8_t number, char *data)
{
	struct splice_pipe *pipe = &pipes->at[number - 1];
	while (pipe->held) {
		ssize_t got = read(pipe->out, data, pipe->held);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got ? errno : EIO;
		pipe->held -= (uint32_t)got;
		data += got;
	}
	return 0;
}

bool splice_pipe_is_refusal(int error)
{
	return error == EAGAIN || error == EINTR || error == EINVAL || error == ENOSYS || error == EPERM ||
	       error == ENOMEM;
}

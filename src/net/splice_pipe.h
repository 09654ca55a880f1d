/* The pipes of a loop through which splice(2) carries large bodies from socket to socket without copying them. A pipe
 * is filled and emptied inside one call and is nobody's then; only when the receiver does not take everything does it
 * stay with that receiver until it is empty. So a few are enough: when all hold something, or none can be had, bodies
 * are copied. A pipe is called by its number; 0 is none. Belongs to one loop's thread. SIGPIPE must be ignored. */
#ifndef LBD_NET_SPLICE_PIPE_H
#define LBD_NET_SPLICE_PIPE_H

#include "base/attributes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	SPLICE_PIPES = 64, /* of a loop, at most: four loops together keep below the kernel's soft limit for a user */
	SPLICE_PIPE_BYTES = 256 * 1024,
	SPLICE_PIPE_LEAST = 64 * 1024, /* a smaller pipe costs more than copying */
	SPLICE_WORTH = 64 * 1024       /* a body of which less is to come is copied: doc/performance.md */
};

_Static_assert(SPLICE_PIPES <= UINT8_MAX, "the number of a pipe is a byte");

struct splice_pipe {
	int out, in;   /* out: is read from */
	uint32_t size; /* bytes that it has room for; 0: it is not made */
	uint32_t held; /* bytes inside */
};

struct splice_pipes {
	struct splice_pipe at[SPLICE_PIPES];
	uint32_t most;     /* that are made; 0: none, everything is copied */
	uint32_t made;     /* now */
	uint32_t worth;    /* bytes; SPLICE_WORTH */
	uint32_t spare;    /* number of an empty one that is kept, 0: none */
	uint64_t retry_us; /* none could be made; not tried again before */
};

/* None is made before it is needed. */
void splice_pipes_init(struct splice_pipes *pipes);
/* Closes the empty one that is kept. */
void splice_pipes_trim(struct splice_pipes *pipes);
/* An empty pipe, or 0: all are in use, or descriptors or memory are out. */
uint8_t splice_pipe_get(struct splice_pipes *pipes, uint64_t now_us) LBD_MUST_CHECK;
/* It is not needed any more. What it still holds is lost. */
void splice_pipe_put(struct splice_pipes *pipes, uint8_t number);
/* Bytes inside; of 0, none. */
static inline uint32_t splice_pipe_held(const struct splice_pipes *pipes, uint8_t number)
{
	return number ? pipes->at[number - 1].held : 0;
}

/* Fills the empty pipe from a socket, at most limit bytes: > 0; 0: the peer sent FIN; -1: errno. */
ssize_t splice_pipe_fill(struct splice_pipes *pipes, uint8_t number, int socket, uint64_t limit) LBD_MUST_CHECK;
/* Sends until it is empty or the peer takes no more. 0, or an errno value (never EAGAIN). */
int splice_pipe_drain(struct splice_pipes *pipes, uint8_t number, int socket) LBD_MUST_CHECK;
/* Takes everything out, into memory for as many bytes as it holds. 0, or an errno value. */
int splice_pipe_read(struct splice_pipes *pipes, uint8_t number, char *data) LBD_MUST_CHECK;
/* Whether this errno value says only that splice is not possible here, or not now, and nothing of the socket. */
bool splice_pipe_is_refusal(int error);

#endif

/* A listening socket on one loop. Accepts a bounded number for each turn; out of descriptors it pauses instead of
 * spinning, and resumes when one is free. Belongs to the loop's thread. */
#ifndef LBD_NET_LISTENER_H
#define LBD_NET_LISTENER_H

#include "net/address.h"
#include "net/timer.h"

enum { LISTENER_SPARES = 4 };

struct listener {
	ev_io io;
	struct timer retry; /* after EMFILE and the like */
	struct loop *loop;
	void *owner;
	/* Takes the descriptor over. */
	void (*accepted)(struct listener *listener, int fd, const struct address *peer);
	/* May be NULL. Asked before each accept, so that a limit is never exceeded and nobody is taken in only to be
	 * sent away. False: not now; whoever says so has paused it and resumes it, or it is draining and asks again. */
	bool (*admit)(struct listener *listener);
	/* After admit said yes, nothing was accepted. exhausted: descriptors or memory are out. */
	void (*unused)(struct listener *listener, bool exhausted);
	void (*closed)(struct listener *listener); /* of listener_drain_and_close */
	uint8_t draining;                          /* step of the drain, 0: none */
	int drain_left;                            /* connections that the drain may still accept; -1: all that are queued */
	bool refused;                              /* admit's last answer was no */
	uint64_t exhausted;                        /* times that descriptors or memory were out */
	int spares[LISTENER_SPARES];               /* of listener_keep_spare; -1: none */
	bool keeps_spare;
};

enum { LISTENER_ACCEPTS_A_TURN = 16, LISTENER_RETRY_US = 50000 };

/* Takes fd over and starts to accept. */
void listener_open(struct listener *l, struct loop *loop, int fd,
	void (*accepted)(struct listener *listener, int fd, const struct address *peer), void *owner);
void listener_pause(struct listener *l);
void listener_resume(struct listener *l);
/* Resumes, and accepts now what waits, up to the number for a turn. */
void listener_resume_now(struct listener *l);
/* Keeps descriptors back, which a client may have when all others are taken: several, since another thread may be
 * faster with the one that is let go. Also called when a client has gone, to get it back. */
void listener_keep_spare(struct listener *l);
/* Accepts what is queued, without losing a connection that the kernel already acknowledged, then closes: a filter drops
 * new SYNs first, because closing a SO_REUSEPORT socket resets what is in its queue. Takes some ms, and as long as
 * admit says no; closed is called then. */
void listener_drain_and_close(struct listener *l, void (*closed)(struct listener *listener));
/* Closes at once. */
void listener_close(struct listener *l);

#endif

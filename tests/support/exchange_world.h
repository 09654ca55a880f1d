/* One worker with its frontends and servers, without a thread: its loop is turned by hand and its clock is a number, so
 * that a script decides what happens in which turn. The other ends of all connections are plain descriptors. Used by
 * fuzz_exchange and unit tests. */
#ifndef LBD_TESTS_EXCHANGE_WORLD_H
#define LBD_TESTS_EXCHANGE_WORLD_H

#include "proxy/session.h"

enum { WORLD_FRONTENDS = 3 }; /* http, http with everything switched on, tcp */

struct exchange_world;

/* Made once; aborts when it cannot be made. The one server that listens is a Unix socket. */
struct exchange_world *exchange_world_create(void);
struct worker *exchange_world_worker(struct exchange_world *world);
/* A client connects to this frontend; the returned descriptor is its end, not blocking. */
int exchange_world_connect(struct exchange_world *world, unsigned frontend);
/* The other end of a connection that the worker made to the server, or -1 when none waits. */
int exchange_world_accept(struct exchange_world *world);
/* Whatever is due now, to its end. */
void exchange_world_turn(struct exchange_world *world);
/* Called in each turn where the loop may sleep: behind all that was sent, ahead of what is heard. NULL: nothing is. */
void exchange_world_before_sleep(struct exchange_world *world, void (*hook)(void *context), void *context);
/* The clock goes on, and what became due expires in a turn of its own. */
void exchange_world_pass(struct exchange_world *world, uint64_t us);
/* While stopping no session begins a new request; off again for the next run. */
void exchange_world_stop(struct exchange_world *world);
/* Every other end is closed: sessions, exchanges and upstreams must all end within some turns and some hours. Aborts,
 * saying what is left, when they do not. Afterwards the world is as new. */
void exchange_world_settle(struct exchange_world *world);

#endif

/* What the tests of net share: a loop that never runs for ever, and connected sockets. */
#ifndef LBD_TESTS_NET_SUPPORT_H
#define LBD_TESTS_NET_SUPPORT_H

#include "net/loop.h"

void net_loop_open(struct loop *loop, void *owner);
/* Runs until loop_stop; the test fails after 5 s. */
void net_loop_run(struct loop *loop);
/* Runs for ms. */
void net_loop_run_for(struct loop *loop, unsigned ms);
/* Two connected TCP sockets on the loopback, non-blocking. */
void net_tcp_pair(int fds[2]);
/* Two connected Unix sockets, non-blocking. */
void net_unix_pair(int fds[2]);

#endif

/* Making sockets: non-blocking, close-on-exec, with the options that a proxy wants. Errors are errno values. */
#ifndef LBD_NET_SOCKET_H
#define LBD_NET_SOCKET_H

#include "net/address.h"

/* A bound socket, which nobody can connect to before listen(); -1 and errno. reuse_port: one of several for the same
 * address, one for each worker. A stale Unix socket file is replaced when nobody answers on it. */
int socket_bind(const struct address *a, bool reuse_port) LBD_MUST_CHECK;
/* The same, listening. */
int socket_listen(const struct address *a, bool reuse_port, int backlog) LBD_MUST_CHECK;
/* Begins to connect; -1 and errno. *done: connected already (Unix sockets). */
int socket_connect(const struct address *a, bool *done) LBD_MUST_CHECK;
/* The same for who only asks whether somebody listens: the last ACK of the handshake waits a while, so that a reset on
 * close (socket_reset_on_close) at once leaves nothing for the server's program to accept. Of Unix sockets it sees a
 * connection that ends. */
int socket_knock(const struct address *a, bool *done) LBD_MUST_CHECK;
/* The next client; -1 and errno (EAGAIN: none). It has the options of its listener, those against delays among them. */
int socket_accept(int listener, struct address *peer) LBD_MUST_CHECK;
/* This machine has no descriptor or memory for one more: no other address would do better. */
bool socket_is_short_of(int error);
/* Error of a connect that ended, 0 when it succeeded. */
int socket_error(int fd);
void socket_local_address(int fd, struct address *out);
/* Its number in the kernel's tables; 0 when it cannot be told. */
uint64_t socket_inode(int fd);
/* Bytes that were sent and that the peer has not taken yet (Unix sockets: with what the kernel needs to hold them). */
uint32_t socket_unacknowledged(int fd);
/* recv and send that never wait and raise no signal; -1 and errno. */
ssize_t socket_receive(int fd, void *data, size_t n) LBD_MUST_CHECK;
ssize_t socket_send(int fd, const void *data, size_t n) LBD_MUST_CHECK;
/* What came is dropped: the bytes, at most n, that there were; scratch has room for as many. */
ssize_t socket_discard(int fd, void *scratch, size_t n) LBD_MUST_CHECK;
/* close() will send RST instead of FIN: the peer must see that something is missing. */
void socket_reset_on_close(int fd);
/* Connections wait in this listening socket to be accepted. */
bool socket_has_queued(int fd);
/* How many do, on a listening TCP socket; -1 where the kernel does not tell. */
int socket_queued(int fd);
/* Bytes stand in it right now, looked at without taking them. */
bool socket_has_input(int fd);
/* The same, or an end, or an error. */
bool socket_is_readable(int fd);

#endif

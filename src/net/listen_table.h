/* The TCP sockets of this machine that listen, as the kernel knows them. SO_REUSEPORT, which our workers need among
 * themselves, lets a second daemon of the same user in too, and the kernel then gives each of them a part of the
 * connections: so it has to be asked who is there. Control, before the threads start. */
#ifndef LBD_NET_LISTEN_TABLE_H
#define LBD_NET_LISTEN_TABLE_H

#include "net/address.h"

struct listen_row {
	struct address address;
	uint64_t inode;
};

struct listen_table {
	int fds[2]; /* of /proc, so that it can be read when that is out of reach */
	struct listen_row *rows;
	uint32_t count, capacity;
};

/* False and errno: it cannot be known who listens. */
bool listen_table_open(struct listen_table *t) LBD_MUST_CHECK;
/* What listens now. False and errno. */
bool listen_table_read(struct listen_table *t) LBD_MUST_CHECK;
/* The inode of a socket that takes a part of the connections to a, and is none of ours (sorted inodes); 0: none. */
uint64_t listen_table_find(const struct listen_table *t, const struct address *a, const uint64_t *ours, size_t count);
void listen_table_close(struct listen_table *t);
/* " (process PID, NAME)" of a process that has this socket open; "" when it cannot be found. Reads all of /proc: for a
 * message. */
void listen_table_describe_owner(uint64_t inode, char *out, size_t size);

#endif

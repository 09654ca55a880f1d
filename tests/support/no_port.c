/* Preloaded into the daemon: while the file that NO_PORT_FILE names is there, no local port is left for connections to the
 * TCP ports that stand in it. To run out of them for real takes 28,000 connections, or a network of one's own. */
#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

static int no_port_for(const struct sockaddr *address)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)address;
	const char *name = getenv("NO_PORT_FILE");
	FILE *file = address->sa_family == AF_INET && name ? fopen(name, "re") : NULL;
	unsigned port = 0;
	int found = 0;
	while (file && !found && fscanf(file, "%u", &port) == 1)
		found = port == ntohs(in->sin_port);
	if (file)
		fclose(file);
	return found;
}

__attribute__((visibility("default"))) int connect(int fd, const struct sockaddr *address, socklen_t length)
{
	union {
		void *found;
		int (*connect)(int, const struct sockaddr *, socklen_t);
	} next = {dlsym(RTLD_NEXT, "connect")};
	if (no_port_for(address)) {
		errno = EADDRNOTAVAIL;
		return -1;
	}
	return next.connect(fd, address, length);
}

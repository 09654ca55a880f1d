/* Tells the service manager about our state, as sd_notify does; nothing happens without NOTIFY_SOCKET. Control only. */
#ifndef LBD_APP_NOTIFY_H
#define LBD_APP_NOTIFY_H

struct notify {
	int fd; /* connected; -1: nobody wants to know */
};

/* Before the process cannot find the socket any more. */
void notify_begin(struct notify *n);
/* state: "READY=1", "STOPPING=1". */
void notify_manager(const struct notify *n, const char *state);
void notify_end(struct notify *n);

#endif

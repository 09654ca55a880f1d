/* Tells the service manager how far we are: sd_notify's datagram (sd_notify(3), systemd). Control only. */
#ifndef LBD_APP_NOTIFY_H
#define LBD_APP_NOTIFY_H

/* state: e.g. "READY=1". Does nothing when NOTIFY_SOCKET is not set. */
void notify_manager(const char *state);

#endif

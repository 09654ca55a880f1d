/* What session.c and session_peer.c share. Included by these two only. Own worker only. */
#ifndef LBD_PROXY_SESSION_PARTS_H
#define LBD_PROXY_SESSION_PARTS_H

#include "proxy/session.h"

/* session_peer.c */
/* Its connections have to begin with a PROXY header. */
bool session_owes_proxy_header(const struct config_peers *who, const struct address *peer);
/* In SESSION_PROXY: takes the header when it is here, and goes on with what is behind it. */
void session_take_proxy(struct session *s);
/* There is none, or it cannot be used; detail: a literal. */
void session_refuse_proxy(struct session *s, const char *detail);

/* session.c: the time for a head begins. */
void session_time_head(struct session *s);
/* session.c: the connection is in a state to be used. */
void session_begin_tunnel(struct session *s);
void session_continue(struct session *s);

#endif

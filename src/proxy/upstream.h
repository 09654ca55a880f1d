/* One connection to a server: made, lent to one exchange at a time, idle in between. Own worker only. */
#ifndef LBD_PROXY_UPSTREAM_H
#define LBD_PROXY_UPSTREAM_H

#include "http/head.h"
#include "net/channel.h"
#include "proxy/worker.h"

struct exchange;
struct session;

enum upstream_state { UPSTREAM_CONNECTING, UPSTREAM_READY, UPSTREAM_IDLE, UPSTREAM_ENDED };

struct upstream {
	struct channel channel;
	struct worker *worker;
	struct server *server;
	struct exchange *exchange; /* NULL while idle */
	struct session *session;   /* that alone may use it; NULL: any may */
	struct list link;          /* in one of the server's idle lists */
	struct timeout timeout;    /* idle */
	struct doomed doomed;
	struct server_route route; /* the address of the server that it goes to */
	struct http_scan scan; /* of the response head that is being received */
	uint64_t sent_before;  /* bytes that left and are answered: the server has read them */
	uint64_t idle_us;      /* how long it was idle before it was given to this exchange */
	uint32_t keeps_s;      /* how long the server keeps it idle, as an answer on it said; 0: none did */
	uint32_t requests;     /* given to it so far */
	uint8_t state;         /* enum upstream_state */
	bool reused : 1;       /* was idle before this exchange */
	bool eof : 1;          /* the server sent FIN */
	bool failed : 1;       /* receiving failed: nothing more can come */
	bool unsendable : 1;   /* sending failed: an answer may still be here */
	bool announced : 1;    /* it began with a PROXY header */
	bool bound : 1;        /* what its session said on it may have authenticated it: for nobody else any more */
	bool early : 1;        /* its last answer began before the request had ended */
	bool doubtful : 1;     /* its last answer was one behind which servers close without a word */
	int error;             /* errno of a connect that failed */
};

/* An idle one of this server that this exchange may use, or NULL. once: it must not be sent twice, so that only one
 * will do which there is reason to trust. */
struct upstream *upstream_reuse(struct worker *w, struct server *server, struct exchange *x, bool once) LBD_MUST_CHECK;
/* Begins a connection. NULL: errno says why. */
struct upstream *upstream_connect(struct worker *w, struct server *server, struct exchange *x) LBD_MUST_CHECK;
/* Its connect took too long: another address of the server is tried first from now on. */
void upstream_blame_address(const struct upstream *u);
/* A new one tells the server who the client is, when the backend has send_proxy; before anything else is written. False
 * when memory is out. */
bool upstream_announce(struct upstream *u, struct session *s) LBD_MUST_CHECK;
/* The exchange is done with it: request and response were complete. keeps: the server keeps the connection. */
void upstream_release(struct upstream *u, bool keeps);
/* Closes at once. With RST where nothing is outstanding: the side that closes first with FIN gives up the local port for
 * a minute, and clients can make that happen as often as they like. */
void upstream_close(struct upstream *u);
/* The same with RST in any case: the server must not take the end of what it got for the end of what was meant. */
void upstream_cut(struct upstream *u);
/* Bytes of the server stand in the socket of a connection that nothing was sent on. */
bool upstream_has_spoken(const struct upstream *u);
/* Something was written for this exchange, and nothing of it has left: all of it is still in the channel. */
bool upstream_unsent(const struct upstream *u);

#endif

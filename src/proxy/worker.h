/* What the data path of one worker owns: its loop, pools and open sessions. Everything that hangs on it lives and dies
 * on this thread; app makes the thread and the listeners. */
#ifndef LBD_PROXY_WORKER_H
#define LBD_PROXY_WORKER_H

#include "base/pool.h"
#include "base/random.h"
#include "http/message.h"
#include "net/listener.h"
#include "proxy/access_log.h"
#include "proxy/frontend.h"
#include "proxy/reason.h"
#include "rules/pattern.h"

enum { WORKER_RESPONSE_FIELDS = 256, WORKER_RESPONSE_HEAD = 64 * 1024 };

struct limits; /* admission.h */

struct worker {
	struct loop loop;
	uint32_t index;
	struct log_ring *log;
	struct random random;
	struct pattern_scratch *patterns;
	uint64_t rule_steps; /* what rules have cost so far */
	struct pool sessions, exchanges, upstreams, waiters;
	struct list open_sessions; /* oldest first */
	uint32_t session_count;
	uint64_t session_serial;     /* of the newest session */
	struct list session_cursors; /* session_walk.h */
	uint32_t grants_due; /* slots on their way to exchanges that have ended; each is passed on when it comes */
	struct http_field response_fields[WORKER_RESPONSE_FIELDS]; /* of the response head that is being parsed */
	struct access_date log_date;
	char log_line[ACCESS_LOG_LINE_MAX];
	struct limits *limits;             /* of the process; never NULL */
	uint64_t room_made_us;             /* when descriptors ran short the last time */
	bool hurried;                      /* while stopping: idle sessions were told before the listeners are closed */
	bool stopping;                     /* no new requests: sessions end as they become idle */
	void (*emptied)(struct worker *w); /* while stopping: the last session ended, or the last grant came */
	void *app;
};

/* One address of one frontend; shared by the workers' listeners on it. Made before the workers start. */
struct bind_point {
	struct frontend *frontend;
	struct address address;
	char port[6]; /* as text, for X-Forwarded-Port */
	uint8_t port_length;
};

/* The loop must run already. False when memory is out. Pools are empty at the end. */
bool worker_proxy_init(struct worker *w) LBD_MUST_CHECK;
void worker_proxy_end(struct worker *w);
/* A listener's accepted callback; listener->owner is a struct worker_listener. */
struct worker_listener {
	struct listener listener;
	struct worker *worker;
	struct bind_point *bind;
	struct place_waiter waiter;
	struct places *held; /* a place that was granted and is not used yet; NULL else */
	struct mail mail;    /* tells of a grant */
	_Atomic bool posted; /* mail is on its way */
	struct timer look;   /* while it waits: whether a session has become idle */
};
void worker_accepted(struct listener *listener, int fd, const struct address *peer);
/* Idle sessions end soon, exchanges in flight finish with Connection: close; emptied is called when none is left. */
void worker_stop_sessions(struct worker *w);
/* Ends every session now. */
void worker_kill_sessions(struct worker *w, enum reason reason);

#endif

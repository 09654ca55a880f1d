/* Probers: each server has one, with a timer for the next probe, a timer for the running one, and at most one
 * connection. What a probe found is handed to check_result_apply and forgotten. */
#include "backend/probe.h"

#include "backend/probe_places.h"
#include "backend/probe_target.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/text.h"
#include "net/channel.h"
#include "net/proxy_header.h"
#include "net/socket.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* Prompt: a probe that takes longer is a slow one, whatever it ends in (probe_places.h). Late: a deadline that is noticed
 * so much later says that we were stopped or starved, and nothing of the server. */
enum { PROBE_PROMPT_US = 100000, PROBE_LATE_US = 500000 };

struct prober {
	struct channel channel; /* first: the channel's owner is found from it */
	struct probe_set *set;
	struct probe_target *target;
	struct server *server;
	struct timer due;      /* the next probe */
	struct timer deadline; /* of the running one */
	struct list waiting;   /* for a place */
	struct server_route route; /* of the running one */
	uint64_t began_us;
	uint32_t generation; /* of the server's state when the probe began */
	bool running, connected, answered;
	bool slow;                 /* this probe is, or the last one was: whose place it takes */
	struct probe_reply *reply; /* of a running HTTP probe */
	struct probe_talk *talk;   /* of one that says and expects something else */
};

struct probe_set {
	struct loop *loop;
	struct probe_target *targets; /* one for each backend with a check */
	struct prober *probers;
	uint32_t target_count, prober_count;
	struct probe_places places;
	bool starting; /* probes that wait are being started */
	struct pattern_scratch *scratch;
	struct random random;
};

static void prober_on_due(struct timer *timer);
static void prober_begin(struct prober *p);
static void prober_on_connected(struct channel *c, int error);
static void prober_on_readable(struct channel *c);
static void prober_on_failed(struct channel *c, int error);
static void prober_on_deadline(struct timer *timer);
static void prober_finish(struct prober *p, struct check_result *result);

static void prober_on_drained(struct channel *c)
{
}

static const struct channel_owner prober_owner = {
	.readable = prober_on_readable,
	.connected = prober_on_connected,
	.drained = prober_on_drained,
	.failed = prober_on_failed,
};

static const struct config_check *prober_conf(const struct prober *p)
{
	return &atomic_load_explicit(&p->target->backend->conf, memory_order_relaxed)->check;
}

/* Slow while it is surely up or down, fast in between. */
static uint64_t prober_interval(const struct prober *p)
{
	const struct config_check *conf = prober_conf(p);
	unsigned counter = p->server->check.counter;
	if (p->server->admin == SERVER_MAINT || counter + 1 >= conf->rise + conf->fall)
		return conf->interval;
	return counter == 0 ? conf->down_interval : conf->fast_interval;
}

static void prober_schedule(struct prober *p, uint64_t since_us)
{
	uint64_t interval = prober_interval(p), jitter = interval / 100 * prober_conf(p)->jitter;
	uint64_t at = since_us + interval - jitter, now = clock_monotonic_us();
	if (jitter)
		at += random_next(&p->set->random) % (2 * jitter + 1);
	timer_start(&p->due, at > now ? at - now : 0, 0);
}

static void prober_on_due(struct timer *timer)
{
	struct prober *p = (struct prober *)((char *)timer - offsetof(struct prober, due));
	if (p->server->admin == SERVER_MAINT || !server_is_resolved(p->server))
		prober_schedule(p, clock_monotonic_us());
	else if (probe_places_take(&p->set->places, &p->target->places, p->slow))
		prober_begin(p);
	else
		probe_places_wait(&p->set->places, &p->target->places, p->slow, &p->waiting);
}

/* What keeps us from asking is not the server's fault. */
static void prober_fail(struct prober *p, enum check_status status, int error)
{
	bool own = error == EADDRNOTAVAIL || socket_is_short_of(error);
	struct check_result result = {.verdict = own ? CHECK_NEUTRAL : CHECK_FAILED,
		.status = own ? CHECK_STATUS_SOCKERR : status,
		.text = error ? strerror(error) : NULL};
	prober_finish(p, &result);
}

/* Of the part of the probe that the deadline's timer measures next. */
static uint64_t prober_time_left(const struct prober *p)
{
	uint64_t most = prober_conf(p)->timeout, took = clock_monotonic_us() - p->began_us;
	if (!p->slow && most > PROBE_PROMPT_US)
		most = PROBE_PROMPT_US;
	return most > took ? most - took : 0;
}

static unsigned prober_send_proxy(const struct prober *p)
{
	return atomic_load_explicit(&p->target->backend->conf, memory_order_relaxed)->send_proxy;
}

/* To the address of the route, or to the next that does not refuse at once. Negative: errno says why. */
static int prober_connect(struct prober *p, bool *done)
{
	const struct config_check *conf = prober_conf(p);
	bool knock = conf->type == CONFIG_CHECK_TCP && !p->target->script.count && !prober_send_proxy(p);
	int fd;
	do {
		struct address address = *server_route_address(p->server, p->route);
		if (conf->port)
			address_set_port(&address, (uint16_t)conf->port);
		fd = knock ? socket_knock(&address, done) : socket_connect(&address, done);
	} while (fd < 0 && !socket_is_short_of(errno) && server_route_next(p->server, &p->route));
	return fd;
}

static void prober_begin(struct prober *p)
{
	bool done;
	p->running = true;
	p->connected = p->answered = false;
	p->server->check.in_flight = true;
	p->began_us = clock_monotonic_us();
	p->generation = p->server->check.generation;
	p->route = server_route_begin(p->server);
	int fd = prober_connect(p, &done);
	if (fd < 0) {
		prober_fail(p, CHECK_STATUS_L4CON, errno);
		return;
	}
	channel_open(&p->channel, p->set->loop, fd, &prober_owner, !done);
	timer_start(&p->deadline, prober_time_left(p), 0);
	if (done)
		prober_on_connected(&p->channel, 0);
}

/* A name is up when one of its addresses is. False: none is left. */
static bool prober_try_next_address(struct prober *p)
{
	bool done;
	if (!server_route_next(p->server, &p->route))
		return false;
	int fd = prober_connect(p, &done);
	if (fd < 0)
		return false;
	channel_close(&p->channel, true);
	channel_open(&p->channel, p->set->loop, fd, &prober_owner, !done);
	if (done)
		prober_on_connected(&p->channel, 0);
	return true;
}

/* A server that expects a PROXY header gets one: LOCAL in version 2, and in version 1, where some refuse UNKNOWN, the
 * addresses of the probe itself (proxy-protocol.txt 2.1). False: memory is out. */
static bool prober_announce(struct prober *p)
{
	unsigned version = prober_send_proxy(p);
	char header[PROXY_HEADER_WRITE_MAX];
	struct address self;
	if (!version)
		return true;
	socket_local_address(p->channel.io.fd, &self);
	size_t n = proxy_header_write(header, version, version == 1 ? &self : NULL, server_address(p->server));
	return channel_write(&p->channel, header, n);
}

static void prober_ask(struct prober *p)
{
	struct text request = {0};
	p->reply = malloc(sizeof *p->reply);
	probe_target_request(p->target, p->server, &request);
	if (!p->reply || request.failed) {
		text_free(&request);
		prober_fail(p, CHECK_STATUS_SOCKERR, ENOMEM);
		return;
	}
	probe_reply_init(p->reply, p->target->method, p->target->body != NULL);
	/* What is this small waits for the end of the turn, so that only memory can be missing now. */
	bool written = channel_write(&p->channel, request.data, request.n);
	text_free(&request);
	if (!written)
		prober_fail(p, CHECK_STATUS_SOCKERR, ENOMEM);
}

/* Of answers in binary, the words in them tell what it is. */
static void prober_quote(const struct probe_talk *talk, char *out, size_t size)
{
	size_t n = (size_t)snprintf(out, size, "unexpected answer: ");
	for (uint32_t i = 0; i < talk->n && n + 1 < size; i++)
		if (talk->data[i] >= ' ' && talk->data[i] < 0x7f)
			out[n++] = talk->data[i];
	out[n] = '\0';
}

static void prober_talk(struct prober *p, bool ended)
{
	struct check_result result = {.verdict = CHECK_PASSED,
		.status = p->target->script.expects ? CHECK_STATUS_L7OK : CHECK_STATUS_L4OK};
	char said[sizeof p->server->check.text];
	struct text out = {0};
	enum probe_talk_result state = probe_talk_go(p->talk, p->set->scratch, ended, &out);
	bool written = !out.failed && (!out.n || channel_write(&p->channel, out.data, out.n));
	text_free(&out);
	if (!written) {
		prober_fail(p, CHECK_STATUS_SOCKERR, ENOMEM);
		return;
	}
	if (state == PROBE_TALK_MORE)
		return;
	if (state == PROBE_TALK_BAD) {
		prober_quote(p->talk, said, sizeof said);
		result = (struct check_result){.verdict = CHECK_FAILED,
			.status = CHECK_STATUS_L7RSP,
			.text = p->talk->n ? said : "closed without an answer"};
	}
	/* A proper end, behind the last words. */
	p->answered = true;
	channel_flush(&p->channel);
	prober_finish(p, &result);
}

static void prober_begin_talk(struct prober *p)
{
	p->talk = calloc(1, sizeof *p->talk);
	if (!p->talk) {
		prober_fail(p, CHECK_STATUS_SOCKERR, ENOMEM);
		return;
	}
	p->talk->script = &p->target->script;
	prober_talk(p, false);
}

static void prober_on_answer(struct prober *p)
{
	struct probe_talk *talk = p->talk;
	ssize_t got = channel_read(&p->channel, talk->data + talk->n, sizeof talk->data - talk->n);
	if (got == CHANNEL_AGAIN)
		return;
	if (got == CHANNEL_ERROR) {
		prober_fail(p, CHECK_STATUS_L7RSP, errno);
		return;
	}
	talk->n += got > 0 ? (uint32_t)got : 0;
	prober_talk(p, got == CHANNEL_CLOSED);
}

static void prober_on_connected(struct channel *c, int error)
{
	struct prober *p = (struct prober *)c;
	struct check_result result = {.verdict = CHECK_PASSED, .status = CHECK_STATUS_L4OK};
	if (error) {
		if (!prober_try_next_address(p))
			prober_fail(p, CHECK_STATUS_L4CON, error);
		return;
	}
	server_route_worked(p->server, p->route);
	p->connected = true;
	if (!prober_announce(p)) {
		prober_fail(p, CHECK_STATUS_SOCKERR, ENOMEM);
		return;
	}
	if (p->target->script.count) {
		prober_begin_talk(p);
	} else if (prober_conf(p)->type == CONFIG_CHECK_TCP) {
		/* A reset could overtake the header, and the server would complain. */
		p->answered = channel_pending(&p->channel) != 0;
		channel_flush(&p->channel);
		prober_finish(p, &result);
	} else
		prober_ask(p);
}

/* state MORE: what is here may be enough. */
static void prober_judge_reply(struct prober *p, enum probe_reply_result state)
{
	struct check_result result = {.verdict = CHECK_FAILED, .status = CHECK_STATUS_L7RSP, .text = p->reply->fault};
	if (state == PROBE_REPLY_MORE && !p->reply->head_done)
		return;
	if (p->reply->head_done)
		result.code = p->reply->response.status;
	p->answered = state == PROBE_REPLY_DONE;
	if (state != PROBE_REPLY_BAD &&
		!probe_target_judge(p->target, p->set->scratch, p->reply, p->answered, &result))
		return;
	prober_finish(p, &result);
}

static void prober_on_readable(struct channel *c)
{
	struct prober *p = (struct prober *)c;
	if (p->talk) {
		prober_on_answer(p);
		return;
	}
	ssize_t got = channel_read(c, p->set->loop->scratch, LOOP_SCRATCH);
	if (got == CHANNEL_AGAIN)
		return;
	if (got == CHANNEL_ERROR) {
		prober_fail(p, CHECK_STATUS_L7RSP, errno);
		return;
	}
	prober_judge_reply(p, got == CHANNEL_CLOSED
				      ? probe_reply_end(p->reply)
				      : probe_reply_feed(p->reply, p->set->loop->scratch, (size_t)got));
}

static void prober_on_failed(struct channel *c, int error)
{
	prober_fail((struct prober *)c, CHECK_STATUS_L7RSP, error);
}

/* Ends the running probe. A reset tells the server at once that nobody waits, and leaves no port in TIME_WAIT; one that
 * answered properly gets a proper end. */
static void prober_abandon(struct prober *p)
{
	p->running = false;
	p->server->check.in_flight = false;
	timer_stop(&p->deadline);
	if (channel_is_open(&p->channel))
		channel_close(&p->channel, !p->answered);
	free(p->reply);
	free(p->talk);
	p->reply = NULL;
	p->talk = NULL;
}

static void prober_drop(struct prober *p)
{
	if (!p->running)
		return;
	prober_abandon(p);
	probe_places_give(&p->set->places, &p->target->places, p->slow);
}

/* A probe can end at once, and then comes back to here: the loop that runs already goes on with the next one. */
static void prober_begin_waiting(struct probe_set *set)
{
	if (set->starting)
		return;
	set->starting = true;
	for (struct list *next; (next = probe_places_next(&set->places));)
		prober_on_due(&((struct prober *)((char *)next - offsetof(struct prober, waiting)))->due);
	set->starting = false;
}

/* A prompt one gives its place to the next. As a slow one it goes on where there is room for it; else it is asked again
 * when there is. */
static void prober_slow_down(struct prober *p)
{
	struct probe_set *set = p->set;
	probe_places_give(&set->places, &p->target->places, false);
	p->slow = true;
	if (probe_places_take(&set->places, &p->target->places, true)) {
		timer_start(&p->deadline, prober_time_left(p), 0);
	} else {
		prober_abandon(p);
		probe_places_wait(&set->places, &p->target->places, true, &p->waiting);
	}
	prober_begin_waiting(set);
}

static void prober_on_deadline(struct timer *timer)
{
	struct prober *p = (struct prober *)((char *)timer - offsetof(struct prober, deadline));
	if (!p->slow && prober_conf(p)->timeout > PROBE_PROMPT_US) {
		prober_slow_down(p);
		return;
	}
	uint64_t took_us = clock_monotonic_us() - p->began_us;
	if (!p->connected)
		server_route_failed(p->server, p->route);
	struct check_result result = {
		.verdict = CHECK_FAILED, .status = p->connected ? CHECK_STATUS_L7TOUT : CHECK_STATUS_L4TOUT};
	if (took_us > prober_conf(p)->timeout + PROBE_LATE_US)
		result = (struct check_result){.verdict = CHECK_NEUTRAL,
			.status = CHECK_STATUS_SOCKERR,
			.text = "the balancer itself was late"};
	prober_finish(p, &result);
}

static void prober_finish(struct prober *p, struct check_result *result)
{
	char text[sizeof p->server->check.text];
	/* The text may stand in the reply, which goes first: the doors below may end in anything. */
	snprintf(text, sizeof text, "%s", result->text ? result->text : "");
	result->text = text;
	result->duration_us = clock_monotonic_us() - p->began_us;
	prober_drop(p);
	p->slow = result->duration_us > PROBE_PROMPT_US;
	if (p->generation == p->server->check.generation && p->server->admin != SERVER_MAINT)
		check_result_apply(p->server, result);
	prober_schedule(p, p->began_us);
	prober_begin_waiting(p->set);
}

static void prober_init(struct prober *p, struct probe_set *set, struct probe_target *target, struct server *s)
{
	*p = (struct prober){.set = set, .target = target, .server = s};
	p->channel.io.fd = -1;
	list_init(&p->waiting);
	timer_init(&p->due, set->loop, prober_on_due);
	timer_init(&p->deadline, set->loop, prober_on_deadline);
	/* Server i of n starts at i/n of the interval, so that they are never asked all at once. */
	timer_start(&p->due, prober_conf(p)->interval * s->index / target->backend->server_count, 0);
}

static bool probe_set_add(struct probe_set *set, struct backend *b, char *error, size_t error_size)
{
	struct probe_target *target = &set->targets[set->target_count];
	if (atomic_load_explicit(&b->conf, memory_order_relaxed)->check.type == CONFIG_CHECK_NONE)
		return true;
	set->target_count++;
	if (!probe_target_init(target, b, error, error_size))
		return false;
	for (uint32_t i = 0; i < b->server_count; i++)
		prober_init(&set->probers[set->prober_count++], set, target, b->servers[i]);
	return true;
}

struct probe_set *probe_set_start(
	struct backend_host *host, struct backend **backends, uint32_t count, char *error, size_t error_size)
{
	size_t servers = 0;
	for (uint32_t i = 0; i < count; i++)
		servers += backends[i]->server_count;
	struct probe_set *set = calloc(1, sizeof *set);
	if (!set) {
		snprintf(error, error_size, "out of memory");
		return NULL;
	}
	set->loop = host->loop;
	set->random.state = host->seed;
	probe_places_init(&set->places);
	set->targets = calloc(count + 1, sizeof *set->targets);
	set->probers = calloc(servers + 1, sizeof *set->probers);
	set->scratch = pattern_scratch_create();
	bool ok = set->targets && set->probers && set->scratch;
	if (!ok)
		snprintf(error, error_size, "out of memory");
	for (uint32_t i = 0; ok && i < count; i++)
		ok = probe_set_add(set, backends[i], error, error_size);
	if (ok)
		return set;
	probe_set_stop(set);
	return NULL;
}

void probe_set_stop(struct probe_set *set)
{
	if (!set)
		return;
	for (uint32_t i = 0; i < set->prober_count; i++) {
		prober_drop(&set->probers[i]);
		timer_stop(&set->probers[i].due);
	}
	for (uint32_t i = 0; i < set->target_count; i++)
		probe_target_end(&set->targets[i]);
	pattern_scratch_free(set->scratch);
	free(set->targets);
	free(set->probers);
	free(set);
}

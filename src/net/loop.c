#include "net/loop.h"

#include "base/clock.h"
#include "base/invariant.h"
#include "net/channel.h"

#include <stdio.h>
#include <stdlib.h>

/* Descriptors are given back soon, and not made anew for each piece of a body that comes in pieces. */
enum { LOOP_PIPE_US = 1000000 };

/* libev takes 64 events in a turn at first. */
enum { LOOP_EVENTS = 64 };

/* libev calls this before it may sleep: the thread holds no snapshot from here on. */
static void loop_on_release(struct ev_loop *ev) EV_NOEXCEPT
{
	struct loop *loop = ev_userdata(ev);
	LBD_INVARIANT(list_empty(&loop->unflushed) && list_empty(&loop->failed) && !loop->doomed);
	if (loop->reader)
		quiesce_leave(loop->reader);
}

static void loop_on_acquire(struct ev_loop *ev) EV_NOEXCEPT
{
	struct loop *loop = ev_userdata(ev);
	if (loop->reader)
		quiesce_enter(loop->reader);
	loop->now_us = clock_monotonic_us();
	loop->turns++;
}

static struct channel *loop_first_channel(struct list *list)
{
	return (struct channel *)((char *)list->next - offsetof(struct channel, link));
}

static void loop_flush(struct loop *loop)
{
	while (!list_empty(&loop->unflushed) || !list_empty(&loop->failed)) {
		while (!list_empty(&loop->unflushed))
			channel_flush(loop_first_channel(&loop->unflushed));
		if (!list_empty(&loop->failed))
			channel_report_failure(loop_first_channel(&loop->failed));
	}
}

static void loop_free_doomed(struct loop *loop)
{
	while (loop->doomed) {
		struct doomed *doomed = loop->doomed;
		loop->doomed = doomed->next;
		doomed->free_it(doomed, loop->owner);
	}
}

/* Each goes on once, whatever it adds: what is left then waits for another turn, after the events of that one. */
static LBD_COLD void loop_go_on(struct loop *loop)
{
	struct list end;
	list_append(&loop->later, &end);
	for (struct list *link; (link = loop->later.next) != &end;) {
		list_remove(link);
		loop->go_on(link);
	}
	list_remove(&end);
	if (list_empty(&loop->later))
		ev_idle_stop(loop->ev, &loop->awake);
	else
		ev_idle_start(loop->ev, &loop->awake);
}

/* The end of a turn. Freeing and the hook may leave something to send or to free, so they go round until nothing waits:
 * what would be left now would sleep through epoll_wait. */
static void loop_settle(struct loop *loop)
{
	do {
		loop_flush(loop);
		loop_free_doomed(loop);
	} while (!list_empty(&loop->unflushed) || !list_empty(&loop->failed));
}

static void loop_end_turn(struct loop *loop)
{
	loop_settle(loop);
	if (!list_empty(&loop->later) || ev_is_active(&loop->awake))
		loop_go_on(loop);
	if (loop->end_of_turn)
		loop->end_of_turn(loop);
	loop_settle(loop);
}

/* Before any event of this turn. A turn that was full makes libev take more in the next one, so it always has room for
 * one more than it ever took: only a turn with more events than any before may have left some behind. */
static void loop_on_begin(struct ev_loop *ev, ev_check *w, int revents)
{
	struct loop *loop = ev_userdata(ev);
	uint32_t events = ev_pending_count(ev) - (ev_is_pending(&loop->expiry) ? 1 : 0);
	loop->behind = events > loop->most_events;
	/* Mail that came while the loop was awake is pending without an event. */
	events -= loop->behind && ev_async_pending(&loop->wake) ? 1 : 0;
	if (loop->behind && events > loop->most_events)
		loop->most_events = events;
}

static void loop_on_prepare(struct ev_loop *ev, ev_prepare *w, int revents)
{
	loop_end_turn(ev_userdata(ev));
}

static void loop_on_awake(struct ev_loop *ev, ev_idle *w, int revents)
{
	/* what there is to do is done at the end of the turn */
}

static void loop_on_wake(struct ev_loop *ev, ev_async *w, int revents)
{
	struct loop *loop = ev_userdata(ev);
	for (struct mail *mail = mailbox_take(&loop->mailbox), *next; mail; mail = next) {
		next = mail->next;
		mail->deliver(mail, loop->owner);
	}
}

static void loop_on_expiry(struct ev_loop *ev, ev_timer *w, int revents)
{
	timeouts_expire(ev_userdata(ev));
}

/* Between LOOP_PIPE_US and twice that after its last use: so a use costs no timer. */
static void loop_on_pipe_unused(struct timeout *t)
{
	struct loop *loop = (struct loop *)((char *)t - offsetof(struct loop, spare_pipe));
	if (loop->pipe_used && loop->pipes.spare)
		timeout_start(loop, t, LOOP_PIPE_US);
	else
		splice_pipes_trim(&loop->pipes);
	loop->pipe_used = false;
}

static void loop_on_rebuilt(struct ev_loop *ev, ev_fork *w, int revents)
{
	struct loop *loop = ev_userdata(ev);
	loop->rebuilds++;
}

/* libev grows its table of descriptors when it meets a higher one, and aborts when it cannot; so it meets the highest
 * now. A watcher that was stopped again before the loop ran costs no system call. */
static void loop_make_room(struct loop *loop, int expected_fds)
{
	ev_io highest;
	ev_io_init(&highest, NULL, expected_fds > 0 ? expected_fds - 1 : 0, EV_READ);
	ev_io_start(loop->ev, &highest);
	ev_io_stop(loop->ev, &highest);
}

bool loop_init(struct loop *loop, void *owner, struct quiesce_reader *reader, int expected_fds)
{
	*loop = (struct loop){.owner = owner, .reader = reader, .now_us = clock_monotonic_us()};
	list_init(&loop->unflushed);
	list_init(&loop->failed);
	list_init(&loop->later);
	timeouts_init(&loop->timeouts);
	splice_pipes_init(&loop->pipes);
	timeout_init(&loop->spare_pipe, loop_on_pipe_unused);
	loop->scratch = malloc(LOOP_SCRATCH);
	if (!loop->scratch)
		return false;
	loop->ev = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV | EVFLAG_NOSIGMASK);
	if (!loop->ev) {
		free(loop->scratch);
		return false;
	}
	ev_set_userdata(loop->ev, loop);
	ev_set_loop_release_cb(loop->ev, loop_on_release, loop_on_acquire);
	ev_prepare_init(&loop->prepare, loop_on_prepare);
	ev_prepare_start(loop->ev, &loop->prepare);
	ev_idle_init(&loop->awake, loop_on_awake);
	loop->most_events = LOOP_EVENTS - 1;
	ev_check_init(&loop->begin, loop_on_begin);
	ev_set_priority(&loop->begin, EV_MAXPRI);
	ev_check_start(loop->ev, &loop->begin);
	ev_async_init(&loop->wake, loop_on_wake);
	ev_async_start(loop->ev, &loop->wake);
	/* Below I/O: what has input waiting is not expired before it was read. */
	ev_timer_init(&loop->expiry, loop_on_expiry, 0., 0.);
	ev_set_priority(&loop->expiry, EV_MINPRI);
	ev_fork_init(&loop->rebuilt, loop_on_rebuilt);
	ev_fork_start(loop->ev, &loop->rebuilt);
	loop_make_room(loop, expected_fds);
	return true;
}

void loop_run(struct loop *loop)
{
	if (loop->reader)
		quiesce_enter(loop->reader);
	loop->now_us = clock_monotonic_us();
	ev_run(loop->ev, 0);
	loop_end_turn(loop); /* prepare does not run after the last turn */
	if (loop->reader)
		quiesce_leave(loop->reader);
}

void loop_stop(struct loop *loop)
{
	ev_break(loop->ev, EVBREAK_ALL);
}

void loop_end(struct loop *loop)
{
	if (!loop->ev)
		return;
	loop_free_doomed(loop);
	ev_loop_destroy(loop->ev);
	free(loop->scratch);
	splice_pipes_trim(&loop->pipes);
	for (struct loop_block *block = loop->spare, *next; block; block = next) {
		next = block->next;
		free(block);
	}
	loop->spare = NULL;
	loop->ev = NULL;
	loop->scratch = NULL;
}

uint64_t loop_wall_us(const struct loop *loop)
{
	return (uint64_t)(ev_now(loop->ev) * 1e6);
}

void loop_post(struct loop *loop, struct mail *mail)
{
	if (mailbox_put(&loop->mailbox, mail))
		ev_async_send(loop->ev, &loop->wake);
}

void loop_doom(struct loop *loop, struct doomed *doomed, void (*free_it)(struct doomed *doomed, void *owner))
{
	doomed->free_it = free_it;
	doomed->next = loop->doomed;
	loop->doomed = doomed;
}

void *loop_take_block(struct loop *loop)
{
	struct loop_block *block = loop->spare;
	if (!block)
		return malloc(LOOP_BLOCK);
	loop->spare = block->next;
	loop->spare_count--;
	return block;
}

void loop_put_block(struct loop *loop, void *memory)
{
	struct loop_block *block = memory;
	if (loop->spare_count == LOOP_SPARE_BLOCKS) {
		free(block);
		return;
	}
	block->next = loop->spare;
	loop->spare = block;
	loop->spare_count++;
}

bool loop_may_keep(struct loop *loop, size_t n)
{
	const struct loop_budget *budget = loop->budget;
	if (!budget)
		return true;
	uint64_t look = atomic_load_explicit(&budget->looks, memory_order_relaxed);
	if (look != loop->budget_look)
		loop->budget_used = 0;
	loop->budget_look = look;
	loop->budget_used += n;
	return loop->budget_used <= atomic_load_explicit(&budget->room, memory_order_relaxed);
}

uint8_t loop_take_pipe(struct loop *loop)
{
	return splice_pipe_get(&loop->pipes, loop->now_us);
}

void loop_put_pipe(struct loop *loop, uint8_t pipe)
{
	splice_pipe_put(&loop->pipes, pipe);
	loop->pipe_used = true;
	if (loop->pipes.spare && !timeout_running(&loop->spare_pipe))
		timeout_start(loop, &loop->spare_pipe, LOOP_PIPE_US);
}

const char *loop_library_version(char *out, size_t size)
{
	snprintf(out, size, "libev %d.%d", ev_version_major(), ev_version_minor());
	return out;
}

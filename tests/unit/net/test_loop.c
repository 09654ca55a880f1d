/* A turn: mail, flush, doom, hook, and the count by which snapshots are reclaimed. */
#include "net/loop.h"

#include "base/clock.h"
#include "net/channel.h"
#include "net/timer.h"
#include "net_support.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

enum { LOOP_SENDERS = 4, LOOP_EACH = 5000 };

struct loop_letter {
	struct mail mail;
	int sender, number;
};

struct loop_post_case {
	struct loop loop;
	struct loop_letter letters[LOOP_SENDERS][LOOP_EACH];
	int next[LOOP_SENDERS], got;
};

struct loop_sender {
	struct loop_post_case *c;
	int id;
};

static void loop_take_letter(struct mail *mail, void *receiver)
{
	struct loop_letter *letter = (struct loop_letter *)(void *)mail;
	struct loop_post_case *c = receiver;
	cr_assert_eq(letter->number, c->next[letter->sender]);
	c->next[letter->sender]++;
	mail->next = NULL; /* the mail is ours: the loop must not need it any more */
	if (++c->got == LOOP_SENDERS * LOOP_EACH)
		loop_stop(&c->loop);
}

static void *loop_send_letters(void *argument)
{
	struct loop_sender *s = argument;
	for (int i = 0; i < LOOP_EACH; i++) {
		struct loop_letter *letter = &s->c->letters[s->id][i];
		*letter = (struct loop_letter){{NULL, loop_take_letter}, s->id, i};
		loop_post(&s->c->loop, &letter->mail);
		if (i % 500 == 0)
			usleep(1000);
	}
	return NULL;
}

Test(loop, mail_of_four_threads_arrives_in_order, .timeout = 20)
{
	static struct loop_post_case c;
	struct loop_sender senders[LOOP_SENDERS];
	pthread_t threads[LOOP_SENDERS];
	net_loop_open(&c.loop, &c);
	for (int i = 0; i < LOOP_SENDERS; i++) {
		senders[i] = (struct loop_sender){&c, i};
		pthread_create(&threads[i], NULL, loop_send_letters, &senders[i]);
	}
	net_loop_run(&c.loop);
	for (int i = 0; i < LOOP_SENDERS; i++)
		pthread_join(threads[i], NULL);
	cr_assert_eq(c.got, LOOP_SENDERS * LOOP_EACH);
	cr_assert_eq(c.loop.rebuilds, 0u);
	loop_end(&c.loop);
}

struct loop_object {
	struct doomed doomed;
	struct timer timer;
	struct loop_object *other;
	int *freed;
};

static void loop_free_object(struct doomed *doomed, void *owner)
{
	struct loop_object *object = (struct loop_object *)(void *)doomed;
	(*object->freed)++;
	cr_assert_eq(owner, (void *)object->freed);
	if (object->other)
		loop_doom(object->timer.loop, &object->other->doomed, loop_free_object);
	free(object);
}

static void loop_doom_itself(struct timer *timer)
{
	struct loop_object *object =
		(struct loop_object *)(void *)((char *)timer - offsetof(struct loop_object, timer));
	loop_doom(timer->loop, &object->doomed, loop_free_object);
	cr_assert_eq(*object->freed, 0, "not while a callback is on the stack");
	loop_stop(timer->loop);
}

Test(loop, what_is_doomed_is_freed_after_the_turn, .timeout = 10)
{
	struct loop loop;
	int freed = 0;
	net_loop_open(&loop, &freed);
	struct loop_object *a = calloc(1, sizeof *a), *b = calloc(1, sizeof *b);
	a->freed = b->freed = &freed;
	a->other = b; /* doomed while a is freed */
	timer_init(&a->timer, &loop, loop_doom_itself);
	timer_start(&a->timer, 1000, 0);
	net_loop_run(&loop);
	cr_assert_eq(freed, 2);
	loop_end(&loop);
}

struct loop_hook_case {
	struct loop loop;
	struct channel out, in;
	struct timer timer;
	int turns, heard;
	bool due;
};

static void loop_hook_on_heard(struct channel *c)
{
	struct loop_hook_case *h = c->loop->owner;
	char data[16];
	cr_assert_eq(channel_read(c, data, sizeof data), 4);
	h->heard++;
	loop_stop(c->loop);
}

static void loop_hook(struct loop *loop)
{
	struct loop_hook_case *h = loop->owner;
	h->turns++;
	if (!h->due)
		return;
	h->due = false;
	cr_assert(channel_write(&h->out, "hook", 4));
}

static void loop_hook_on_timer(struct timer *timer)
{
	((struct loop_hook_case *)timer->loop->owner)->due = true;
}

static const struct channel_owner loop_hook_owner = {.readable = loop_hook_on_heard};

/* Or else it would sleep in epoll_wait with the output unsent. */
Test(loop, what_the_hook_writes_is_sent_before_the_loop_sleeps, .timeout = 10)
{
	struct loop_hook_case h = {.turns = 0};
	int fds[2];
	net_unix_pair(fds);
	net_loop_open(&h.loop, &h);
	h.loop.end_of_turn = loop_hook;
	channel_open(&h.out, &h.loop, fds[0], &loop_hook_owner, false);
	channel_open(&h.in, &h.loop, fds[1], &loop_hook_owner, false);
	timer_init(&h.timer, &h.loop, loop_hook_on_timer);
	timer_start(&h.timer, 1000, 0);
	net_loop_run(&h.loop);
	cr_assert_eq(h.heard, 1);
	cr_assert_geq(h.turns, 2);
	channel_close(&h.out, false);
	channel_close(&h.in, false);
	loop_end(&h.loop);
}

static void loop_write_and_stop(struct timer *timer)
{
	struct loop_hook_case *h = timer->loop->owner;
	cr_assert(channel_write(&h->out, "last", 4));
	loop_stop(timer->loop);
}

Test(loop, what_is_written_in_the_last_turn_is_sent, .timeout = 10)
{
	struct loop_hook_case h = {.turns = 0};
	int fds[2];
	char data[8];
	net_unix_pair(fds);
	net_loop_open(&h.loop, &h);
	channel_open(&h.out, &h.loop, fds[0], &loop_hook_owner, false);
	timer_init(&h.timer, &h.loop, loop_write_and_stop);
	timer_start(&h.timer, 1000, 0);
	net_loop_run(&h.loop);
	cr_assert_eq(read(fds[1], data, sizeof data), 4);
	channel_close(&h.out, false);
	close(fds[1]);
	loop_end(&h.loop);
}

struct loop_turn_case {
	struct loop loop;
	struct quiesce_reader reader;
	struct timer timer, end;
	int odd;
};

static void loop_look_at_turn(struct timer *timer)
{
	struct loop_turn_case *c = timer->loop->owner;
	c->odd += atomic_load(&c->reader.turn) & 1;
	cr_assert_lt(clock_monotonic_us() - timer->loop->now_us, 200000u);
	uint64_t wall = loop_wall_us(timer->loop), now = clock_wall_us();
	cr_assert(wall <= now + 1000 && now - wall < 500000);
}

static void loop_end_turns(struct timer *timer)
{
	loop_stop(timer->loop);
}

static void *loop_run_turns(void *argument)
{
	loop_run(argument);
	return NULL;
}

Test(loop, counts_turns_for_the_reclaimer, .timeout = 10)
{
	static struct loop_turn_case c;
	cr_assert(loop_init(&c.loop, &c, &c.reader, 1));
	timer_init(&c.timer, &c.loop, loop_look_at_turn);
	timer_init(&c.end, &c.loop, loop_end_turns);
	timer_start(&c.timer, 1000, 0);
	timer_start(&c.end, 300000, 0);
	pthread_t thread;
	pthread_create(&thread, NULL, loop_run_turns, &c.loop);
	usleep(150000);
	uint64_t asleep = atomic_load(&c.reader.turn);
	cr_assert_eq(asleep & 1, 0u, "asleep is outside");
	cr_assert_gt(asleep, 1u);
	pthread_join(thread, NULL);
	cr_assert_eq(c.odd, 1, "a callback is inside");
	cr_assert_eq(atomic_load(&c.reader.turn) & 1, 0u);
	loop_end(&c.loop);
	loop_end(&c.loop);
}

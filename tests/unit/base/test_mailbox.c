/* Messages to one thread: order for each sender, none lost, and the box that was empty tells it. */
#include "base/mailbox.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

enum { MAILBOX_SENDERS = 4, MAILBOX_EACH = 50000 };

struct mailbox_letter {
	struct mail mail;
	int sender, number;
};

struct mailbox_sender {
	struct mailbox *box;
	struct mailbox_letter *letters;
	_Atomic int *wakes;
	int id;
};

Test(mailbox, gives_the_oldest_first_and_says_when_to_wake)
{
	struct mailbox box = {.newest = NULL};
	struct mail a, b, c;
	cr_assert_null(mailbox_take(&box));
	cr_assert(mailbox_put(&box, &a));
	cr_assert_not(mailbox_put(&box, &b));
	struct mail *first = mailbox_take(&box);
	cr_assert_eq(first, &a);
	cr_assert_eq(first->next, &b);
	cr_assert_null(b.next);
	cr_assert_null(mailbox_take(&box));
	cr_assert(mailbox_put(&box, &c));
	cr_assert_eq(mailbox_take(&box), &c);
}

static void *mailbox_send_all(void *argument)
{
	struct mailbox_sender *s = argument;
	for (int i = 0; i < MAILBOX_EACH; i++) {
		s->letters[i] = (struct mailbox_letter){.sender = s->id, .number = i};
		if (mailbox_put(s->box, &s->letters[i].mail))
			atomic_fetch_add(s->wakes, 1);
	}
	return NULL;
}

Test(mailbox, four_senders_keep_their_order_and_lose_nothing, .timeout = 30)
{
	struct mailbox box = {.newest = NULL};
	_Atomic int wakes = 0;
	struct mailbox_sender senders[MAILBOX_SENDERS];
	pthread_t threads[MAILBOX_SENDERS];
	for (int i = 0; i < MAILBOX_SENDERS; i++) {
		senders[i] =
			(struct mailbox_sender){&box, calloc(MAILBOX_EACH, sizeof(struct mailbox_letter)), &wakes, i};
		pthread_create(&threads[i], NULL, mailbox_send_all, &senders[i]);
	}
	int next[MAILBOX_SENDERS] = {0}, got = 0, batches = 0;
	while (got < MAILBOX_SENDERS * MAILBOX_EACH) {
		struct mail *mail = mailbox_take(&box);
		batches += mail != NULL;
		if (!mail)
			sched_yield();
		for (; mail; mail = mail->next, got++) {
			struct mailbox_letter *letter = (struct mailbox_letter *)(void *)mail;
			cr_assert_eq(letter->number, next[letter->sender]);
			next[letter->sender]++;
		}
	}
	for (int i = 0; i < MAILBOX_SENDERS; i++)
		pthread_join(threads[i], NULL);
	cr_assert_null(mailbox_take(&box));
	cr_assert_eq(atomic_load(&wakes), batches, "one wake-up for each time that the box was found with something");
	for (int i = 0; i < MAILBOX_SENDERS; i++)
		free(senders[i].letters);
}

/* Messages to one thread from any other: an intrusive stack that the owner takes whole and turns round, so that
 * messages of one sender arrive in order. Lock-free; no allocation. */
#ifndef LBD_BASE_MAILBOX_H
#define LBD_BASE_MAILBOX_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct mail {
	struct mail *next;
	void (*deliver)(
		struct mail *mail, void *receiver); /* runs on the owner; the mail is the handler's from then on */
};

struct mailbox {
	_Atomic(struct mail *) newest;
};

/* Any thread. True when the box was empty, that is when the owner has to be woken. */
static inline bool mailbox_put(struct mailbox *box, struct mail *mail)
{
	struct mail *head = atomic_load_explicit(&box->newest, memory_order_relaxed);
	do
		mail->next = head;
	while (!atomic_compare_exchange_weak_explicit(
		&box->newest, &head, mail, memory_order_release, memory_order_relaxed));
	return head == NULL;
}

/* The owner only. Oldest first; NULL when there is nothing. */
static inline struct mail *mailbox_take(struct mailbox *box)
{
	struct mail *newest = atomic_exchange_explicit(&box->newest, NULL, memory_order_acquire), *oldest = NULL;
	while (newest) {
		struct mail *next = newest->next;
		newest->next = oldest;
		oldest = newest;
		newest = next;
	}
	return oldest;
}

#endif

/* Looks names up on a thread of its own, because that may block for as long as a resolver likes. One question at a time;
 * the thread is made for the first. Belongs to a loop's thread. */
#ifndef LBD_NET_NAME_LOOKUP_H
#define LBD_NET_NAME_LOOKUP_H

#include "net/address.h"
#include "net/loop.h"

struct name_lookup;

/* answered runs on the loop; the list is the receiver's then. list NULL: error says why. It may ask the next question.
 * NULL when memory is out. */
struct name_lookup *name_lookup_create(struct loop *loop,
	void (*answered)(void *owner, struct address_list *list, const char *error), void *owner) LBD_MUST_CHECK;
/* Once the last answer is here. False: there is no thread to be had. */
bool name_lookup_ask(struct name_lookup *l, const char *text) LBD_MUST_CHECK;
/* Nothing is answered any more; does not wait for a resolver. May be NULL. */
void name_lookup_end(struct name_lookup *l);

#endif

/* Places under one thread: the number holds, and who waits longest is served first. They are static, as the stack that
 * AddressSanitizer makes to find uses after a return does not keep the alignment of a cache line. */
#include "base/places.h"

#include <criterion/criterion.h>

struct visitor {
	struct place_waiter waiter;
	int granted, *order;
};

static void visitor_granted(struct place_waiter *waiter)
{
	struct visitor *v = (struct visitor *)waiter;
	v->granted = ++*v->order;
}

static void visitor_init(struct visitor *v, int *order)
{
	*v = (struct visitor){.order = order};
	place_waiter_init(&v->waiter, visitor_granted);
}

Test(places, no_more_than_there_are)
{
	static struct places p;
	places_init(&p, 2);
	cr_assert(places_take(&p) && places_take(&p) && !places_take(&p));
	places_give(&p);
	cr_assert(places_take(&p) && !places_take(&p));
	cr_assert_eq(places_taken(&p), 2);
	places_end(&p);
}

Test(places, nought_is_no_limit)
{
	static struct places p;
	places_init(&p, 0);
	cr_assert_eq(places_most(&p), 0);
	for (int i = 0; i < 1000; i++)
		cr_assert(places_take(&p));
	places_set_most(&p, 10);
	cr_assert_eq(places_most(&p), 10);
	cr_assert(!places_take(&p));
	places_set_most(&p, 0);
	cr_assert(places_take(&p));
	places_end(&p);
}

Test(places, first_come_first_served_and_newcomers_stand_behind)
{
	static struct places p;
	struct visitor v[3];
	int order = 0;
	places_init(&p, 1);
	cr_assert(places_take(&p));
	for (int i = 0; i < 3; i++) {
		visitor_init(&v[i], &order);
		places_wait(&p, &v[i].waiter);
	}
	for (int i = 0; i < 3; i++) {
		cr_assert(!places_take(&p));
		cr_assert(!places_claim(&v[i].waiter));
		places_give(&p);
		cr_assert_eq(v[i].granted, i + 1);
		cr_assert(places_claim(&v[i].waiter) && !places_claim(&v[i].waiter));
	}
	places_give(&p);
	cr_assert_eq(places_taken(&p), 0);
	places_end(&p);
}

Test(places, a_place_that_was_free_already_is_granted_at_once)
{
	static struct places p;
	struct visitor v;
	int order = 0;
	places_init(&p, 1);
	visitor_init(&v, &order);
	places_wait(&p, &v.waiter);
	cr_assert(places_claim(&v.waiter));
	cr_assert_eq(places_taken(&p), 1);
	places_end(&p);
}

Test(places, who_leaves_passes_its_place_on)
{
	static struct places p;
	struct visitor v[3];
	int order = 0;
	places_init(&p, 1);
	cr_assert(places_take(&p));
	for (int i = 0; i < 3; i++) {
		visitor_init(&v[i], &order);
		places_leave(&v[i].waiter); /* of nothing yet */
		places_wait(&p, &v[i].waiter);
	}
	places_leave(&v[1].waiter);
	places_leave(&v[1].waiter);
	places_give(&p);
	cr_assert_eq(v[0].granted, 1);
	places_leave(&v[0].waiter);
	cr_assert_eq(v[1].granted, 0);
	cr_assert_eq(v[2].granted, 2);
	cr_assert(!places_claim(&v[0].waiter) && places_claim(&v[2].waiter));
	places_end(&p);
}

Test(places, a_higher_limit_wakes_as_many_and_a_lower_one_nobody)
{
	static struct places p;
	struct visitor v[4];
	int order = 0;
	places_init(&p, 2);
	cr_assert(places_take(&p) && places_take(&p));
	for (int i = 0; i < 4; i++) {
		visitor_init(&v[i], &order);
		places_wait(&p, &v[i].waiter);
	}
	places_set_most(&p, 4);
	cr_assert(v[0].granted && v[1].granted && !v[2].granted);
	places_set_most(&p, 1);
	for (int i = 0; i < 3; i++) {
		places_give(&p);
		cr_assert(!v[2].granted, "%u are taken of 1", (unsigned)places_taken(&p));
	}
	places_give(&p);
	cr_assert(v[2].granted && !v[3].granted);
	places_end(&p);
}
